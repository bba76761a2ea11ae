import { type PublishPacket, payloadText, topicMatches } from '../../wire/index.js';
import { cannotTell, check, type Diagnosis, fail } from '../harness/check.js';
import { stillThere } from '../harness/detectors/index.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject, readObject } from '../harness/matchers.js';
import { notes, type Recording, received, sent, usableMs } from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  type Answer,
  answers,
  atOnce,
  type BurstFacts,
  burst,
  DOUBTFUL,
  type Facts,
  facts,
  type HostileFacts,
  hostile,
  MANY,
  oneByOne,
  refused,
  seqOf,
  slowSuback,
  withDecoy,
} from './03-subscribe-and-react/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

export const subscribes = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'it subscribes to IN_TOPIC',
  clauses: ['3.1.1 MQTT-3.8.3-3'],
  on: oneByOne,
  verify: recording => {
    const { inTopic, outTopic } = recording.facts;
    const subscribe = sent(recording, 'SUBSCRIBE');
    const filters = subscribe.flatMap(entry => entry.packet.filters.map(one => one.filter));
    const expected = `SUBSCRIBE with a topic filter that matches ${inTopic}`;
    if (filters.some(filter => topicMatches(filter, inTopic))) return;
    if (subscribe.length === 0) {
      return fail({
        mistake: 'no-subscribe',
        expected,
        seen: insteadOf(recording, 'SUBSCRIBE'),
        why: 'without a subscription the broker delivers nothing. A subscribe call before the connection is up can vanish without a word (paho returns rc 4)',
        try: 'subscribe when the connection is up: in the connect event (on_connect)',
      });
    }
    const swapped = filters.some(filter => topicMatches(filter, outTopic));
    fail({
      mistake: swapped ? 'swapped-topics' : 'wrong-filter',
      field: packetFields.topicFilter,
      expected,
      seen: subscribe.slice(0, 2),
      why: swapped
        ? 'you listen where you speak: readings come in on IN_TOPIC, answers go out on OUT_TOPIC'
        : 'no message of the sensor matches this filter',
      try: 'compare the filter in the packet with the value of IN_TOPIC, letter by letter',
    });
  },
});

export const noEcho = check<Facts>({
  id: 'T2',
  judges: ['C2'],
  title: 'it does not listen to itself',
  clauses: ['3.1.1 MQTT-3.3.2-3'],
  on: oneByOne,
  needs: ['T1'],
  verify: recording => {
    const { outTopic } = recording.facts;
    const wide = sent(recording, 'SUBSCRIBE').find(entry =>
      entry.packet.filters.some(one => topicMatches(one.filter, outTopic)),
    );
    if (!wide) return;
    const echoes = received(recording, 'PUBLISH').filter(one => one.packet.topic === outTopic);
    fail({
      mistake: 'hears-itself',
      field: packetFields.topicFilter,
      expected: `a topic filter that does not match your own ${outTopic}`,
      seen: [wide, ...echoes.slice(0, 1), `${echoes.length} of your own messages came back to you`],
      why: 'MQTT 3.1.1 delivers your own messages to you, too, when your filter matches them; every answer becomes a question',
      try: 'subscribe to IN_TOPIC itself, not to a wider filter',
    });
  },
});

export const answersAll = check<Facts>({
  id: 'T3',
  judges: ['C3', 'C6'],
  title: 'each reading gets one answer',
  clauses: ['3.1.1 MQTT-4.5.0-2'],
  on: oneByOne,
  needs: ['T1', 'T2'],
  verify: recording => {
    const { readings, outTopic } = recording.facts;
    const out = answers(recording);
    const inputs = received(recording, 'PUBLISH');
    const elsewhere = sent(recording, 'PUBLISH').find(one => one.packet.topic !== outTopic);
    const missed = notes(recording, 'not-seen').map(note => Number(/\d+$/.exec(note.text)?.[0]));
    if (out.length === readings.length && !recording.gaveUp && missed.length === 0) return;
    if (out.length > readings.length) {
      fail({
        mistake: 'too-many-answers',
        expected: `${readings.length} readings, ${readings.length} answers`,
        seen: [`${out.length} answers; the last one is`, out.at(-1) as Answer],
        why: 'a consumer counts the same reading twice',
        try: 'look for a message handler that is attached more than once',
      });
    }
    if (out.length === 0 && elsewhere) {
      fail({
        mistake: 'wrong-out-topic',
        field: packetFields.topicName,
        expected: `answers on ${outTopic}`,
        seen: [elsewhere],
        why: 'whoever waits for the answer waits on OUT_TOPIC',
        try: 'read the topic name from the environment variable OUT_TOPIC',
      });
    }
    const first = missed[0] ?? out.length + 1;
    if (out.length > 0 && missed.length === 1 && readings[first - 1]?.temp === 0) {
      fail({
        mistake: 'zero-is-falsy',
        expected: `an answer to each of ${readings.length} readings, also to one of 0 °C`,
        seen: [
          `${out.length} of ${inputs.length} readings answered; the one with temp 0 was not`,
          inputs[first - 1] ?? 'not delivered',
        ],
        why: '0 counts as false in a condition: a reading of 0 °C is taken for one without a temperature',
        try: 'find the condition that asks whether there is a temperature, and ask whether it is a number instead',
      });
    }
    if (out.length > 0) {
      fail({
        mistake: 'stops-answering',
        expected: `an answer to each of ${readings.length} readings`,
        seen: [
          `${out.length} of ${inputs.length} readings answered; the first one without an answer is`,
          inputs[first - 1] ?? 'not delivered',
        ],
        why: 'the handler answered before, and no longer: it is removed or unsubscribed after a message, or it still waits inside for something that cannot come meanwhile',
        try: 'attach the handler for good: on, not once; do not unsubscribe. Then print a line at its top and at its end',
      });
    }
    const suback = received(recording, 'SUBACK')[0];
    fail({
      mistake: 'no-answer',
      expected: 'a PUBLISH on OUT_TOPIC for the reading that was delivered',
      seen: [
        ...(suback ? [suback] : []),
        ...(inputs[0] ? [inputs[0]] : []),
        ...insteadOf(recording, 'answer').slice(-1),
      ],
      why: 'the reading reached your connection, and nothing came back: no handler is attached, it throws the message away, the network loop does not run, or the handler waits inside for its own answer to leave (in paho nothing leaves before the handler has returned)',
      try: 'print a line at the top of your message handler, and one at its end: is it called, does it get there?',
    });
  },
});

/** Rounding to two decimals is fine; a very large number may differ in its last digits. */
function sameFahrenheit(f: unknown, wanted: number): boolean {
  return (
    typeof f === 'number' && Math.abs(f - wanted) <= Math.max(0.005000001, 1e-9 * Math.abs(wanted))
  );
}

export const rightValues = check<Facts>({
  id: 'T4',
  judges: ['C4', 'C5'],
  title: 'the answer has device, seq and the temperature in Fahrenheit',
  clauses: [],
  on: oneByOne,
  needs: ['T3'],
  verify: recording => {
    for (const [at, entry] of answers(recording).entries()) {
      const reading = recording.facts.readings[at];
      if (!reading) return;
      const object = jsonObject(entry);
      const wanted = (reading.temp * 9) / 5 + 32;
      const expected = `{"device":"${reading.device}","seq":${reading.seq},"f":${Number(wanted.toFixed(2))}} for ${reading.temp} °C`;
      if (object['f'] === null || object['f'] === undefined) {
        fail({
          mistake: 'bytes-not-object',
          field: packetFields.payload,
          expected,
          seen: [entry],
          why: 'a payload is bytes; a field of it is undefined, and arithmetic with undefined gives NaN, which JSON writes as null',
          try: 'decode the bytes to text, parse the text, then read temp',
        });
      }
      if (object['device'] !== reading.device || object['seq'] !== reading.seq) {
        fail({
          mistake: 'lost-identity',
          expected,
          seen: [entry],
          why: 'whoever reads the answer cannot tell which reading of which device it belongs to',
          try: 'copy device and seq from the reading',
        });
      }
      const f = object['f'];
      if (!sameFahrenheit(f, wanted)) {
        fail({
          mistake: typeof f === 'string' ? 'number-as-text' : 'wrong-value',
          field: packetFields.payload,
          expected,
          seen: [entry],
          why:
            typeof f === 'string'
              ? 'a JSON string cannot be compared or averaged'
              : 'the formula is °F = °C × 9 / 5 + 32',
          try:
            typeof f === 'string'
              ? 'put the number itself into the object'
              : 'work one value out by hand and compare',
        });
      }
    }
  },
});

/** What an answer is about: its device and seq. */
const about = (object: { readonly device?: unknown; readonly seq?: unknown } | undefined) =>
  JSON.stringify([object?.device, object?.seq]);

const brief = (text: string) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);

/** Whoever takes this time for each answer, milliseconds, has three hundred answers when time is up. */
const EACH_MS = 20;

/** Answers in order, each long after the one before, and more to come when time was up: a handler that waits. */
function slowly(recording: Recording<BurstFacts>, all: readonly Answer[]): void {
  const until = notes(recording, 'not-seen')[0];
  const out = all.filter(entry => until && entry.t < until.t);
  const [first, last] = [out[0], out.at(-1)];
  if (!first || !last || !until || out.length < 3) return;
  const seqs = recording.facts.readings.map(one => one.seq);
  if (out.some((entry, at) => seqOf(entry) !== seqs[at])) return;
  const count = out.length - 1;
  const each = (last.t - first.t) / count;
  if (usableMs(recording, first.t, last.t) / count < EACH_MS) {
    const goesOn = until.t - last.t < 2 * each;
    if (goesOn) cannotTell('the machine was too busy for three hundred answers');
    return;
  }
  fail({
    mistake: 'slow-handler',
    expected: `${MANY} answers, one for each message that is a reading`,
    seen: [
      `${out.length} answers in ${((last.t - first.t) / 1000).toFixed(1)} s, one every ${(each / 1000).toFixed(2)} s; the last one is`,
      last,
    ],
    ...inside,
  });
}

export const keepsUp = check<BurstFacts>({
  id: 'T5',
  judges: ['C3', 'C6'],
  title: 'three hundred readings at once are all answered',
  clauses: [],
  on: burst,
  needs: ['T4'],
  verify: recording => {
    const decoys = new Set(withDecoy(recording.facts).map(one => one.seq));
    const out = answers(recording).filter(entry => !decoys.has(seqOf(entry) ?? -1));
    if (out.length === MANY) return;
    if (out.length > MANY) {
      fail({
        mistake: 'answers-twice',
        expected: `${MANY} readings, ${MANY} answers`,
        seen: [`${out.length} answers; the last one is`, out.at(-1) as Answer],
        why: 'a consumer counts the same reading twice',
        try: 'look for a second call of publish for the same message',
      });
    }
    slowly(recording, out);
    const left = out.map(entry => about(readObject(entry)));
    const missing = atOnce(recording.facts).findIndex(one => {
      const at = left.indexOf(about(one));
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    // Few are missing, and answers behind it came: it was left out for what it is.
    const behind = recording.facts.readings.slice(missing + 1, MANY).map(about);
    const skipped = MANY - out.length < 50 && left.some(one => behind.includes(one));
    const sameBefore = atOnce(recording.facts)
      .slice(0, missing)
      .some(one => one.seq === recording.facts.readings[missing]?.seq);
    fail({
      mistake: skipped ? 'leaves-out' : 'loses-in-burst',
      expected: `${MANY} answers, one for each message that is a reading`,
      seen: [
        `${out.length} answers; the first reading without one is`,
        brief(recording.facts.texts[missing] ?? 'not known: an answer names another reading'),
        ...insteadOf(recording, 'further answer').slice(-1),
      ],
      why: !skipped
        ? 'messages that come close together are still one event each'
        : sameBefore
          ? 'its seq was there before, in an equal message or in one of another device: each message is a reading, and gets an answer'
          : 'readings behind it were answered: your program does not take this one for a reading, or lost it among the others',
      try: skipped
        ? 'compare this message with the condition under which you answer'
        : 'look for a variable that only holds the latest message, or for a queue that is full',
    });
  },
});

export const survives = check<HostileFacts>({
  id: 'T6',
  judges: ['C8', 'C9'],
  title: 'nonsense is skipped, and the next reading answered',
  clauses: ['3.1.1 MQTT-4.5.0-2'],
  on: hostile,
  needs: ['T4', 'T5'],
  verify: recording => {
    const wanted = recording.facts.readings.map(one => one.seq);
    const out = answers(recording).filter(one => !isDoubtful(one));
    const extra = out.find(entry => !wanted.includes(seqOf(entry) ?? -1));
    if (extra) {
      const seq = seqOf(extra);
      const question = received(recording, 'PUBLISH', { before: extra }).find(
        ({ packet }) =>
          seq !== undefined && payloadText(packet.payload)?.includes(`"seq":${seq}`) === true,
      );
      fail({
        mistake: 'answers-nonsense',
        expected:
          'answers to readings only; a message without a device, seq and number temp gets none',
        seen: [...(question ? [question] : []), extra],
        why: question
          ? 'this message is no reading, and was answered. An invented value is worse than none: it looks like a measurement'
          : 'no reading has this seq. An invented value is worse than none: it looks like a measurement',
        try: 'check that what you parsed is an object with device and seq, and that temp is a number (true is none)',
      });
    }
    const missing = wanted.filter(seq => !out.some(entry => seqOf(entry) === seq));
    if (missing.length === 0) return;
    const inputs = received(recording, 'PUBLISH');
    fail({
      mistake: 'dies-of-nonsense',
      expected: `answers to seq ${wanted.join(', ')}`,
      seen: [
        `no answer to seq ${missing.join(', ')}; the first message that is no reading was`,
        inputs.find(one => isNonsense(one.packet)) ?? 'not delivered',
      ],
      why: 'one bad message stopped all that came after it',
      try: 'guard the parsing: what cannot be read is skipped',
    });
  },
});

function isDoubtful(entry: Answer): boolean {
  return new RegExp(`"seq":\\s*${DOUBTFUL}\\b`).test(payloadText(entry.packet.payload) ?? '');
}

function isNonsense(packet: PublishPacket): boolean {
  return !('text' in packet.payload) || !packet.payload.text.startsWith('{"device":"');
}

const tooLate = {
  why: 'your message handler was not attached yet: it is attached in the answer to SUBSCRIBE or later. A broker may deliver before it sends SUBACK [3.1.1 section 3.8.4], and what comes without a handler is gone',
  try: 'attach the message handler first, before you connect; then subscribe',
} as const;

/** A message that comes with SUBACK is lost or not, as it happens: whichever check notices, this is why. */
function attachedLate(leads: string, covers: readonly string[], ...as: string[]): Diagnosis {
  return {
    leads,
    covers: [...covers, 'T7'],
    applies: pattern =>
      pattern.mistake('T7') === 'handler-too-late' && as.includes(pattern.mistake(leads) ?? ''),
    failure: () => ({ mistake: 'handler-too-late', ...tooLate }),
  };
}

export const lateAtFirst = attachedLate('T3', ['T5', 'T6', 'T9'], 'no-answer', 'stops-answering');
export const lateInBurst = attachedLate('T5', ['T6', 'T9'], 'leaves-out', 'loses-in-burst');
export const lateAtNonsense = attachedLate('T6', ['T9'], 'dies-of-nonsense');

const inside = {
  why: 'your handler takes long, and the network loop that calls it stands still meanwhile: further messages wait, and so do your answers and PINGREQ',
  try: 'let the handler return at once. Look for a sleep, a wait or long work inside it, and do that elsewhere',
} as const;

/** A handler that sleeps may be too slow for the first check already. */
export const sleepsInside: Diagnosis = {
  leads: 'T3',
  covers: ['T5', 'T6', 'T7', 'T9'],
  applies: pattern =>
    pattern.mistake('T5') === 'slow-handler' && pattern.mistake('T3') === 'stops-answering',
  failure: () => ({ mistake: 'slow-handler', ...inside }),
};

export const patient = check<Facts>({
  id: 'T7',
  judges: ['C11'],
  title: 'a late SUBACK or PUBACK changes nothing',
  clauses: ['3.1.1 MQTT-3.8.4-1'],
  on: slowSuback,
  needs: ['T4', 'T5'],
  verify: recording => {
    const { readings } = recording.facts;
    const out = answers(recording);
    if (out.length > readings.length) {
      fail({
        mistake: 'answers-again',
        expected: `${readings.length} answers, however long PUBACK takes`,
        seen: [`${out.length} answers; the last one is`, out.at(-1) as Answer],
        why: 'PUBACK was late, and an answer was published once more, as a new message: a consumer counts it twice',
        try: 'wait for the first message; the library sends it again when the connection was lost, and marks it DUP',
      });
    }
    if (out.length === readings.length) return;
    const [only] = out;
    const [unheard] = received(recording, 'PUBLISH');
    const suback = received(recording, 'SUBACK')[0];
    if (only && unheard && suback && seqOf(only) === readings[1]?.seq) {
      fail({
        mistake: 'handler-too-late',
        expected: 'an answer to a reading that comes before SUBACK, or right behind it',
        seen: [unheard, suback, 'this reading got no answer; the one after it did:', only],
        ...tooLate,
      });
    }
    fail({
      mistake: 'impatient',
      expected: 'the program waits for SUBACK, however long it takes',
      seen: insteadOf(recording, 'answer to the readings after the late SUBACK'),
      why: 'SUBACK came late; a busy broker is that slow',
      try: 'replace a fixed time by the event that you wait for',
    });
  },
});

export const takesNo = check<Facts>({
  id: 'T8',
  judges: ['C12'],
  title: 'a refused subscription ends the program with an exit code other than 0',
  clauses: ['3.1.1 MQTT-3.8.4-5', '3.1.1 MQTT-3.9.3-2'],
  on: refused,
  needs: ['T3'],
  explains: ['U2', 'U6'],
  verify: recording => {
    const suback = received(recording, 'SUBACK').at(-1);
    const program = recording.programs[0];
    const expected =
      'after SUBACK with code 128 the program ends within three seconds, exit code not 0';
    if (!suback) {
      return fail({
        mistake: 'no-subscribe',
        expected,
        seen: insteadOf(recording, 'SUBACK'),
        why: 'nothing was subscribed',
        try: 'mend the first check first',
      });
    }
    if (!program || program.exitedAt === undefined || program.killedAt !== undefined) {
      const [goodbye] = sent(recording, 'DISCONNECT', { after: suback });
      if (goodbye) {
        return fail({
          mistake: 'stays-after-refusal',
          expected,
          seen: [suback, goodbye, stillThere(recording)],
          why: 'the refusal was seen, and the connection ended; but something keeps the process alive, such as its standard input that is still being read',
          try: 'end the process itself when the subscription is refused: process.exit(1), os._exit(1)',
        });
      }
      return fail({
        mistake: 'ignores-suback',
        expected,
        seen: [suback, stillThere(recording)],
        why: 'code 128 (0x80) is a refusal: the program waits for messages that can never come, and nobody notices',
        try: 'look at the granted codes: in the callback of subscribe, or in on_subscribe',
      });
    }
    if (program.exitCode === 0) {
      fail({
        mistake: 'refusal-looks-fine',
        expected,
        seen: [suback, 'the program ended with exit code 0'],
        why: 'whoever started the program takes exit code 0 for success',
        try: 'end with exit code 1 when the subscription is refused',
      });
    }
  },
});

export const onlyIn = check<BurstFacts>({
  id: 'T9',
  judges: ['C10'],
  title: 'messages on other topics get no answer',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: burst,
  needs: ['T4', 'T5'],
  verify: recording => {
    const [, decoy, last] = withDecoy(recording.facts);
    const wrong = answers(recording).find(entry => seqOf(entry) === decoy?.seq);
    if (wrong) {
      const question = received(recording, 'PUBLISH').find(
        one => one.packet.topic !== recording.facts.inTopic,
      );
      fail({
        mistake: 'answers-decoy',
        expected: `answers to messages on ${recording.facts.inTopic} only`,
        seen: [...(question ? [question] : []), wrong],
        why: 'a topic name is compared letter by letter: another case, or one more level, is another topic',
        try: 'subscribe to IN_TOPIC itself, without a wildcard',
      });
    }
    if (!answers(recording).some(entry => seqOf(entry) === last?.seq)) {
      fail({
        mistake: 'confused-by-decoy',
        expected: 'an answer to the reading after the decoys',
        seen: insteadOf(recording, 'answer to the last reading'),
        why: 'something in between stopped the program',
        try: 'print the topic of each message you handle',
      });
    }
  },
});

export const leaves = leavesCleanly(oneByOne, { id: 'T10', judges: ['C13'], needs: ['T3'] });

export const asItCame = check<BurstFacts>({
  id: 'T11',
  judges: ['C4', 'C5'],
  title:
    'each answer has the device and seq of its reading, whatever they are, and its temperature',
  clauses: [],
  on: burst,
  needs: ['T5'],
  verify: recording => {
    const open = [...atOnce(recording.facts)];
    const last = withDecoy(recording.facts).map(one => one.seq);
    for (const entry of answers(recording)) {
      const object = jsonObject(entry);
      const { seq } = object;
      if (typeof seq === 'number' && last.includes(seq)) continue;
      const at = open.findIndex(
        one =>
          one.device === object['device'] &&
          one.seq === seq &&
          sameFahrenheit(object['f'], (one.temp * 9) / 5 + 32),
      );
      if (at >= 0) {
        open.splice(at, 1);
        continue;
      }
      const near = open.find(one => one.device === object['device'] && one.seq === seq);
      fail({
        mistake: near ? 'value-changed' : 'identity-changed',
        field: packetFields.payload,
        expected: near
          ? `"f" is ${(near.temp * 9) / 5 + 32} for ${near.temp} °C`
          : 'device and seq as they came in',
        seen: [
          ...(near ? [] : ['no reading that is still without an answer has this device and seq:']),
          entry,
        ],
        why: near
          ? 'the number was cut, or rounded to less than two decimals'
          : 'the name or the number was changed on its way: trimmed, cut, or taken from another reading. Whoever reads the answer cannot tell which reading it belongs to',
        try: near
          ? 'work this value out by hand and compare'
          : 'copy device and seq from the reading as they are',
      });
    }
  },
});

export const notRetained = check<Facts>({
  id: 'T12',
  judges: ['C7'],
  title: 'RETAIN is not set',
  clauses: ['3.1.1 MQTT-3.3.1-12'],
  on: [oneByOne, slowSuback],
  needs: ['T3'],
  verify: recording => {
    const stored = answers(recording).find(entry => entry.packet.retain);
    if (!stored) return;
    fail({
      mistake: 'retained',
      field: packetFields.retain,
      expected: 'RETAIN is 0 in each answer',
      seen: [stored],
      why: 'the broker stores a message with RETAIN and gives it to everybody who subscribes later: an old answer looks like one of this moment',
      try: 'leave out the option retain; lesson 8 is about what it is for',
    });
  },
});

export const practice: Practice = {
  env: random => {
    const place = `lab/${random.token(4)}`;
    return { IN_TOPIC: `${place}/celsius`, OUT_TOPIC: `${place}/fahrenheit` };
  },
  events: (random, env) =>
    facts(10)(random).readings.map(reading => ({
      topic: env['IN_TOPIC'] ?? '',
      payload: JSON.stringify(reading),
    })),
};

export const lesson = hiddenTests(
  defineLesson({
    id: '03-subscribe-and-react',
    checks: [
      subscribes,
      noEcho,
      answersAll,
      rightValues,
      keepsUp,
      survives,
      patient,
      takesNo,
      onlyIn,
      leaves,
      asItCame,
      notRetained,
    ],
    diagnoses: [sleepsInside, lateAtFirst, lateInBurst, lateAtNonsense],
    practice,
  }),
);
