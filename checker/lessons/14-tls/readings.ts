import { isDeepStrictEqual } from 'node:util';
import { type Check, check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, jsonObject } from '../../harness/matchers.js';
import { sent } from '../../harness/recording.js';
import { leavesAfterPubackOf } from '../shared/leaves-after-puback.js';
import { burst, type ManyFacts } from './scenarios.js';

/** T13, T14: what comes of the readings when all come at once and the input ends before CONNACK. */

export const arriveAll: Check = check<ManyFacts>({
  id: 'T13',
  judges: ['C3', 'C4'],
  title: 'readings that came before CONNACK arrive, as they are',
  clauses: ['3.1.1 MQTT-3.3.1-10'],
  on: burst,
  needs: ['T2'],
  explains: ['U2'],
  verify: recording => {
    const { readings, topic } = recording.facts;
    const expected = `one message on ${topic} for each of the ${readings.length} readings, with all its fields as they came; QoS 1, not retained`;
    const out = sent(recording, 'PUBLISH').filter(({ packet }) => !packet.dup);
    const odd = out.find(
      ({ packet }) => packet.retain || packet.qos !== 1 || packet.topic !== topic,
    );
    if (odd) {
      return fail({
        mistake: odd.packet.retain ? 'retained' : 'other-reading',
        expected,
        seen: [odd],
        why: odd.packet.retain
          ? 'nobody asked for a stored reading: who subscribes tomorrow takes it for a new one'
          : 'topic or QoS is not that of the contract',
        try: 'look at the topic and the options of publish',
      });
    }
    for (const [at, reading] of readings.entries()) {
      const one = out[at];
      if (!one) {
        return fail({
          mistake: 'lost-at-the-end',
          expected,
          seen: [
            `${out.length} of ${readings.length} came out`,
            ...insteadOf(recording, `PUBLISH of reading ${at + 1}`),
          ],
          why: 'the input ended before the broker had answered, and what was waiting is gone. In mqtt.js 5.16, end() before CONNACK sends nothing of it, and closes nothing',
          try: 'keep what publish gives you for each reading, and wait for all of it before the goodbye',
        });
      }
      const told = jsonObject(one);
      const field = Object.keys(reading).find(key => !isDeepStrictEqual(told[key], reading[key]));
      if (field !== undefined) {
        return fail({
          mistake: 'value-changed',
          field: packetFields.payload,
          expected: `reading ${at + 1} as it came: ${JSON.stringify(reading).slice(0, 200)}`,
          seen: [one, `field "${field}" is another, or not there`],
          why: 'TLS brings what you say to the right place unchanged; here it was changed before it was said',
          try: 'turn the whole line into JSON again, and nothing else',
        });
      }
    }
    const more = out[readings.length];
    if (more) {
      fail({
        mistake: 'too-many',
        expected,
        seen: [more, `message ${readings.length + 1} of ${readings.length}`],
        why: 'a reading that is sent twice counts twice',
        try: 'look for a second call of publish',
      });
    }
  },
});

export const leavesAfterPuback: Check = leavesAfterPubackOf(burst, {
  id: 'T14',
  judges: ['C5'],
  needs: ['T13'],
});
