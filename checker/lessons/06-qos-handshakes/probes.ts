import { payloadText, topicMatches } from '../../../wire/index.js';
import { check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, jsonObject } from '../../harness/matchers.js';
import { type Recording, received, sent } from '../../harness/recording.js';
import {
  type Facts,
  grantedLess,
  LAST_PROBE,
  type Message,
  numberIn,
  probe,
  probeAgain,
  reports,
} from './scenarios.js';

/** T8: with all that was asked for granted. */
export const probed = check<Facts>({
  id: 'T8',
  judges: ['C13', 'C14'],
  title: 'it reports the QoS at which each probe is delivered',
  clauses: ['3.1.1 MQTT-3.8.4-6'],
  on: probe,
  verify: recording => {
    const { probeTopic, reportTopic, probes } = recording.facts;
    const subscribes = sent(recording, 'SUBSCRIBE');
    const subscribe = subscribes.find(one =>
      one.packet.filters.some(({ filter }) => topicMatches(filter, probeTopic)),
    );
    if (!subscribe) {
      return fail({
        mistake: 'no-subscribe',
        expected: `SUBSCRIBE with the topic filter ${probeTopic} and QoS 2`,
        seen: subscribes[0] ? [subscribes[0]] : insteadOf(recording, 'SUBSCRIBE'),
        why: 'without a subscription no probe is delivered to you',
        try: 'subscribe to the value of PROBE_TOPIC when the connection is up',
      });
    }
    const granted = received(recording, 'SUBACK').find(
      one => one.packet.id === subscribe.packet.id,
    );
    const asked = Math.max(...subscribe.packet.filters.map(one => one.qos));
    if (asked < 2) {
      fail({
        mistake: 'subscribed-too-low',
        field: packetFields.requestedQos,
        expected: `SUBSCRIBE ${probeTopic} with QoS 2`,
        seen: [subscribe, ...(granted ? [granted] : [])],
        why: `delivered QoS = the smaller of published and granted. ${asked} is granted, so every probe comes at ${asked} or less, whatever its sender chose`,
        try: 'give the QoS to subscribe as well: in mqtt.js as an option, { qos: 2 }; in paho as an argument, qos=2',
      });
    }
    const delivered = received(recording, 'PUBLISH').filter(one => one.packet.topic === probeTopic);
    const found = reports(recording);
    for (const [at, one] of probes.entries()) {
      const message = delivered.find(entry => numberIn(entry, 'n') === one.n);
      if (!message)
        return fail({
          mistake: 'no-probe',
          expected: `a report on probe ${one.n}`,
          seen: insteadOf(recording, recording.gaveUp?.waitedFor ?? 'probe'),
          why: 'an earlier step did not happen',
          try: 'look at the packet named here',
        });
      const report = found.find(entry => numberIn(entry, 'n') === one.n);
      if (!report) return noReport(recording, message, one.n);
      const qos = jsonObject(report)['qos'];
      if (qos === message.packet.qos) continue;
      const constant = found.length > 0 && found.every(entry => numberIn(entry, 'qos') === 2);
      fail({
        mistake: constant ? 'reports-asked-qos' : 'wrong-qos-reported',
        expected: `{"n":${one.n},"qos":${message.packet.qos}} on ${reportTopic} for probe ${at + 1}`,
        seen: [message, report],
        why: constant
          ? 'you report the QoS that you asked for. It is the upper limit; each message comes at its own'
          : 'the report does not say what the packet says',
        try: 'each message that is delivered carries its QoS: look at the third argument of the message event (mqtt.js), or at message.qos (paho)',
      });
    }
  },
});

export const oneReport = check<Facts>({
  id: 'T14',
  judges: ['C15'],
  title: 'each probe gets one report, also after a lost connection',
  clauses: ['3.1.1 MQTT-4.4.0-1'],
  on: probeAgain,
  needs: ['T4', 'T8'],
  verify: recording => {
    const found = reports(recording).filter(({ packet }) => !packet.dup);
    const [first, second] = found.filter(entry => numberIn(entry, 'n') === LAST_PROBE);
    const expected = `after the lost connection, one report on probe ${LAST_PROBE}`;
    if (!first) {
      fail({
        mistake: 'deaf-after-cut',
        expected,
        seen: insteadOf(recording, `report on probe ${LAST_PROBE}`),
        why: 'your program is connected again, and no probe reaches it, or none is answered: with a clean session the subscription was gone with the connection',
        try: 'subscribe in the connect event (on_connect), or keep the session: clean: false',
      });
    }
    if (!second) return;
    fail({
      mistake: 'reports-twice',
      expected,
      seen: [first, second],
      why: 'one probe, two reports: the message handler is attached once more at every connect, and each of them answers',
      try: 'attach the message handler once, beside the connect event and not in it',
    });
  },
});

function noReport(recording: Recording<Facts>, message: Message, n: number): never {
  const { reportTopic } = recording.facts;
  const expected = `{"n":${n},"qos":${message.packet.qos}} on ${reportTopic}`;
  const bad = reports(recording).at(-1);
  const elsewhere = sent(recording, 'PUBLISH').find(
    one => payloadText(one.packet.payload)?.includes('"qos"') && one.packet.topic !== reportTopic,
  );
  if (bad ?? elsewhere) {
    if (bad) jsonObject(bad);
    return fail({
      mistake: bad ? 'report-without-n' : 'wrong-report-topic',
      expected,
      seen: [message, (bad ?? elsewhere) as Message],
      why: bad
        ? 'the number n of the probe is not in the report, so nobody knows which probe it speaks of'
        : 'whoever waits for the report waits on REPORT_TOPIC',
      try: bad
        ? 'copy n from the probe into the report'
        : 'publish the report on the value of REPORT_TOPIC',
    });
  }
  const answer = sent(recording, 'PUBACK', { after: message }).find(
    one => one.packet.id === message.packet.id,
  );
  if (message.packet.qos === 1 && !answer) {
    return fail({
      mistake: 'handler-waits',
      expected: `PUBACK id=${message.packet.id}, and ${expected}`,
      seen: [message, 'after it nothing came from you: no report, and no PUBACK either'],
      why: 'your handler does not return. When it waits for the acknowledgement of the report, it waits for ever: the loop that would read it is the one that runs your handler',
      try: 'publish in the handler and return; wait elsewhere, or not at all',
    });
  }
  fail({
    mistake: 'no-report',
    expected,
    seen: [message, ...insteadOf(recording, 'report')],
    why: 'the probe reached your connection, and no report came back',
    try: 'print a line at the top of your message handler: is it called?',
  });
}

/** T9: with less granted than was asked for. */
export const smallerOfBoth = check<Facts>({
  id: 'T9',
  judges: ['C14'],
  title: 'it reports what was delivered, not what was published',
  clauses: ['3.1.1 MQTT-3.8.4-6'],
  on: grantedLess,
  needs: ['T8'],
  verify: recording => {
    const { probes, probeTopic, reportTopic } = recording.facts;
    for (const one of probes) {
      const message = received(recording, 'PUBLISH').find(
        entry => entry.packet.topic === probeTopic && numberIn(entry, 'n') === one.n,
      );
      const report = reports(recording).find(entry => numberIn(entry, 'n') === one.n);
      const suback = received(recording, 'SUBACK')[0];
      if (message && report && numberIn(report, 'qos') === message.packet.qos) continue;
      if (!message || !report) {
        return fail({
          mistake: 'refuses-less',
          expected: `a report on probe ${one.n}, although the broker granted QoS 1 only`,
          seen: [...(suback ? [suback] : []), ...insteadOf(recording, 'report')],
          why: '0, 1 and 2 in SUBACK are all a yes; only 128 is a no',
          try: 'treat every granted QoS as a subscription that stands',
        });
      }
      const copied = numberIn(report, 'qos') === one.sent;
      fail({
        mistake: copied ? 'reports-published-qos' : 'reports-asked-qos',
        expected: `{"n":${one.n},"qos":${message.packet.qos}} on ${reportTopic}`,
        seen: [...(suback ? [suback] : []), message, report],
        why: `it was published at QoS ${one.sent}, the broker granted 1, so it came at ${message.packet.qos}: each hop has its own QoS. Your report tells the QoS of ${copied ? "the sender's hop" : 'what you asked for'}`,
        try: 'take the QoS from the message as it was delivered, not from its payload or your SUBSCRIBE',
      });
    }
  },
});
