import { payloadText, type TraceEntry, topicMatches, withhold } from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import {
  isFromProgram,
  isPacket,
  type PacketOf,
  type Recording,
  received,
  sent,
} from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';

/** What the sensors say between two queries, and what is known afterwards. */
export interface Phase {
  /** The payload of the query that ends it: how a query is told from the others. */
  readonly query: string;
  readonly messages: readonly { readonly device: string; readonly temp: number }[];
  readonly known: Readonly<Record<string, number>>;
}

export interface Facts {
  readonly company: string;
  readonly site: string;
  readonly queryTopic: string;
  readonly replyTopic: string;
  readonly phases: readonly Phase[];
  /** Topic names beside those that are asked for, each with what is different about it. */
  readonly decoys: readonly { readonly topic: string; readonly what: string }[];
}

function place(random: Random) {
  const company = random.pick(['acme', 'polar', 'nordfisk', 'meadow']);
  const site = `${random.pick(['north', 'harbour', 'dock', 'valley'])}-${random.int(2, 9)}`;
  return {
    company,
    site,
    queryTopic: `${company}/${site}/monitor/query`,
    replyTopic: `${company}/${site}/monitor/reply`,
  };
}

export const topicOf = ({ company, site }: Facts, device: string): string =>
  `${company}/${site}/${device}/temp`;

function decoysFor({ company, site, replyTopic }: ReturnType<typeof place>, device: string) {
  return [
    { topic: `${company}/${site}/${device}/hum`, what: 'another metric' },
    { topic: `${company}/elsewhere/${device}/temp`, what: 'another site' },
    { topic: `rival/${site}/${device}/temp`, what: 'another company' },
    { topic: `${company}/${site}/${device}/temp/raw`, what: 'one level more' },
    { topic: `${company}/${site}/temp`, what: 'one level less' },
    { topic: `/${company}/${site}/${device}/temp`, what: 'an empty level in front' },
    { topic: `${company}/${site}/${device}/Temp`, what: 'a capital' },
    { topic: replyTopic, what: 'your own replies' },
  ];
}

interface Message {
  readonly device: string;
  readonly temp: number;
}

/** Phases from what is said in each, with what is known after it. */
function phasesOf(rounds: readonly (readonly Message[])[], words: readonly string[]): Phase[] {
  const known: Record<string, number> = {};
  return rounds.map((messages, at) => {
    for (const { device, temp } of messages) known[device] = temp;
    return { query: words[at] ?? `query ${at}`, messages, known: { ...known } };
  });
}

function phases(random: Random, rounds: readonly (readonly string[])[]): Phase[] {
  const known: Record<string, number> = {};
  const made = rounds.map((devices, round) =>
    devices.map((device, at) => {
      let temp = random.decimal(-30, 45, 1);
      const before = known[device];
      // A repeated value would prove nothing; and the latest is neither the highest nor the lowest.
      if (round > 0 && before !== undefined) {
        const step = random.int(1, 9) + 0.3;
        temp = Number((at % 2 === 0 ? before - step : before + step).toFixed(1));
      }
      known[device] = temp;
      return { device, temp };
    }),
  );
  return phasesOf(made, ['before', 'morning', 'evening']);
}

/** Whether the program holds a granted subscription for each of the topics. */
function subscribedTo(topics: readonly string[]): (entry: TraceEntry) => boolean {
  const asked = new Map<string, readonly string[]>();
  const held: string[] = [];
  return entry => {
    if (entry.kind !== 'packet' || entry.who !== 'program') return false;
    if (isPacket(entry, 'SUBSCRIBE')) {
      asked.set(
        `${entry.connection}/${entry.packet.id}`,
        entry.packet.filters.map(one => one.filter),
      );
    }
    if (isPacket(entry, 'SUBACK')) {
      held.push(...(asked.get(`${entry.connection}/${entry.packet.id}`) ?? []));
    }
    return topics.every(topic => held.some(filter => topicMatches(filter, topic)));
  };
}

/** Whether that many temperatures of the site have reached the program since now. */
function delivered(facts: Facts, count: number): (entry: TraceEntry) => boolean {
  const topics = new Set(
    facts.phases.flatMap(phase => phase.messages.map(one => topicOf(facts, one.device))),
  );
  const seen = new Set<number>();
  return entry => {
    if (isPacket(entry, 'PUBLISH') && entry.who === 'program' && entry.direction === 'to-client') {
      if (topics.has(entry.packet.topic)) seen.add(entry.n);
    }
    return seen.size >= count;
  };
}

type Peer = Awaited<ReturnType<ScenarioContext['peer']>>;

/** How often a query is asked again when the reply does not have everything yet. */
const ROUNDS = 3;

async function ask(
  context: ScenarioContext,
  program: StartedProgram,
  desk: Peer,
  facts: Facts,
  phase: Phase,
): Promise<void> {
  for (let round = 1; round <= ROUNDS; round++) {
    await desk.publish(facts.queryTopic, phase.query);
    const query = await program.receives('PUBLISH', {
      what: 'the query to reach your program',
      nth: round,
      when: ({ packet }) =>
        packet.topic === facts.queryTopic && payloadText(packet.payload) === phase.query,
    });
    const isReply = (entry: TraceEntry): entry is Reply =>
      isFromProgram(entry, 'PUBLISH') &&
      entry.n > query.n &&
      entry.packet.topic === facts.replyTopic;
    const what = `the reply to the query "${phase.query}"`;
    const reply = await (phase.messages.length === 0
      ? context.maybe(what, isReply, 1500)
      : context.until(what, isReply, 2500));
    if (!reply || !isReply(reply)) return;
    const { id, qos } = reply.packet;
    if (qos === 1) await program.receives('PUBACK', { when: ({ packet }) => packet.id === id });
    // Data and query may come over two connections; a second query settles who was first.
    if (sorted(readReply(reply)) === sorted(phase.known)) return;
  }
}

function sorted(object: Readonly<Record<string, unknown>> | undefined): string {
  return JSON.stringify(Object.entries(object ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export type Reply = PacketOf<'PUBLISH'>;

/** The reply as an object; undefined when it is none. */
export function readReply(reply: Reply): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(payloadText(reply.packet.payload) ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

async function play(
  context: ScenarioContext,
  facts: Facts,
  then?: (program: StartedProgram, desk: Peer) => Promise<void>,
): Promise<void> {
  const sensor = await context.peer('sensor');
  const desk = await context.peer('desk');
  const program = await context.start({
    env: {
      COMPANY: facts.company,
      SITE: facts.site,
      QUERY_TOPIC: facts.queryTopic,
      REPLY_TOPIC: facts.replyTopic,
    },
  });
  const first = facts.phases.flatMap(phase => phase.messages)[0]?.device ?? '';
  const all = subscribedTo([topicOf(facts, first), facts.queryTopic]);
  // A start on a busy machine takes its time; a SUBSCRIBE after CONNECT does not.
  await program.sends('CONNECT', { within: 8000 });
  await program.receives('SUBACK', { what: 'a SUBSCRIBE from your program, and its SUBACK' });
  await context.until('subscriptions for the temperatures and the query', all, 2500);
  let published = 0;
  for (const phase of facts.phases) {
    for (const { device, temp } of phase.messages) {
      const payload = JSON.stringify({ device: `The ${device}`, temp, seq: 1 });
      await sensor.publish(topicOf(facts, device), payload);
    }
    for (const { topic } of facts.decoys.filter(one => one.topic !== facts.replyTopic)) {
      await sensor.publish(topic, JSON.stringify({ device: 'decoy', temp: 99, hum: 99, seq: 1 }));
    }
    published += phase.messages.length;
    if (phase.messages.length > 0) {
      const there = delivered(facts, published);
      await context.maybe('the temperatures to reach your program', there, 4000);
    }
    await ask(context, program, desk, facts, phase);
  }
  await then?.(program, desk);
  await program.stop();
}

/** Before any data, after the first data, and after an update with a device that is new. */
export const day = scenario<Facts>('a day at the site', {
  facts: random => {
    const here = place(random);
    const devices = Array.from({ length: random.int(3, 5) }, () => random.device());
    const [first = '', ...others] = devices;
    return {
      ...here,
      phases: phases(random, [[], devices, [random.device(), ...others.slice(1), first]]),
      decoys: decoysFor(here, first),
    };
  },
  run: (context, facts) => play(context, facts),
});

/** More devices than a small memory holds. */
const DEVICES = 300;

/** How many questions come without a pause. */
export const QUESTIONS = 5;

export interface BusyFacts extends Facts {
  /** The payloads of questions that come without a pause, in base64. */
  readonly questions: readonly string[];
}

const temps = [0, -40, 0.1, -0.5, 1e-7, 123456789012, 1013.25, -4.876543210987655, 100, 21];

/** Devices whose names are words of the topic names themselves, or odd, among many; then many questions. */
export const strange = scenario<BusyFacts>('devices with strange names', {
  facts: random => {
    const here = place(random);
    const words = ['temp', 'hum', 'query', 'monitor', 'reply', here.company, here.site];
    const odd = [
      '',
      '0',
      '10',
      '007',
      'null',
      'constructor',
      'Oven-A',
      'oven-a',
      'tank 3 by the door',
      'kühlraum',
      'Cafe\u0301',
      'Caf\u00e9',
      `温室-${random.token(3)} 🌡`,
      'a.b*c$d',
      'x'.repeat(3000),
    ];
    const many = Array.from({ length: DEVICES }, (_, at) => `${random.token(3)}-${at}`);
    const first = random.shuffle([...words, ...odd]).map((device, at) => ({
      device,
      temp: temps[at % temps.length] ?? 0,
    }));
    const others = many.map(device => ({ device, temp: random.decimal(-30, 45, 1) }));
    // Then some of the first ones again, higher, lower, and the same; the others stay as they are.
    const again = first.slice(0, 8).map(({ device, temp }, at) => ({
      device,
      temp: at < 3 ? temp - 1.5 : at < 6 ? temp + 1.5 : temp,
    }));
    const zero = { device: many[7] ?? '', temp: 0 };
    const bytes = [Buffer.from([0xff, 0xfe, 0x00]), Buffer.from(''), Buffer.from('[1,{')];
    const questions = Array.from({ length: QUESTIONS }, (_, at) =>
      (bytes[at] ?? Buffer.from(`{"temp":${at}}`)).toString('base64'),
    );
    return {
      ...here,
      phases: phasesOf(
        [
          [...first, ...others],
          [...again, zero],
        ],
        ['{"temp":99}', ''],
      ),
      decoys: decoysFor(here, 'temp'),
      questions,
    };
  },
  run: async (context, facts) => {
    await play(context, facts, async (program, desk) => {
      const from = countOf(context.tap.entries, facts);
      // What acknowledges the replies comes late: nobody shall say it twice because of that.
      const late = context.tap.rule({
        who: 'program',
        when: ({ packet, direction }) =>
          direction === 'to-client' && (packet.type === 'PUBACK' || packet.type === 'PUBREC'),
        do: withhold(),
        times: Number.POSITIVE_INFINITY,
      });
      for (const question of facts.questions) {
        await desk.publish(facts.queryTopic, Buffer.from(question, 'base64'));
      }
      const count = (more: number) => replyCount(facts, from + more);
      await context.maybe('a reply more than there are questions', count(QUESTIONS + 1), 3000);
      late.remove();
      late.release();
      if (!program.running) return;
      await context.maybe('a reply to each of the questions', count(QUESTIONS), 2500);
      await context.maybe('a reply more than there are questions', count(QUESTIONS + 1), 300);
    });
  },
});

function countOf(entries: readonly TraceEntry[], { replyTopic }: Facts): number {
  return entries.filter(
    entry =>
      isFromProgram(entry, 'PUBLISH') && entry.packet.topic === replyTopic && !entry.packet.dup,
  ).length;
}

/** True once that many replies have come. */
function replyCount(facts: Facts, count: number): (entry: TraceEntry) => boolean {
  const seen = new Set<TraceEntry>();
  return entry => {
    if (countOf([entry], facts) === 1) seen.add(entry);
    return seen.size >= count;
  };
}

/** The last reply to the query of a phase, and the query that it answers. */
export function replyIn(
  recording: Recording<Facts>,
  phase: Phase,
): { readonly query: Reply | undefined; readonly reply: Reply | undefined } {
  const { phases: all, queryTopic, replyTopic } = recording.facts;
  const queries = (one: Phase | undefined) =>
    one === undefined
      ? []
      : received(recording, 'PUBLISH').filter(
          ({ packet }) => packet.topic === queryTopic && payloadText(packet.payload) === one.query,
        );
  const own = queries(phase);
  // Behind the last one come questions that are no phase's: their replies say the same.
  const next = queries(all[all.indexOf(phase) + 1])[0];
  const reply = sent(recording, 'PUBLISH', { after: own[0], before: next })
    .filter(({ packet }) => own.length > 0 && packet.topic === replyTopic)
    .at(-1);
  return { query: own[0], reply };
}
