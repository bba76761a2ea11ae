import { check, fail } from '../../harness/check.js';
import { stillRunning, stillThere } from '../../harness/detectors/index.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf } from '../../harness/matchers.js';
import { connections, notes, received, sent } from '../../harness/recording.js';
import {
  cleanStop,
  cut,
  type Facts,
  heardBy,
  isAck,
  reboot,
  said,
  silence,
  slowConnack,
  stored,
  text,
} from './scenarios.js';
import { read, type Seen } from './seen.js';

export const comesBack = check<Facts>({
  id: 'T5',
  judges: ['C5'],
  title: 'after every lost connection it says ONLINE again',
  clauses: ['3.1.1 MQTT-3.1.2-8', '3.1.1 MQTT-3.1.2-17'],
  on: [cut, silence],
  needs: ['T2', 'T3', 'T4'],
  verify: recording => {
    const { online, offline } = recording.facts;
    const got = stored(recording, 'newcomer');
    if (got && text(got) === online) return;
    const fault = recording.trace.entries.findLast(entry => entry.kind === 'fault');
    const again = sent(recording, 'CONNECT').find(entry => fault && entry.t > fault.t);
    const spoken = heardBy(recording, offline).find(entry => fault && entry.t >= fault.t);
    const expected = `after the connection was lost: CONNECT, CONNACK, and "${online}" again`;
    const before: Seen = spoken ? ['the broker spoke your will:', spoken] : [];
    if (!again) {
      return fail({
        mistake: 'no-reconnect',
        expected,
        seen: [...before, 'and no new CONNECT came'],
        why: 'the line is back after a second, and your program never asks',
        try: 'leave reconnecting to the library: mqtt.js does it by itself, paho inside loop_start() or loop_forever()',
      });
    }
    const asked = notes(recording, 'stop-asked')[0]?.t ?? Number.POSITIVE_INFINITY;
    const own = said(recording).findLast(
      entry => entry.n > again.n && entry.t < asked && text(entry) === offline,
    );
    if (own) {
      fail({
        mistake: 'gone-while-running',
        expected,
        seen: [again, own, ...read(recording)],
        why: 'you say yourself that you are gone, on the new connection: what is published when the line breaks waits in the library, and goes out when the line is back',
        try: 'say OFFLINE only when you are asked to stop; leave lost connections to the will',
      });
    }
    fail({
      mistake: 'birth-only-once',
      expected,
      seen: [...before, again, `and no "${online}" after it`, ...read(recording)],
      why: 'you are connected, and the stored status says "gone" until somebody restarts you: the will was spoken, and nobody took it back',
      try: 'say it wherever a connection begins: in the connect event (on_connect), which comes again each time',
    });
  },
});

export const isPatient = check<Facts>({
  id: 'T6',
  judges: ['C8'],
  title: 'a late CONNACK changes nothing',
  clauses: ['3.1.1 MQTT-3.2.0-1'],
  on: slowConnack,
  needs: ['T2'],
  verify: recording => {
    const { online } = recording.facts;
    const got = stored(recording, 'newcomer');
    if (got && text(got) === online && connections(recording).length > 0) return;
    fail({
      mistake: 'impatient',
      expected: `CONNACK comes after 1.5 s, then "${online}"`,
      seen: [...insteadOf(recording, `"${online}"`), ...read(recording)],
      why: 'a broker that comes up is that slow: all machines of the plant connect at once',
      try: 'wait for the connect event (on_connect), not for a fixed time',
    });
  },
});

export const reboots = check<Facts>({
  id: 'T7',
  judges: ['C6'],
  title: 'after a quick reboot, the old half-open line does not declare it dead',
  clauses: ['3.1.1 MQTT-3.1.4-2', '3.1.1 MQTT-3.1.2-8'],
  on: reboot,
  needs: ['T2', 'T3', 'T6'],
  explains: ['U3'],
  verify: recording => {
    const { online, offline, clientId } = recording.facts;
    const got = stored(recording, 'newcomer');
    const [before] = sent(recording, 'CONNECT', { who: 'before' });
    const connects = sent(recording, 'CONNECT', { who: 'program' });
    const [after] = connects;
    if (got && text(got) === online) {
      // Two connections are welcome; one of them has the identifier that was given.
      if (!after || connects.some(one => one.packet.clientId === clientId)) return;
      fail({
        mistake: 'id-of-its-own',
        field: packetFields.clientId,
        expected: `CONNECT clientId=${clientId}, from MQTT_CLIENT_ID`,
        seen: [after],
        why: 'a name that is written in the program is the name of every machine that runs it: the second press that starts closes the line of the first [3.1.1 MQTT-3.1.4-2], and its will says that it is dead',
        try: 'hand the value of MQTT_CLIENT_ID to your connect',
      });
    }
    const birth = heardBy(recording, online).at(-1);
    const will = heardBy(recording, offline).find(entry => birth && entry.n > birth.n);
    const expected = `the second run is connected, and a newcomer reads "${online}"`;
    if (!before || !after || !birth || !will || before.packet.clientId === after.packet.clientId) {
      return fail({
        mistake: 'not-there-after-reboot',
        expected,
        seen: [
          ...(after ? [after] : insteadOf(recording, 'CONNECT of the second run')),
          ...read(recording),
        ],
        why: 'the second run did not say that it is there, or something took it back',
        try: 'start your program, kill it, start it again, and read the packets on STATUS_TOPIC',
      });
    }
    fail({
      mistake: 'new-id-each-boot',
      field: packetFields.clientId,
      expected,
      seen: [
        'before the reboot:',
        before,
        'after it:',
        after,
        'you are there:',
        birth,
        'and then the old line expires:',
        will,
      ],
      why: 'with a new client identifier the broker takes you for somebody else. Your old line lives on for it until the keep-alive is over; then it speaks your old will over your "here". With the same identifier it closes the old line first [3.1.1 MQTT-3.1.4-2]',
      try: `connect as MQTT_CLIENT_ID (here ${clientId}) at every start`,
    });
  },
});

export const saysGoodbye = check<Facts>({
  id: 'T8',
  judges: ['C9', 'C10'],
  title: 'asked to stop, it says OFFLINE itself, waits for the acknowledgement, then DISCONNECT',
  clauses: ['3.1.1 MQTT-3.14.4-3', '3.1.1 MQTT-3.1.2-10'],
  on: cleanStop,
  needs: ['T2', 'T3'],
  verify: recording => {
    const { offline } = recording.facts;
    const asked = notes(recording, 'stop-asked')[0]?.t ?? 0;
    const disconnect = sent(recording, 'DISCONNECT').at(-1);
    const goodbye = said(recording).find(entry => entry.t >= asked && text(entry) === offline);
    const expected = `PUBLISH "${offline}" (QoS 1, stored), its acknowledgement, DISCONNECT`;
    if (!goodbye && !disconnect && stillRunning(recording)) {
      fail({
        mistake: 'never-stops',
        expected,
        seen: [`asked to stop, ${stillThere(recording)}, and it had said nothing`],
        why: 'nothing in the program waits for the stop, so somebody will have to kill it: that is what the will is for, not what a stop is for',
        try: 'put the goodbye into onStop, or behind wait_for_stop()',
      });
    }
    if (!goodbye && !disconnect) {
      const spoken = heardBy(recording, offline).find(entry => entry.t >= asked);

      fail({
        mistake: 'spoken-by-the-will',
        expected,
        seen: [
          'the connection closed without a word from you',
          ...(spoken ? ['and the broker spoke your will:', spoken] : []),
          ...read(recording),
        ],
        why: 'the stored status is right by luck: the broker takes your stop for a crash. Either the process ended (process.exit, os._exit) or the client was ended by force (end(true)); both drop what waits, also the goodbye',
        try: 'publish, wait until that is done, end the client, wait until that is done; no exit, no force',
        clauses: ['3.1.1 MQTT-3.1.2-8'],
      });
    }
    if (!goodbye) {
      fail({
        mistake: 'relies-on-the-will',
        expected,
        seen: [...(disconnect ? [disconnect] : []), ...read(recording)],
        why: 'DISCONNECT tells the broker to forget the will [3.1.1 MQTT-3.14.4-3]. Nobody says that you are gone, and the stored status says "here" for ever',
        try: 'say OFFLINE yourself before you end the client',
      });
    }
    if (!goodbye.packet.retain) {
      fail({
        mistake: 'goodbye-not-stored',
        field: packetFields.retain,
        expected,
        seen: [goodbye, ...read(recording)],
        why: 'who listens hears it, and the stored status still says "here" [3.1.1 MQTT-3.3.1-12]',
        try: 'use the same options for all three: birth, will and goodbye',
        clauses: ['3.1.1 MQTT-3.3.1-12'],
      });
    }
    if (goodbye.packet.qos === 0) {
      fail({
        mistake: 'goodbye-at-qos-0',
        field: packetFields.qos,
        expected,
        seen: [goodbye],
        why: 'at QoS 0 nothing tells you that the broker has it, and DISCONNECT comes right behind',
        try: 'publish it at QoS 1, and wait until that is done',
      });
    }
    const ack = received(recording, 'PUBACK')
      .concat(received(recording, 'PUBREC') as never)
      .find(entry => isAck(entry, goodbye));
    const has = ack?.fate === 'forwarded' ? ack.t : ack?.releasedAt;
    if (disconnect && (has === undefined || disconnect.t < has)) {
      fail({
        mistake: 'leaves-before-ack',
        expected,
        seen: [
          goodbye,
          disconnect,
          ack ? 'the acknowledgement was still on its way' : 'no acknowledgement had come',
        ],
        why: 'DISCONNECT discards the will at once. When the goodbye is lost now, nobody is left to say it, and the stored status says "here" for ever',
        try: 'publish gives you something to wait for: publishAsync in mqtt.js, wait_for_publish() in paho',
      });
    }
    const got = stored(recording, 'newcomer');
    if (got && text(got) === offline) return;
    fail({
      mistake: 'not-gone-after-stop',
      expected,
      seen: [goodbye, ...read(recording)],
      why: 'something that you said after the goodbye took its place',
      try: 'let the goodbye be the last PUBLISH of your program',
    });
  },
});
