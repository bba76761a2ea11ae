import { topicMatches } from '../../../wire/index.js';
import { cannotTell, check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf } from '../../harness/matchers.js';
import {
  closing,
  connections,
  notes,
  packets,
  received,
  sent,
  usableMs,
} from '../../harness/recording.js';
import { seconds } from './back.js';
import { answersTo, beatsOf } from './evidence.js';
import { deadLine, threeDrops } from './scenarios.js';
import { type Facts, idOf } from './words.js';

export const answers = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'it answers a question',
  clauses: ['3.1.1 MQTT-3.8.4-1'],
  on: threeDrops,
  verify: recording => {
    const { askTopic, answerTopic, questions, clientId } = recording.facts;
    const [question = ''] = questions;
    if (answersTo(recording, question).length > 0) return;
    const expected = `{"answer":"${question}"} on ${answerTopic} for {"ask":"${question}"} on ${askTopic}`;
    const subscribe = sent(recording, 'SUBSCRIBE');
    if (!subscribe.some(one => one.packet.filters.some(f => topicMatches(f.filter, askTopic)))) {
      fail({
        mistake: 'no-subscribe',
        expected: `CONNECT as ${clientId}, then SUBSCRIBE for ${askTopic}`,
        seen: insteadOf(recording, 'SUBSCRIBE for ASK_TOPIC'),
        why: 'without a subscription no question reaches you',
        try: 'subscribe when the connection is up: in the connect event (on_connect)',
      });
    }
    const asked = received(recording, 'PUBLISH')[0];
    fail({
      mistake: 'no-answer',
      expected,
      seen: [...(asked ? [asked] : []), ...insteadOf(recording, 'answer')],
      why: 'the question was delivered, and no answer came: no handler is attached, the answer has another form, or the network loop does not run. In paho one call of loop() handles one batch of packets and stops',
      try: 'print a line at the top of your handler; in paho use loop_start() or loop_forever()',
    });
  },
});

export const speaks = check<Facts>({
  id: 'T2',
  judges: ['C6', 'C7', 'C9', 'C10', 'C4'],
  title: 'it sends heartbeats with QoS 0 and readings with QoS 1',
  clauses: ['3.1.1 MQTT-4.3.1-1', '3.1.1 MQTT-4.3.2-1'],
  on: threeDrops,
  needs: ['T1'],
  verify: recording => {
    const { heartbeatTopic, readingsTopic, readings, heartbeatMs } = recording.facts;
    const whole = notes(recording, 'whole')[0];
    const [beat] = beatsOf(recording).filter(one => !whole || one.t <= whole.t);
    if (!beat) {
      return fail({
        mistake: 'no-heartbeat',
        expected: `a message on ${heartbeatTopic} every ${heartbeatMs} ms`,
        seen: insteadOf(recording, 'heartbeat'),
        why: 'whoever watches this machine takes it for dead',
        try: 'start one timer with the pause from HEARTBEAT_MS (milliseconds)',
      });
    }
    if (beat.packet.qos > 0 || beat.packet.retain) {
      fail({
        mistake: 'heartbeat-kept',
        field: beat.packet.retain ? packetFields.retain : packetFields.qos,
        expected: 'heartbeats with QoS 0 and without RETAIN',
        seen: [beat],
        why: 'a heartbeat says: I live now. Kept and delivered later, it is a lie',
        try: 'publish heartbeats with QoS 0, and nothing else',
      });
    }
    const reading = sent(recording, 'PUBLISH').find(
      one => idOf(one, readingsTopic) === readings[0]?.id,
    );
    if (!reading) {
      return fail({
        mistake: 'no-reading',
        expected: `the reading ${readings[0]?.id} on ${readingsTopic}, as it came in`,
        seen: insteadOf(recording, 'reading'),
        why: 'the line of input did not become a message',
        try: 'publish each value of readings() as JSON',
      });
    }
    if (reading.packet.qos === 0) {
      fail({
        mistake: 'readings-qos-0',
        expected: 'readings with QoS 1',
        seen: [reading],
        why: 'at QoS 0 nobody confirms: a reading that is on its way when the line drops is lost without a trace',
        try: 'give the publish of the readings a QoS of 1',
      });
    }
  },
});

export const lively = check<Facts>({
  id: 'T3',
  judges: ['C11', 'C12', 'C13'],
  title: 'the line is never silent while it works',
  clauses: ['3.1.1 MQTT-3.1.2-23', '3.1.1 MQTT-3.1.2-24'],
  on: deadLine,
  needs: ['T1', 'T2'],
  verify: recording => {
    const { keepalive, clientId } = recording.facts;
    const wrong = sent(recording, 'CONNECT').find(one => one.packet.keepalive !== keepalive);
    if (wrong) {
      fail({
        mistake: 'keepalive-ignored',
        field: packetFields.keepAlive,
        expected: `CONNECT clientId=${clientId} keepalive=${keepalive}, from MQTT_KEEPALIVE (seconds)`,
        seen: [wrong],
        why: 'the keep-alive decides when either side notices a dead line; with 0 or 60 the plant stands still for that long',
        try: 'hand MQTT_KEEPALIVE to connect, as a number',
      });
    }
    const connects = sent(recording, 'CONNECT');
    if (!connects.some(one => one.packet.clientId === clientId)) {
      fail({
        mistake: 'another-name',
        field: packetFields.clientId,
        expected: `CONNECT clientId=${clientId}, from MQTT_CLIENT_ID`,
        seen: connects.slice(0, 1),
        why: 'after a drop the broker knows you by this name: under another one your old, half-dead connection stays beside the new one [3.1.1 MQTT-3.1.4-2]',
        try: 'hand MQTT_CLIENT_ID to the client',
        clauses: ['3.1.1 MQTT-3.1.4-2'],
      });
    }
    const whole = notes(recording, 'whole')[0];
    const [first] = connections(recording);
    const closed = first === undefined ? undefined : closing(recording, first);
    if (closed?.by !== 'broker' || (whole && closed.t > whole.t)) return;
    const last = packets(recording, { direction: 'to-broker' }).findLast(one => one.t <= closed.t);
    if (last && usableMs(recording, last.t, closed.t) < 1200 * keepalive) {
      cannotTell(`the machine was too busy for a keep-alive of ${keepalive} s`);
    }
    fail({
      mistake: 'blocks-loop',
      expected: `some packet every ${keepalive} s, also while your program works`,
      seen: [
        ...(last ? [last] : []),
        `then silence for ${seconds(closed.t - (last?.t ?? 0))}, and the broker closed the connection`,
      ],
      why: 'after one and a half keep-alive periods without a packet the broker takes you for dead [3.1.1 MQTT-3.1.2-24]; a will would be spoken now. Something in your program held the network loop: a sleep or long work in a handler',
      try: 'move what takes long out of the handler, or cut it into pieces',
    });
  },
});
