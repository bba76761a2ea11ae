import { topicMatches } from '../../wire/index.js';
import { check, type Diagnosis, type FailurePattern, fail } from '../harness/check.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf } from '../harness/matchers.js';
import { connections, type Recording, received, sent } from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  afterAWhile,
  anyValue,
  crowd,
  differentNumbers,
  lastTotal,
  olderBoot,
  remembersEnough,
  wellFormed,
} from './07-duplicates/long.js';
import {
  deliveriesOf,
  environment,
  type Facts,
  flags,
  kwhOf,
  lostPuback,
  type Message,
  manyMeters,
  quietDay,
  reusedId,
  totalsOf,
  totalTopic,
  variables,
} from './07-duplicates/scenarios.js';
import { sumCheck, sumOf, totalIn } from './07-duplicates/sums.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

export const subscribes = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'it subscribes to the readings of all meters, at QoS 1',
  clauses: ['3.1.1 MQTT-3.8.4-6'],
  on: quietDay,
  verify: recording => {
    const { meters, readings } = recording.facts;
    const topic = `${meters}/${readings['first']?.[0]?.device}/energy`;
    const all = sent(recording, 'SUBSCRIBE');
    const expected = `SUBSCRIBE ${meters}/+/energy with QoS 1`;
    const entry = all.find(one =>
      one.packet.filters.some(({ filter }) => topicMatches(filter, topic)),
    );
    if (!entry) {
      return fail({
        mistake: all.length > 0 ? 'wrong-filter' : 'no-subscribe',
        field: all.length > 0 ? packetFields.topicFilter : undefined,
        expected,
        seen: all.length > 0 ? all.slice(0, 2) : insteadOf(recording, 'SUBSCRIBE'),
        why: `no reading on ${topic} is delivered to you`,
        try: 'put METERS, a + for the device, and energy together into one topic filter',
      });
    }
    const granted = received(recording, 'SUBACK').find(one => one.packet.id === entry.packet.id);
    if (entry.packet.filters.some(one => one.qos > 0)) return;
    fail({
      mistake: 'subscribed-at-0',
      field: packetFields.requestedQos,
      expected,
      seen: [entry, ...(granted ? [granted] : [])],
      why: 'at QoS 0 no copy ever comes, and what is lost never comes again: a reading that is on its way when the line breaks is gone. Without duplicates means without retries',
      try: 'ask for QoS 1, and tell copies apart yourself',
    });
  },
});

export const adds = check<Facts>({
  id: 'T2',
  judges: ['C2'],
  title: 'each meter gets a total of its own: the sum of its readings',
  clauses: [],
  on: quietDay,
  needs: ['T1'],
  verify: recording => {
    const { readings, totals } = recording.facts;
    for (const list of Object.values(readings)) {
      const device = list[0]?.device ?? '';
      const wanted = sumOf(list);
      const expected = `{"device":"${device}","kwh":${wanted}} on ${totalTopic(recording.facts, device)}: ${list.map(one => one.kwh).join(' + ')}`;
      const last = totalsOf(recording, device).at(-1);
      if (!last) return noTotal(recording, expected, totals);
      const got = totalIn(last, device, wanted);
      if (Math.abs(got - wanted) < 0.006) continue;
      const one = list.at(-1)?.kwh === got;
      const everything = Object.values(readings).some(meter =>
        isSumOfAll(recording, meter[0]?.device),
      );
      fail({
        mistake: one ? 'not-a-total' : everything ? 'sums-all-meters' : 'wrong-sum',
        expected,
        seen: [...list.flatMap(reading => deliveriesOf(recording, reading).slice(0, 1)), last],
        why: one
          ? 'this is the last reading, not the sum: a bill of it charges for ten minutes'
          : everything
            ? 'this is the sum over all meters: every customer pays for the whole house'
            : 'nothing came twice here, and still the sum is another',
        try: one
          ? 'keep what was added up before, and add each reading to it'
          : everything
            ? 'keep one total for each device'
            : 'add the readings up by hand, and compare with what your program prints',
      });
    }
  },
});

function isSumOfAll(recording: Recording<Facts>, device = ''): boolean {
  const last = totalsOf(recording, device).at(-1);
  return (
    last !== undefined &&
    kwhOf(last)?.toFixed(2) === sumOf(Object.values(recording.facts.readings).flat()).toFixed(2)
  );
}

function noTotal(recording: Recording<Facts>, expected: string, totals: string): never {
  const elsewhere = sent(recording, 'PUBLISH')[0];
  if (elsewhere) {
    return fail({
      mistake: 'wrong-total-topic',
      field: packetFields.topicName,
      expected,
      seen: [elsewhere],
      why: 'whoever waits for the total of a meter waits on the topic of that meter',
      try: `put ${totals} (the value of TOTALS), a slash and the device together`,
    });
  }
  const reading = received(recording, 'PUBLISH')[0];
  fail({
    mistake: 'no-total',
    expected,
    seen: [...(reading ? [reading] : []), ...insteadOf(recording, 'total')],
    why: 'a reading was delivered to you, and nothing came of it',
    try: 'print a line at the top of your message handler: is it called?',
  });
}

/** A delivery that the program did not acknowledge, although its connection lived on. */
function unacknowledged(recording: Recording<Facts>): Message | undefined {
  for (const connection of connections(recording)) {
    const open = new Map<number, number>();
    for (const { packet } of sent(recording, 'PUBACK', { connection })) {
      open.set(packet.id, (open.get(packet.id) ?? 0) + 1);
    }
    for (const entry of received(recording, 'PUBLISH', { connection })) {
      const { id, qos } = entry.packet;
      if (qos !== 1 || id === undefined || entry.fate === 'dropped' || entry.fate === 'lost')
        continue;
      const left = open.get(id) ?? 0;
      if (left === 0) return entry;
      open.set(id, left - 1);
    }
  }
  return undefined;
}

export const acknowledges = check<Facts>({
  id: 'T3',
  judges: ['C5'],
  title: 'it acknowledges every reading, copies too',
  clauses: ['3.1.1 MQTT-4.3.2-2', '3.1.1 MQTT-4.5.0-2'],
  on: [quietDay, flags, manyMeters],
  needs: ['T2'],
  verify: recording => {
    const entry = unacknowledged(recording);
    if (!entry) return;
    const all = Object.values(recording.facts.readings).flat();
    const copies =
      all.map(one => deliveriesOf(recording, one)).find(list => list.includes(entry)) ?? [];
    const [first] = copies;
    const copy = first !== undefined && first !== entry;
    fail({
      mistake: copy ? 'copy-unacknowledged' : 'unacknowledged',
      expected: `PUBACK id=${entry.packet.id}, ${copy ? 'for the copy as for the first' : 'for this reading as for every other'}`,
      seen: [
        ...(copy ? [first] : []),
        entry,
        copy
          ? `PUBACK id=${entry.packet.id} came once; two packets wait for one`
          : `no PUBACK id=${entry.packet.id} after it`,
      ],
      why: copy
        ? 'a copy is a packet like any other: unacknowledged, it stays in flight, and the broker sends it again after every reconnect'
        : 'what is not acknowledged stays in flight: the broker sends it again after every reconnect, and stops after twenty',
      try: copy
        ? 'let the library acknowledge it; leave it out only where you add up'
        : 'let your message handler return: the acknowledgement goes out after it',
    });
  },
});

const base = ['T1', 'T2', 'T3'] as const;
const inHouse = 'a customer is billed for it twice';

export const sameIdTwice = sumCheck({
  id: 'T4',
  judges: ['C6'],
  title: 'a reading that comes again, with DUP, counts once',
  clauses: ['3.1.1 MQTT-3.3.1-1'],
  on: flags,
  needs: base,
  parts: ['repeated'],
  about: readings => [readings['repeated']?.[1]],
  tooHigh: {
    mistake: 'copy-counted',
    why: `QoS 1 is at least once: the same reading came a second time, and ${inHouse}`,
    try: 'remember which readings you have added, and ask before you add',
  },
  tooLow: {
    mistake: 'copy-takes-away',
    why: 'the copy took something away from the total instead of changing nothing',
    try: 'look at what your program does with a reading that it knows already: nothing is right',
  },
});

export const stutter = sumCheck({
  id: 'T5',
  judges: ['C6'],
  title: 'a reading that the meter sends again counts once',
  clauses: ['3.1.1 MQTT-3.3.1-3'],
  on: manyMeters,
  needs: base,
  parts: ['stutters'],
  about: readings => [readings['stutters']?.[1]],
  tooHigh: {
    mistake: 'late-copy-counted',
    why: `the copy came with a new packet identifier, without DUP, and other readings in between. Comparing with the latest reading does not find it, and ${inHouse}`,
    try: 'remember all the readings you have added, not only the latest one',
  },
  tooLow: {
    mistake: 'reading-lost',
    why: 'beside the copy, a reading that came only once was left out',
    try: 'print what you leave out, and why',
  },
});

export const newWithDup = sumCheck({
  id: 'T6',
  judges: ['C7'],
  title: 'a new reading with DUP counts',
  clauses: ['3.1.1 MQTT-3.3.1-1'],
  on: flags,
  needs: base,
  parts: ['flagged'],
  about: readings => [readings['flagged']?.[1]],
  tooHigh: {
    mistake: 'flagged-counted-twice',
    why: 'this reading came once, and is in the total more than once',
    try: 'print each reading as you add it',
  },
  tooLow: {
    mistake: 'trusts-dup',
    why: 'this reading came once, with DUP set, and is not in the total. DUP says "perhaps you have seen it", not "you have seen it": the first copy may be the one that was lost',
    try: 'decide by what the reading says of itself, never by DUP',
  },
});

export const sameSeq = sumCheck({
  id: 'T7',
  judges: ['C8'],
  title: 'two meters may count alike',
  clauses: [],
  on: manyMeters,
  needs: base,
  parts: ['left', 'right'],
  about: readings => [readings['left']?.[1], readings['right']?.[0]],
  tooHigh: {
    mistake: 'mixes-meters',
    why: 'the total of one meter has readings of another',
    try: 'keep one total for each device',
  },
  tooLow: {
    mistake: 'forgets-device',
    why: 'two meters are at the same seq, and one of them was taken for a copy of the other',
    try: 'ask what makes a reading unique: not seq alone',
  },
});

export const late = sumCheck({
  id: 'T8',
  judges: ['C9'],
  title: 'a reading that comes late counts',
  clauses: [],
  on: manyMeters,
  needs: base,
  parts: ['late'],
  about: readings => (readings['late'] ?? []).slice(2, 5),
  tooHigh: {
    mistake: 'late-counted-twice',
    why: 'the readings came in another order, each once, and the total is too high',
    try: 'print each reading as you add it',
  },
  tooLow: {
    mistake: 'in-order-only',
    why: 'the last of these has a smaller seq than the ones before it, and came only once. Smaller is not the same as seen: what is sent again comes late',
    try: 'remember each reading that you have added, not only the highest seq',
  },
});

export const reused = sumCheck({
  id: 'T9',
  judges: ['C7'],
  title: 'a packet identifier may come again with another reading',
  clauses: ['3.1.1 MQTT-2.3.1-3'],
  on: reusedId,
  needs: base,
  parts: ['meter'],
  about: readings => (readings['meter'] ?? []).slice(0, 2),
  tooHigh: {
    mistake: 'reused-counted-twice',
    why: 'these are different readings, each came once, and the total is too high',
    try: 'print each reading as you add it',
  },
  tooLow: {
    mistake: 'packet-id-as-key',
    why: 'the first was acknowledged, so its identifier was free for the next reading: the number names a handshake, not a reading',
    try: 'decide by what the reading says of itself, never by the packet identifier',
  },
});

export const restarted = sumCheck({
  id: 'T10',
  judges: ['C10'],
  title: 'after a restart the meter counts from 1 again',
  clauses: [],
  on: manyMeters,
  needs: base,
  parts: ['restarts'],
  about: readings => [readings['restarts']?.[0], readings['restarts']?.[3]],
  tooHigh: {
    mistake: 'restart-counted-twice',
    why: 'the meter started anew, each reading came once, and the total is too high',
    try: 'print each reading as you add it',
  },
  tooLow: {
    mistake: 'forgets-boot',
    why: 'the meter has started again (boot is one more) and counts from 1: its new readings were taken for copies, and its total stands still for days',
    try: 'ask what makes a reading unique: look at every field of the payload',
  },
});

export const redelivered = sumCheck({
  id: 'T11',
  judges: ['C15'],
  title: 'after a broken line nothing is missing, and nothing is twice',
  clauses: ['3.1.1 MQTT-4.4.0-1', '3.1.1 MQTT-4.5.0-1'],
  on: lostPuback,
  needs: base,
  parts: ['meter'],
  about: readings => (readings['meter'] ?? []).slice(1, 3),
  also: recording => sent(recording, 'CONNECT').slice(1, 2),
  tooHigh: {
    mistake: 'redelivery-counted',
    why: `your PUBACK did not reach the broker, so it delivered the reading again, and ${inHouse}`,
    try: 'remember which readings you have added, and ask before you add',
  },
  tooLow: {
    mistake: 'lost-over-cut',
    why: 'a reading came to the broker while you were away, and is not in the total. With clean=1 in CONNECT, or another client identifier each time, the broker keeps nothing for you',
    try: 'connect with MQTT_CLIENT_ID and clean: false (clean_session=False), and let the library reconnect',
  },
});

const high = (pattern: FailurePattern, ...ids: string[]) =>
  ids.every(id => /counted/.test(pattern.mistake(id) ?? ''));

export const leaves = leavesCleanly(quietDay, { id: 'T12', judges: ['C17'], needs: ['T2'] });

// One cause each, told apart only by which sums are wrong, and in which direction.

export const countsEverything: Diagnosis = {
  applies: pattern => high(pattern, 'T4', 'T5', 'T11'),
  leads: 'T4',
  covers: ['T5', 'T11'],
  failure: () => ({
    mistake: 'counts-everything',
    why: `every copy is counted: the one with DUP, the one the meter sent again, and the one after the broken line. QoS 1 is at least once, and ${inHouse}`,
    try: 'remember which readings you have added, and ask before you add. What makes a reading unique?',
  }),
};

export const trustsDup: Diagnosis = {
  applies: pattern => pattern.mistake('T6') === 'trusts-dup',
  leads: 'T6',
  covers: ['T5'],
  failure: pattern => ({
    mistake: 'trusts-dup',
    why: `this reading came once, with DUP set, and was thrown away: DUP says "perhaps you have seen it", not "you have seen it"${high(pattern, 'T5') ? '. And the copy that the meter itself sent had no DUP, and was counted' : ''}`,
  }),
};

export const packetIdAsKey: Diagnosis = {
  applies: pattern => pattern.mistake('T9') === 'packet-id-as-key',
  leads: 'T9',
  covers: ['T5'],
  failure: pattern => ({
    mistake: 'packet-id-as-key',
    why: `the first was acknowledged, so its identifier was free for the next reading: the number names a handshake, not a reading${high(pattern, 'T5') ? '. And the copy that the meter sent again came with a new identifier, and was counted' : ''}`,
  }),
};

export const seqAlone: Diagnosis = {
  applies: pattern =>
    pattern.mistake('T7') === 'forgets-device' && pattern.mistake('T10') === 'forgets-boot',
  leads: 'T7',
  covers: ['T10'],
  failure: () => ({
    mistake: 'seq-alone',
    why: 'seq alone is your key. Two meters are at the same seq, and a meter that starts again counts from 1: their readings were taken for copies',
    try: 'ask what makes a reading unique: look at every field of the payload',
  }),
};

export const inOrderOnly: Diagnosis = {
  applies: pattern =>
    pattern.mistake('T8') === 'in-order-only' && pattern.mistake('T10') === 'forgets-boot',
  leads: 'T8',
  covers: ['T10'],
  failure: () => ({
    mistake: 'in-order-only',
    why: 'you add only what has a higher seq than the one before. A reading that is sent again comes late, and a meter that starts again counts from 1: both came once, and both are missing',
  }),
};

export const practice: Practice = {
  env: random => variables(environment(random)),
  events: (random, env) => {
    const device = `meter-${random.token(4)}`;
    const reading = (seq: number) => ({ device, boot: 3, seq, kwh: random.int(5, 95) / 10 });
    const [one, two, three, four] = [reading(1), reading(2), reading(3), reading(4)];
    return [one, two, two, four, three, two, { ...reading(1), boot: 4 }].map(payload => ({
      topic: `${env['METERS']}/${device}/energy`,
      payload: JSON.stringify(payload),
      qos: 1 as const,
    }));
  },
};

export const lesson = hiddenTests(
  defineLesson({
    id: '07-duplicates',
    checks: [
      subscribes,
      adds,
      acknowledges,
      sameIdTwice,
      stutter,
      newWithDup,
      sameSeq,
      late,
      reused,
      restarted,
      redelivered,
      leaves,
      wellFormed,
      olderBoot,
      differentNumbers,
      anyValue,
      afterAWhile,
      remembersEnough,
      crowd,
      lastTotal,
    ],
    diagnoses: [countsEverything, trustsDup, packetIdAsKey, seqAlone, inOrderOnly],
    practice,
  }),
);
