import { type Check, check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, jsonObject, readObject } from '../../harness/matchers.js';
import { type Recording, received, sent } from '../../harness/recording.js';
import { leavesAfterPubackOf } from '../shared/leaves-after-puback.js';
import { burst, busyAtEnd, type Facts } from './scenarios.js';

/** T19, T20: what comes of the readings when all come at once and the input ends before CONNACK. */

/** The messages at home, each once. */
const messages = (recording: Recording<Facts>) =>
  sent(recording, 'PUBLISH').filter(
    ({ packet }) => packet.topic === recording.facts.topic && !packet.dup,
  );

export const arriveAll: Check = check<Facts>({
  id: 'T19',
  judges: ['C1', 'C3', 'C4'],
  title: 'readings that came before CONNACK arrive, as they are',
  clauses: ['3.1.1 MQTT-3.3.1-10'],
  on: burst,
  needs: ['T3'],
  explains: ['U2'],
  verify: recording => {
    const { temps, serial, topic } = recording.facts;
    const expected = `one message on ${topic} for each of the ${temps.length} readings, with its temp as it came; QoS 1, not retained`;
    const second = sent(recording, 'CONNECT')[1];
    if (second) {
      return fail({
        mistake: 'second-connection',
        expected: 'one CONNECT',
        seen: [second, 'this is the second one, and the first was not over'],
        why: 'each login is a place at the broker and a line in its log; two of one device look like a thief',
        try: 'connect once, and publish everything through this client',
      });
    }
    const out = messages(recording);
    const retained = out.find(({ packet }) => packet.retain || packet.qos !== 1);
    if (retained) {
      return fail({
        mistake: retained.packet.retain ? 'retained' : 'wrong-qos',
        expected,
        seen: [retained],
        why: retained.packet.retain
          ? 'nobody asked for a stored reading: who subscribes tomorrow takes it for a new one'
          : 'with QoS 0 nobody tells you when a reading got lost',
        try: 'look at the options of publish',
      });
    }
    for (const [at, temp] of temps.entries()) {
      const one = out[at];
      if (!one) {
        return fail({
          mistake: 'lost-at-the-end',
          expected,
          seen: [
            `${out.length} of ${temps.length} came out`,
            ...insteadOf(recording, `message with temp ${temp}`),
          ],
          why: 'the input ended before the broker had answered, and what was waiting is gone. In mqtt.js 5.16, end() before CONNACK sends nothing of it, and closes nothing',
          try: 'keep what publish gives you for each reading, and wait for all of it before the goodbye',
        });
      }
      const told = jsonObject(one);
      if (told['temp'] !== temp || told['device'] !== serial) {
        fail({
          mistake: 'value-changed',
          field: packetFields.payload,
          expected: `{"device":"${serial}","temp":${temp}} for reading ${at + 1}`,
          seen: [one],
          why: 'a reading that is rounded, left out or turned round is not what was measured; 0 is a temperature like any other, and the same one twice is two readings',
          try: 'put the value of the line into the message untouched, one message for each line',
        });
      }
    }
    const more = out[temps.length];
    if (more) {
      fail({
        mistake: 'too-many',
        expected,
        seen: [more, `message ${temps.length + 1} of ${temps.length}`],
        why: 'a reading that is sent twice counts twice',
        try: 'look for a second call of publish',
      });
    }
  },
});

export const leavesAfterPuback: Check = leavesAfterPubackOf(burst, {
  id: 'T20',
  judges: ['C17'],
  needs: ['T19'],
});

export const keepsTryingAtEnd: Check = check<Facts>({
  id: 'T21',
  judges: ['C8', 'C10'],
  title: 'code 3, and the input ends: it still tries again, and nothing is lost',
  clauses: ['3.1.1 MQTT-3.2.2-5'],
  on: busyAtEnd,
  needs: ['T6'],
  explains: ['U2'],
  verify: recording => {
    const expected =
      'after CONNACK 3 another CONNECT, although the input is over, and then each reading';
    const no = received(recording, 'CONNACK').find(({ packet }) => packet.returnCode === 3);
    const again = sent(recording, 'CONNECT', { after: no })[0];
    // A first copy may have been written into the connection that was refused: the second has DUP.
    const out = sent(recording, 'PUBLISH').map(one => readObject(one)?.['temp']);
    const lost = recording.facts.temps.find(temp => !out.includes(temp));
    if (again && lost === undefined) return;
    fail({
      mistake: 'gives-up-at-the-end',
      expected,
      seen: insteadOf(recording, again ? `message with temp ${lost}` : 'CONNECT after code 3'),
      why: 'the input ended while the broker was away, and the readings that had come before were still waiting. A client that is told to end does not dial any more',
      try: 'end the client when each reading has its PUBACK, not when the input is over',
    });
  },
});
