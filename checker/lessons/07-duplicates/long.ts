import { check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, jsonObject } from '../../harness/matchers.js';
import { sent } from '../../harness/recording.js';
import {
  deliveriesOf,
  type Facts,
  kwhOf,
  type Message,
  quietDay,
  reusedId,
  totalsOf,
  totalTopic,
} from './scenarios.js';
import { sumCheck, sumOf } from './sums.js';
import { CROWD, longYear } from './year.js';

export const wellFormed = check<Facts>({
  id: 'T13',
  judges: ['C3', 'C4'],
  title: 'a total names its device, and goes out at QoS 1',
  clauses: ['3.1.1 MQTT-4.3.2-1'],
  on: [quietDay, longYear],
  needs: ['T2'],
  verify: recording => {
    for (const list of Object.values(recording.facts.readings)) {
      const device = list[0]?.device ?? '';
      for (const total of totalsOf(recording, device)) {
        const named = jsonObject(total)['device'];
        if (named !== device) {
          fail({
            mistake: 'wrong-device-in-total',
            field: packetFields.payload,
            expected: `"device":"${device}" in each total on ${totalTopic(recording.facts, device)}`,
            seen: [total],
            why: 'whoever stores totals keeps the payload, and cannot tell whose this one is',
            try: 'compare the payload with the example in the lesson, field by field',
          });
        }
        if (total.packet.qos > 0) continue;
        fail({
          mistake: 'total-at-qos-0',
          field: packetFields.qos,
          expected: `the total of ${device} at QoS 1`,
          seen: [total],
          why: 'at QoS 0 a total that is on its way when the line breaks is gone, and the next reading may come tomorrow',
          try: 'give the QoS to publish as well: in mqtt.js as an option, { qos: 1 }; in paho as an argument, qos=1',
        });
      }
    }
  },
});

const base = ['T4', 'T5', 'T6', 'T7', 'T8', 'T9', 'T10', 'T11', 'T12'] as const;
const addedTwice = 'print each reading as you add it';

export const olderBoot = sumCheck({
  id: 'T14',
  judges: ['C11'],
  title: 'readings from before a restart count once, also when they come after it',
  clauses: [],
  on: longYear,
  needs: base,
  parts: ['returns'],
  about: readings => [readings['returns']?.[0], readings['returns']?.[3], readings['returns']?.[5]],
  tooHigh: {
    mistake: 'old-boot-counted-again',
    why: 'copies of readings from before the restart came after it, and were added once more. The restart does not make them new',
    try: 'look at what your program forgets when boot grows',
  },
  tooLow: {
    mistake: 'old-boot-left-out',
    why: 'a reading from before the restart came after it, for the first time, and is not in the total. Older is not the same as seen',
    try: 'decide by what you have added, not by the highest boot or seq',
  },
});

export const differentNumbers = sumCheck({
  id: 'T15',
  judges: ['C8'],
  title: 'other numbers are another reading, however large they are',
  clauses: [],
  on: longYear,
  needs: base,
  parts: ['steps', 'glued', 'gluedTo'],
  about: readings => [readings['steps']?.at(-2), readings['glued']?.[0], readings['glued']?.at(-1)],
  tooHigh: {
    mistake: 'number-counted-twice',
    why: 'each of these readings came once, and the total is too high',
    try: addedTwice,
  },
  tooLow: {
    mistake: 'keys-collide',
    why: 'two different readings have the same key in your program, so one was taken for a copy. Parts without a gap do that (1 and 11, 11 and 1), and so does a key that is calculated or cut off (boot * 1000 + seq)',
    try: 'keep the three fields apart in the key, whole',
  },
});

export const anyValue = sumCheck({
  id: 'T16',
  judges: ['C13'],
  title: 'equal values, 0 and less than 0 count like any other, for a device of any name',
  clauses: [],
  on: longYear,
  needs: base,
  parts: ['even', 'idle', 'letters'],
  about: readings => [readings['even']?.[1], readings['idle']?.[0], readings['letters']?.[0]],
  tooHigh: {
    mistake: 'value-misread',
    why: 'either a value below 0 was left out, or a copy of a reading was added',
    try: 'print each reading as you add it or leave it out, with the reason',
  },
  tooLow: {
    mistake: 'value-left-out',
    why: 'each of these readings asks for a total, also where the value is 0, the same as before, or the name of the device has letters beyond ASCII',
    try: 'print each reading as you add it or leave it out, with the reason',
  },
});

export const afterAWhile = sumCheck({
  id: 'T17',
  judges: ['C12'],
  title: 'a copy may come after a while',
  clauses: [],
  on: reusedId,
  needs: base,
  parts: ['slow'],
  about: readings => [readings['slow']?.[0]],
  tooHigh: {
    mistake: 'forgets-by-time',
    why: 'the copy came two seconds after the first, behind a few other readings, and was added again: its key had been forgotten by then. How long a line is down, nobody knows before',
    try: 'forget by number, not by time, and keep some hundreds of keys for each meter at least',
  },
  tooLow: {
    mistake: 'slow-left-out',
    why: 'this reading came twice, two seconds apart, and is not in the total of its meter',
    try: 'print what you leave out, and why',
  },
});

export const remembersEnough = sumCheck({
  id: 'T18',
  judges: ['C12'],
  title: 'a copy, and a late reading, may come three hundred readings later',
  clauses: [],
  on: longYear,
  needs: [...base, 'T17'],
  parts: ['busy'],
  about: readings => [readings['busy']?.[0], readings['busy']?.[2]],
  tooHigh: {
    mistake: 'forgets-too-soon',
    why: 'the first readings came again behind three hundred others, and were added once more: their keys had been forgotten',
    try: 'look at how many keys you keep, and at what makes you forget them',
  },
  tooLow: {
    mistake: 'window-too-small',
    why: 'a reading came three hundred places late, for the first time, and is not in the total: it was taken for too old, or for a copy',
    try: 'look at how far behind the latest reading your program still adds',
  },
});

export const crowd = check<Facts>({
  id: 'T19',
  judges: ['C14'],
  title: `${CROWD} meters have ${CROWD} totals`,
  clauses: [],
  on: longYear,
  needs: [...base, 'T18'],
  verify: recording => {
    const last = new Map<string, Message>();
    for (const one of sent(recording, 'PUBLISH')) last.set(one.packet.topic, one);
    for (let at = 0; at < CROWD; at++) {
      const list = recording.facts.readings[`crowd ${at}`] ?? [];
      const [first] = list;
      if (!first) continue;
      const topic = totalTopic(recording.facts, first.device);
      const total = last.get(topic);
      const wanted = sumOf(list);
      const got = total && kwhOf(total);
      if (got !== undefined && Math.abs(got - wanted) < 0.006) continue;
      const again = list.length > 1;
      fail({
        mistake: total ? (again ? 'forgets-a-meter' : 'wrong-total-in-crowd') : 'no-total-in-crowd',
        expected: `{"device":"${first.device}","kwh":${wanted}} on ${topic}, the ${at + 1}. of ${CROWD} meters`,
        seen: [
          ...deliveriesOf(recording, first),
          ...(total ? [total] : insteadOf(recording, `PUBLISH on ${topic}`)),
        ],
        why: !total
          ? 'a reading of this meter was delivered, and no total came of it'
          : again
            ? `this meter reported first, then ${CROWD - 1} others, then it came again: its total or its keys had been forgotten by then`
            : 'the meter reported once, and its total is another',
        try: 'look for a limit on how many meters, keys or totals your program holds',
      });
    }
  },
});

export const lastTotal = sumCheck({
  id: 'T20',
  judges: ['C16'],
  title: 'asked to stop, it lets the last total leave',
  clauses: [],
  on: longYear,
  needs: base,
  parts: ['closing'],
  about: readings => [readings['closing']?.[0]],
  tooHigh: {
    mistake: 'last-counted-twice',
    why: 'this reading came once, and is in the total more than once',
    try: addedTwice,
  },
  tooLow: {
    mistake: 'last-total-missing',
    why: 'you acknowledged the reading, so nobody sends it again; and the program ended before its total had left',
    try: 'publish what is still gathered before you say goodbye, and let it leave',
  },
});
