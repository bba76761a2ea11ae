import { type TraceEntry, withhold } from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { isFromProgram, type PacketOf, type Recording, sent } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';

interface Reading {
  readonly device: string;
  readonly temp: number;
  readonly hum: number;
}

export interface Facts {
  readonly topic: string;
  readonly readings: readonly Reading[];
}

export function makeReadings(random: Random, device: string, count: number): Reading[] {
  return Array.from({ length: count }, () => ({
    device,
    temp: random.decimal(-30, 45, 1),
    hum: random.decimal(5, 95, 1),
  }));
}

export const makeTopic = (random: Random) => `lab/${random.token(5)}/reading`;

const start = (context: ScenarioContext, facts: Facts): Promise<StartedProgram> =>
  context.start({ env: { TOPIC: facts.topic } });

/** One reading at a time: the next one comes when the message of the last one has been seen. */
export const paced = scenario<Facts>('one by one', {
  facts: random => {
    const readings = makeReadings(random, random.device(), 5).map(one => ({
      ...one,
      temp: one.temp === 0 ? 1.5 : one.temp,
    }));
    // 0 is a value like any other, and a number may have many digits.
    const [, second, third] = readings;
    if (second) readings[1] = { ...second, temp: 0, hum: 86 };
    if (third) {
      const temp = -random.int(1, 9) + 0.123456789012345;
      readings[2] = { ...third, temp, hum: random.int(5, 94) + 0.7 };
    }
    return { topic: makeTopic(random), readings };
  },
  run: async (context, facts) => {
    const program = await start(context, facts);
    let missed = 0;
    for (const [at, reading] of facts.readings.entries()) {
      program.feed(reading);
      // To start takes some languages longer than to publish: that is not what is looked at.
      if (at === 0) {
        await context.maybe('its CONNECT', entry => isFromProgram(entry, 'CONNECT'));
      }
      const seen = await context.maybe(
        `the PUBLISH of reading ${at + 1}`,
        nth(at + 1 - missed, entry => isFromProgram(entry, 'PUBLISH') && isAbout(entry, facts)),
        missed === 0 ? 1500 : 600,
      );
      if (!seen) missed += 1;
      if (missed === 2) break;
    }
    await program.stop();
  },
});

/** True for the how-manieth entry of a kind. */
function nth(count: number, of: (entry: TraceEntry) => boolean): (entry: TraceEntry) => boolean {
  const seen = new Set<TraceEntry>();
  return entry => {
    if (of(entry)) seen.add(entry);
    return seen.size >= count;
  };
}

/** More than a byte counts. */
export const MANY = 300;

/** Names as people type them: what breaks hand-made JSON, and what a program may take for nothing. */
function namesOf(random: Random): string[] {
  return [
    '',
    '0',
    'null',
    ` ${random.device()}  by the door `,
    `Kühlraum "${random.token(3)}" 2\\3`,
    `温室-${random.token(3)} 🌡`,
    'Cafe\u0301 and Café',
    'one\ttwo\nthree',
    "it's <b>100 %s</b> \u2028 {0} $x",
    `${random.device()} ${'ä'.repeat(9000)}`,
  ];
}

/** Numbers that a formatting for people, a small type, or a question for truth would change. */
const edges = [0, -40, 0.1, -0.5, 1e-7, 123456789012, 1013.25, -4.876543210987655, 100, 41.7];

/** Readings of several devices, with every edge of a value among them, and some of them twice. */
function manyReadings(random: Random): Reading[] {
  const special = namesOf(random).map((device, at) => ({
    device,
    temp: edges[at % edges.length] ?? 0,
    hum: edges[(at + 3) % edges.length] ?? 0,
  }));
  const devices = [random.device(), random.device(), random.device()];
  const usual = Array.from({ length: MANY }, (_, at) => {
    const [one] = makeReadings(random, devices[at % devices.length] ?? '', 1);
    return one ?? { device: '', temp: 0, hum: 0 };
  });
  const [first, ...others] = usual;
  // What has not changed is measured again, and is a reading.
  return [first, first, ...special, ...others].filter(one => one !== undefined).slice(0, MANY);
}

/** All readings and the end of the input at once, before there is a connection. */
export const burst = scenario<Facts>('all at once', {
  facts: random => ({ topic: makeTopic(random), readings: manyReadings(random) }),
  run: async (context, facts) => {
    const connack = holdConnack(context);
    const program = await start(context, facts);
    for (const reading of facts.readings) program.feed(reading);
    program.endInput();
    const came = await context.maybe('a CONNECT', isConnect);
    // Long enough that a program in a hurry is done before its connection is there.
    if (came) await context.maybe('end of the connection before CONNACK', isClosed, 150);
    connack.release();
    await context.maybe(
      'all messages, or the end of the connection',
      oneOf(
        isClosed,
        nth(MANY, entry => isFromProgram(entry, 'PUBLISH') && isAbout(entry, facts)),
      ),
      8000,
    );
    await program.stop();
  },
});

const isAbout = ({ packet }: PacketOf<'PUBLISH'>, { topic }: Facts) => packet.topic === topic;

/** True when one of them is; each of them sees every entry. */
function oneOf(...all: ((entry: TraceEntry) => boolean)[]): (entry: TraceEntry) => boolean {
  return entry => all.map(one => one(entry)).includes(true);
}

const isConnect = (entry: TraceEntry) =>
  entry.kind === 'packet' && entry.packet.type === 'CONNECT' && entry.who === 'program';
const isClosed = (entry: TraceEntry) => entry.kind === 'connection' && entry.event === 'closed';

function holdConnack(context: ScenarioContext) {
  return context.tap.rule({
    who: 'program',
    when: entry => entry.packet.type === 'CONNACK',
    do: withhold(),
  });
}

/** Longer than a program in a hurry waits. Who waits for the event itself is asleep, and this ends early. */
const LATE_MS = 3000;

/** The broker takes its time: with CONNACK while readings wait, then with what it acknowledges. */
export const slowBroker = scenario<Facts>('slow CONNACK', {
  facts: random => ({
    topic: makeTopic(random),
    readings: makeReadings(random, random.device(), random.int(3, 5)),
  }),
  run: async (context, facts) => {
    const connack = holdConnack(context);
    const acknowledgements = context.tap.rule({
      who: 'program',
      when: ({ packet }) => packet.type === 'PUBACK' || packet.type === 'PUBREC',
      do: withhold(),
      times: Number.POSITIVE_INFINITY,
    });
    const program = await start(context, facts);
    for (const reading of facts.readings) program.feed(reading);
    program.endInput();
    await program.sends('CONNECT');
    await context.maybe('end of the connection before CONNACK', isClosed, LATE_MS);
    connack.release();
    await context.maybe('end of the connection before PUBACK', isClosed, LATE_MS);
    acknowledgements.remove();
    acknowledgements.release();
    await program.stop();
  },
});

export const nothing = scenario<Facts>('no readings', {
  facts: random => ({ topic: makeTopic(random), readings: [] }),
  run: async (context, facts) => {
    const program = await start(context, facts);
    await program.stop();
  },
});

/** The input ends without a reading, and before there is a connection to say goodbye on. */
export const nothingYet = scenario<Facts>('no readings, slow CONNACK', {
  facts: random => ({ topic: makeTopic(random), readings: [] }),
  run: async (context, facts) => {
    const connack = holdConnack(context);
    const program = await start(context, facts);
    program.endInput();
    const came = await context.maybe('a CONNECT', isConnect);
    if (came) await context.maybe('end of the connection before CONNACK', isClosed, 150);
    connack.release();
    await program.stop();
  },
});

export type Published = PacketOf<'PUBLISH'>;

/** What was published on the topic; at QoS 1 a repeated packet is the same message. */
export function published(recording: Recording<Facts>): Published[] {
  const seen = new Set<string>();
  return sent(recording, 'PUBLISH').filter(({ packet, connection }) => {
    if (packet.topic !== recording.facts.topic) return false;
    const key = `${connection}/${packet.id}`;
    if (packet.id === undefined || !packet.dup) {
      seen.add(key);
      return true;
    }
    return !seen.has(key);
  });
}
