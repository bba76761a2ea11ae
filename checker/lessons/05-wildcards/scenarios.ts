import { payloadText, type TraceEntry, topicMatches } from '../../../wire/index.js';
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

function phases(random: Random, rounds: readonly (readonly string[])[]): Phase[] {
  const known: Record<string, number> = {};
  const words = ['before', 'morning', 'evening'];
  return rounds.map((devices, at) => {
    const messages = devices.map(device => {
      let temp = random.decimal(-30, 45, 1);
      // A repeated value would prove nothing.
      while (temp === known[device]) temp = random.decimal(-30, 45, 1);
      known[device] = temp;
      return { device, temp };
    });
    return { query: words[at] ?? `query ${at}`, messages, known: { ...known } };
  });
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

/** How often a query is asked again when the reply does not have everything yet. */
const ROUNDS = 3;

async function ask(
  context: ScenarioContext,
  program: StartedProgram,
  desk: Awaited<ReturnType<ScenarioContext['peer']>>,
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

async function play(context: ScenarioContext, facts: Facts): Promise<void> {
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
      await context.maybe('the temperatures to reach your program', there, 1500);
    }
    await ask(context, program, desk, facts, phase);
  }
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
  run: play,
});

/** Devices whose names are words of the topic names themselves. */
export const strange = scenario<Facts>('devices with strange names', {
  facts: random => {
    const here = place(random);
    const devices = random.shuffle(['temp', 'hum', 'query', 'monitor', here.company, here.site]);
    const [asked] = phases(random, [devices]);
    return {
      ...here,
      phases: asked ? [{ ...asked, query: '{"temp":99}' }] : [],
      decoys: decoysFor(here, 'temp'),
    };
  },
  run: play,
});

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
  const next = queries(all[all.indexOf(phase) + 1])[0];
  const reply = sent(recording, 'PUBLISH', { after: own[0], before: next })
    .filter(({ packet }) => own.length > 0 && packet.topic === replyTopic)
    .at(-1);
  return { query: own[0], reply };
}
