import { replaceWith, type TraceEntry, withhold } from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import { readObject } from '../../harness/matchers.js';
import type { Random } from '../../harness/random.js';
import { isFromProgram, type PacketOf, type Recording, sent } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';

interface Reading {
  readonly device: string;
  readonly seq: number;
  readonly temp: number;
}

export interface Facts {
  readonly inTopic: string;
  readonly outTopic: string;
  readonly readings: readonly Reading[];
}

export function facts(count: number) {
  return (random: Random): Facts => {
    const place = `lab/${random.token(4)}`;
    const device = random.device();
    const first = random.int(1, 500);
    return {
      inTopic: `${place}/celsius`,
      outTopic: `${place}/fahrenheit`,
      readings: Array.from({ length: count }, (_, at) => ({
        device,
        seq: first + at,
        temp: at === 1 ? 0 : random.decimal(-30, 45, 1),
      })),
    };
  };
}

const start = (context: ScenarioContext, { inTopic, outTopic }: Facts) =>
  context.start({ env: { IN_TOPIC: inTopic, OUT_TOPIC: outTopic } });

/** A program that goes on only with SUBACK has time for that: readings before it are a scenario of their own. */
const SETTLES_MS = 400;

async function subscribed(program: StartedProgram): Promise<void> {
  await program.sends('SUBSCRIBE', { what: 'a SUBSCRIBE from your program' });
  await program.receives('SUBACK');
  await program.settles(SETTLES_MS);
}

export type Answer = PacketOf<'PUBLISH'>;

/** The answers of the program; with QoS 1 a repeated packet is no second answer. */
export function answers(recording: Recording<Facts>): Answer[] {
  return sent(recording, 'PUBLISH').filter(
    ({ packet }) => packet.topic === recording.facts.outTopic && !packet.dup,
  );
}

/** The seq that an answer carries; undefined when it is not readable. */
export function seqOf(entry: Answer): number | undefined {
  const seq = readObject(entry)?.['seq'];
  return typeof seq === 'number' ? seq : undefined;
}

/** Whether a packet is an answer of the program. */
const isAnswer = (entry: TraceEntry, { outTopic }: Facts): entry is Answer =>
  isFromProgram(entry, 'PUBLISH') && entry.packet.topic === outTopic;

/** One reading after the other, each when the last one was answered. */
export const oneByOne = scenario<Facts>('one by one', {
  facts: facts(5),
  run: async (context, here) => {
    const sensor = await context.peer('sensor');
    const program = await start(context, here);
    await subscribed(program);
    let missed = 0;
    for (const [at, reading] of here.readings.entries()) {
      await sensor.publish(here.inTopic, JSON.stringify(reading));
      const what = `the answer to reading ${at + 1}`;
      const within = 2500;
      const isIt = ({ packet }: Answer) => packet.topic === here.outTopic;
      if (at === 0) await program.sends('PUBLISH', { what, when: isIt, within });
      // Whether the next one is answered tells a reading that is left out from a handler that is gone.
      else if (!(await context.maybe(what, times(at + 1 - missed, here), within))) missed += 1;
      if (missed === 2) break;
    }
    await program.stop();
  },
});

/** True once there are so many answers. */
function times(count: number, here: Facts): (entry: TraceEntry) => boolean {
  const seen = new Set<number>();
  return entry => {
    if (isAnswer(entry, here) && !entry.packet.dup) seen.add(entry.n);
    return seen.size >= count;
  };
}

/** The seq of messages that one may answer, or not. */
export const DOUBTFUL = 600_001;

/** What is no reading. `seq` in the objects is of no reading, so that an answer tells its question. */
function nonsense(random: Random, device: string): (string | Buffer)[] {
  const seq = () => random.int(700, 60_000);
  const object = (fields: object) => JSON.stringify(fields);
  return [
    '{"device":',
    '',
    Buffer.from([0xff, 0xfe, 0x00, 0x80]),
    'null',
    'true',
    '0',
    '[1,2]',
    '"21.5"',
    '{}',
    object({ device, temp: 21.5 }),
    object({ seq: seq(), temp: 21.5 }),
    object({ device, seq: seq() }),
    ...[true, false, null, '21.5', '', [], [21.5], { c: 21.5 }].map(temp =>
      object({ device, seq: seq(), temp }),
    ),
    object([{ device, seq: seq(), temp: 21.5 }]),
    `${object({ device, seq: seq(), temp: 21.5 })} and more`,
    `{'device':'${device}','seq':${seq()},'temp':21.5}`,
    '['.repeat(100_000),
    '{"device":'.repeat(20_000),
    object({ device: device.repeat(2000), seq: seq(), temp: 21.5 }).slice(0, -1),
    // Some parsers take these for numbers: an answer is neither asked for nor forbidden.
    ...['NaN', '-1e999', '9'.repeat(400)].map(
      temp => `{"device":"${device}","seq":${DOUBTFUL},"temp":${temp}}`,
    ),
  ];
}

export interface HostileFacts extends Facts {
  /** What is sent between the readings: as text, or its bytes in base64. */
  readonly bad: readonly ({ readonly text: string } | { readonly base64: string })[];
}

/** What else arrives on a topic in the course of a year, twice, and many in a row. */
export const hostile = scenario<HostileFacts>('nonsense', {
  facts: random => {
    const here = facts(4)(random);
    const bad = nonsense(random, random.device()).map(one =>
      typeof one === 'string' ? { text: one } : { base64: one.toString('base64') },
    );
    return { ...here, bad };
  },
  run: async (context, here) => {
    const sensor = await context.peer('sensor');
    const program = await start(context, here);
    await subscribed(program);
    const [first, second, ...rest] = here.readings;
    const send = (reading: object | undefined) =>
      sensor.publish(here.inTopic, JSON.stringify(reading));
    const sendBad = async () => {
      for (const one of here.bad) {
        const payload = 'text' in one ? one.text : Buffer.from(one.base64, 'base64');
        await sensor.publish(here.inTopic, payload);
      }
    };
    await send(first);
    await sendBad();
    await send(second);
    await sendBad();
    for (const reading of rest) await send(reading);
    await program.sends('PUBLISH', {
      what: 'the answer to the reading after the nonsense',
      when: entry => seqOf(entry) === rest.at(-1)?.seq,
      within: 4000,
    });
    await program.stop();
  },
});

/** How many readings come without a pause: more than a small queue holds. */
export const MANY = 300;

export interface BurstFacts extends Facts {
  /** Each reading as it is sent. */
  readonly texts: readonly string[];
}

/** The edges of what a reading may be: its number, its name, its count, and how it is written. */
function edges(random: Random): { readonly reading: Reading; readonly text?: string }[] {
  const device = random.device();
  const other = random.device();
  const seq = random.int(1000, 9000);
  const same = { device, seq, temp: random.decimal(10, 20, 1) };
  const temps = [0, -40, -17.5, 20.3, 0.4, -0.5, 37, 1e-7, 123456.7, 1.5e300, 21.123456789];
  const names = [
    '',
    '0',
    'null',
    ` ${device} `,
    `Kühlraum "${random.token(3)}" 2\\3`,
    `温室-${random.token(3)} 🌡`,
    'Cafe\u0301\n\tand Café',
    `${device} ${'ä'.repeat(9000)}`,
  ];
  const seqs = [0, -1, 255, 256, 65_535, 65_536, 4_294_967_296, Number.MAX_SAFE_INTEGER];
  return [
    ...temps.map((temp, at) => ({ reading: { device, seq: seq + 1 + at, temp } })),
    ...names.map(name => ({ reading: { device: name, seq: seq + 30, temp: 4.5 } })),
    ...seqs.map(count => ({ reading: { device: other, seq: count, temp: 4.5 } })),
    // The same once more, the count of another device, and an earlier one.
    { reading: same },
    { reading: same },
    { reading: { ...same, device: other } },
    { reading: { ...same, seq: seq - 5, temp: -3.2 } },
    // The same object, in other words.
    {
      reading: { device, seq: seq + 40, temp: -0.0 },
      text: `{"device":"${device}","seq":${seq + 40},"temp":-0.0}`,
    },
    {
      reading: { device, seq: seq + 41, temp: 21.5 },
      text: ` {\n\t"temp" : 2.15e1 , "seq" : ${seq + 41} , "\\u0064evice" : "${device}" }\n`,
    },
    {
      reading: { device, seq: seq + 42, temp: 5.5 },
      text: `{"unit":"°C","device":"${device}","hum":true,"seq":${seq + 42},"temp":5.5,"more":{"temp":[99]}}`,
    },
  ];
}

/** Three hundred readings without a pause; then messages that look alike, but are not for this program. */
export const burst = scenario<BurstFacts>('three hundred at once, then decoys', {
  facts: random => {
    const here = facts(MANY + 3)(random);
    const special = edges(random);
    const readings = [
      ...here.readings.slice(0, 20),
      ...special.map(one => one.reading),
      ...here.readings.slice(20 + special.length),
    ];
    const texts = readings.map((reading, at) => special[at - 20]?.text ?? JSON.stringify(reading));
    return { ...here, readings, texts };
  },
  run: async (context, here) => {
    const sensor = await context.peer('sensor');
    const program = await start(context, here);
    await subscribed(program);
    for (const text of here.texts.slice(0, MANY)) await sensor.publish(here.inTopic, text);
    await context.maybe('an answer to each of the readings', times(MANY, here), 6000);
    const [first, decoy, last] = withDecoy(here);
    const [place = ''] = here.inTopic.split('/').slice(1);
    const topics = [
      `${here.inTopic}/raw`,
      here.inTopic.toUpperCase(),
      `/${here.inTopic}`,
      here.inTopic.replace(/\/[^/]*$/, ''),
      here.inTopic.replace(`/${place}/`, '/elsewhere/'),
      `${here.inTopic} `,
      `${here.inTopic}/`,
    ];
    await sensor.publish(here.inTopic, JSON.stringify(first));
    for (const topic of topics) await sensor.publish(topic, JSON.stringify(decoy));
    await sensor.publish(here.inTopic, JSON.stringify(last));
    await program.sends('PUBLISH', {
      what: 'the answer to the last reading',
      when: entry => isAnswer(entry, here) && seqOf(entry) === last?.seq,
      within: 2500,
    });
    await program.stop();
  },
});

export const atOnce = ({ readings }: Facts) => readings.slice(0, MANY);
/** A reading, one that goes out on other topics, and a reading. */
export const withDecoy = ({ readings }: Facts) => readings.slice(MANY);

/** Longer than a program in a hurry waits. Who waits for the event itself is asleep, and this ends early. */
const LATE_MS = 3000;

/**
 * SUBACK comes late, and the first reading before it, as a broker may do; what acknowledges the answers
 * comes late, too.
 */
export const slowSuback = scenario<Facts>('slow SUBACK', {
  facts: facts(2),
  run: async (context, here) => {
    const late = (...types: readonly string[]) =>
      context.tap.rule({
        who: 'program',
        when: entry => entry.direction === 'to-client' && types.includes(entry.packet.type),
        do: withhold(),
        times: Number.POSITIVE_INFINITY,
      });
    const suback = late('SUBACK');
    const acknowledgements = late('PUBACK', 'PUBREC');
    const sensor = await context.peer('sensor');
    const program = await start(context, here);
    const first = await program.sends('SUBSCRIBE');
    await context.maybe(
      'second SUBSCRIBE',
      entry => entry.kind === 'packet' && entry.packet.type === 'SUBSCRIBE' && entry.n > first.n,
      LATE_MS,
    );
    const [early, ...others] = here.readings.map(reading => JSON.stringify(reading));
    await sensor.publish(here.inTopic, early ?? '');
    await context.maybe(
      'the reading before SUBACK',
      entry =>
        entry.kind === 'packet' && entry.packet.type === 'PUBLISH' && entry.who === 'program',
    );
    suback.remove();
    suback.release();
    // Who attaches a handler only now has time for it: the first reading tells, not luck.
    await context.maybe('the answer to the reading before SUBACK', times(1, here), 1000);
    for (const text of others) await sensor.publish(here.inTopic, text);
    await context.maybe('an answer more than there are readings', times(3, here), LATE_MS);
    acknowledgements.remove();
    acknowledgements.release();
    await program.sends('PUBLISH', {
      nth: 2,
      what: 'the answers after the late SUBACK',
      when: ({ packet }) => packet.topic === here.outTopic,
    });
    await program.stop();
  },
});

/** The broker refuses the subscription. */
export const refused = scenario<Facts>('refused', {
  facts: facts(1),
  run: async (context, here) => {
    context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'SUBACK',
      do: replaceWith(entry =>
        entry.packet.type === 'SUBACK'
          ? { ...entry.packet, codes: entry.packet.codes.map(() => 128) }
          : entry.packet,
      ),
      times: Number.POSITIVE_INFINITY,
    });
    const program = await start(context, here);
    await program.receives('SUBACK');
    await program.leaves(3000);
  },
});
