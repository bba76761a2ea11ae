import { duplicate, type Peer, payloadText, type TraceEntry } from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { isFromProgram, type PacketOf, type Recording, sent } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import { refused, unreadable } from './nonsense.js';

export type Led = 'on' | 'off';

/** What goes out on COMMAND_TOPIC, and what a good device makes of it. */
export interface Command {
  readonly payload: string | Uint8Array;
  /** Where the answer must carry one: any JSON value but null. */
  readonly id?: unknown;
  /** Absent when it is no command. */
  readonly led?: Led;
  /** It may be obeyed or refused: no parser must take it, and none must die of it. */
  readonly either?: true;
  /** For people: "an empty message". */
  readonly what: string;
}

export interface Facts {
  readonly commandTopic: string;
  readonly stateTopic: string;
  readonly errorTopic: string;
  /** Commands for another device, on a topic name beside ours. */
  readonly neighbourTopic: string;
  readonly commands: readonly Command[];
  /** Delivered with RETAIN=1 in the middle of the program's life; behind each comes a live one. */
  readonly stored?: readonly Command[];
  readonly live?: readonly Command[];
}

export type Published = PacketOf<'PUBLISH'>;

export function topics(random: Random) {
  const device = `lamp-${random.token(3)}`;
  return {
    commandTopic: `${device}/commands`,
    stateTopic: `${device}/state`,
    errorTopic: `${device}/error`,
    neighbourTopic: `lamp-${random.token(4)}/commands`,
  };
}

export const newId = (random: Random) => `c-${random.token(4)}`;

export function valid(random: Random, led: Led): Command {
  const id = newId(random);
  return { payload: JSON.stringify({ led, id }), id, led, what: `{"led":"${led}"}` };
}

/** The same object, as other programs write JSON. */
function spaced(random: Random, led: Led): Command {
  const id = newId(random);
  const payload = JSON.stringify({ id, led }, null, 2);
  return { payload, id, led, what: 'the same JSON with spaces and another order' };
}

/** Sends one command after the other, each when the last one was answered with a state. */
export async function switchOneByOne(
  context: ScenarioContext,
  { program, desk }: { readonly program: StartedProgram; readonly desk: Peer },
  facts: Facts,
  commands: readonly Command[],
): Promise<void> {
  let last: Published | undefined;
  for (const command of commands) {
    await desk.publish(facts.commandTopic, command.payload, { qos: 1 });
    const came = await program.receives('PUBLISH', {
      what: 'the command to reach your program',
      when: ({ packet }) => sameBytes(packet, command),
    });
    const state = await program.sends('PUBLISH', {
      what: `the state after ${command.what}`,
      after: came,
      when: ({ packet }) => packet.topic === facts.stateTopic,
      within: 2500,
    });
    const { id, qos } = state.packet;
    const own = { when: ({ packet }: { packet: { id: number } }) => packet.id === id };
    if (qos === 1) await program.receives('PUBACK', own);
    if (qos === 2) await program.receives('PUBCOMP', own);
    last = state;
  }
  // What reaches another client has been stored as well, at any QoS.
  const { topic, payload } = last?.packet ?? {};
  if (topic === undefined) return;
  const text = payload && payloadText(payload);
  const seen = desk.until(one => one.topic === topic && payloadText(one.payload) === text);
  await context.expect('the state to reach the desk', seen);
}

function sameBytes({ payload }: Published['packet'], command: Command): boolean {
  return payloadText(payload) === command.payload;
}

/** The environment of the contract. */
export function environment(facts: Facts): Record<string, string> {
  return {
    COMMAND_TOPIC: facts.commandTopic,
    STATE_TOPIC: facts.stateTopic,
    ERROR_TOPIC: facts.errorTopic,
  };
}

/** A desk that hears the answers, and the program, subscribed. */
export async function begin(
  context: ScenarioContext,
  facts: Facts,
): Promise<{ program: StartedProgram; desk: Peer }> {
  const desk = await context.peer('desk');
  await desk.subscribe([facts.stateTopic, facts.errorTopic], 1);
  const program = await context.start({ env: environment(facts) });
  // A start on a busy machine takes its time; a SUBSCRIBE after CONNECT does not.
  await program.sends('CONNECT', { within: 8000 });
  await program.receives('SUBACK', { what: 'a SUBSCRIBE from your program, and its SUBACK' });
  return { program, desk };
}

/** One command after the other, in all spellings of the same JSON; then somebody comes late. */
export const switching = scenario<Facts>('switching', {
  facts: random => ({
    ...topics(random),
    commands: [
      valid(random, 'on'),
      valid(random, 'off'),
      spaced(random, 'on'),
      { payload: '{"led":"off"}', led: 'off', what: '{"led":"off"} without id' },
    ],
  }),
  run: async (context, facts) => {
    const { program, desk } = await begin(context, facts);
    await switchOneByOne(context, { program, desk }, facts, facts.commands);
    const late = await context.peer('late dashboard');
    await late.subscribe([facts.stateTopic, facts.errorTopic], 1);
    await context.expect('what is stored for a late dashboard', late.fence());
    await program.stop();
  },
});

/** What else arrives on the topic in the course of a year, between an "on" and an "off". */
export const nonsense = scenario<Facts>('nonsense', {
  facts: random => {
    const bad: Command[] = [...unreadable, ...refused(random)];
    return {
      ...topics(random),
      commands: [valid(random, 'on'), ...random.shuffle(bad), valid(random, 'off')],
    };
  },
  run: async (context, facts) => {
    const { program, desk } = await begin(context, facts);
    const bad = facts.commands.slice(1, -1);
    await switchOneByOne(context, { program, desk }, facts, facts.commands.slice(0, 1));
    for (const command of bad) {
      await desk.publish(facts.commandTopic, command.payload, { qos: 1 });
    }
    await switchOneByOne(context, { program, desk }, facts, facts.commands.slice(-1));
    await context.maybe('an error for each bad command', count(facts.errorTopic, bad.length), 1000);
    const late = await context.peer('late dashboard');
    await late.subscribe([facts.errorTopic], 1);
    await context.expect('what is stored for a late dashboard', late.fence());
    await program.stop();
  },
});

function isAnswer(entry: TraceEntry, topic: string): entry is Published {
  return isFromProgram(entry, 'PUBLISH') && entry.packet.topic === topic;
}

/** True when the program has sent that many messages on a topic. */
function count(topic: string, wanted: number): (entry: TraceEntry) => boolean {
  const seen = new Set<number>();
  return entry => {
    if (isAnswer(entry, topic)) seen.add(entry.n);
    return seen.size >= wanted;
  };
}

/**
 * A command that somebody stored yesterday, and one of today; then payloads that are programs, and
 * a last command.
 */
export const strangers = scenario<Facts>('a stored command, then code', {
  facts: random => ({
    ...topics(random),
    commands: [
      valid(random, 'on'),
      valid(random, 'on'),
      { payload: 'process.exit(7)', what: 'a program in JavaScript' },
      { payload: "__import__('os')._exit(7)", what: 'a program in Python' },
      valid(random, 'off'),
    ],
  }),
  run: async (context, facts) => {
    const [old, today, ...later] = facts.commands;
    if (!old || !today) return;
    const yesterday = await context.peer('yesterday');
    await yesterday.publish(facts.commandTopic, old.payload, { qos: 1, retain: true });
    const { program, desk } = await begin(context, facts);
    await program.receives('PUBLISH', {
      what: 'the stored command to reach your program',
      when: ({ packet }) => packet.retain,
    });
    await switchOneByOne(context, { program, desk }, facts, [today]);
    for (const { payload } of later.slice(0, -1)) {
      await desk.publish(facts.commandTopic, payload, { qos: 1 });
    }
    await switchOneByOne(context, { program, desk }, facts, later.slice(-1));
    await program.stop();
  },
});

/**
 * The same command comes twice, as QoS 1 allows; then a wish that is fulfilled already; then twenty
 * commands without a pause, of which the last one counts.
 */
export const crowded = scenario<Facts>('twice, then twenty at once', {
  facts: random => ({
    ...topics(random),
    commands: [
      ...[valid(random, 'on'), valid(random, 'off'), valid(random, 'off')],
      ...Array.from({ length: 20 }, (_, at) => valid(random, at % 2 === 0 ? 'on' : 'off')),
    ],
  }),
  run: async (context, facts) => {
    const [first] = facts.commands;
    context.tap.rule({
      who: 'program',
      direction: 'to-client',
      when: ({ packet }) =>
        packet.type === 'PUBLISH' && payloadText(packet.payload) === first?.payload,
      do: duplicate({ dup: true, id: 'same' }),
    });
    const { program, desk } = await begin(context, facts);
    await switchOneByOne(context, { program, desk }, facts, alone(facts));
    await Promise.all(
      atOnce(facts).map(({ payload }) => desk.publish(facts.commandTopic, payload, { qos: 1 })),
    );
    const missing = new Set<unknown>(atOnce(facts).map(({ id }) => id));
    const answered = (entry: TraceEntry) => {
      if (isAnswer(entry, facts.stateTopic)) missing.delete(fields(entry)?.['id']);
      return missing.size === 0;
    };
    await context.maybe('an answer to each of the twenty', answered, 4000);
    await program.stop();
  },
});

/** Of the scenario `crowded`: the commands that come one by one, the first of them twice. */
export const alone = ({ commands }: Facts) => commands.slice(0, 3);
/** Of the scenario `crowded`: the commands that come without a pause. */
export const atOnce = ({ commands }: Facts) => commands.slice(3);

/** What the program published on a topic; a packet that is sent again is the same message. */
export function published(recording: Recording<Facts>, topic: string): Published[] {
  return sent(recording, 'PUBLISH').filter(({ packet }) => packet.topic === topic && !packet.dup);
}

/** A report as an object; undefined when it is none. */
export function fields(entry: Published): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(payloadText(entry.packet.payload) ?? '');
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
