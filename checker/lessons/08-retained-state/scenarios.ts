import { type PublishPacket, payloadText } from '../../../wire/index.js';
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

export interface Facts {
  readonly stateTopic: string;
  readonly telemetryTopic: string;
  readonly watchFilter: string;
  readonly reportTopic: string;
  /** Different words, none of them part of another. */
  readonly modes: readonly string[];
  readonly temps: readonly number[];
  /** Names of other devices. */
  readonly neighbours: readonly string[];
}

const words = ['eco', 'boost', 'idle', 'night', 'away', 'defrost', 'summer', 'clean'] as const;

export function facts(random: Random): Facts {
  const place = `plant-${random.token(3)}`;
  const own = random.device();
  return {
    stateTopic: `${place}/${own}/state`,
    telemetryTopic: `${place}/${own}/temp`,
    watchFilter: `yard-${random.token(3)}/+/state`,
    reportTopic: `${place}/report`,
    modes: random.shuffle(words),
    temps: Array.from({ length: 3 }, () => random.decimal(-30, 45, 1)),
    // A number before the token keeps the names different.
    neighbours: Array.from({ length: 4 }, (_, at) => random.device().replace('-', `-${at + 1}`)),
  };
}

export const environment = (here: Facts) => ({
  STATE_TOPIC: here.stateTopic,
  TELEMETRY_TOPIC: here.telemetryTopic,
  WATCH_FILTER: here.watchFilter,
  REPORT_TOPIC: here.reportTopic,
});

/** The nth mode; there are more of them than any scenario needs. */
export const mode = (here: Facts, nth: number): string => here.modes[nth] ?? 'eco';
export const temp = (here: Facts, nth: number): number => here.temps[nth] ?? 1.5;
export const neighbour = (here: Facts, nth: number): string => here.neighbours[nth] ?? 'pump-1';
export const stateOf = (here: Facts, nth: number): string =>
  here.watchFilter.replace('+', neighbour(here, nth));

export type Published = PacketOf<'PUBLISH'>;

export function text(packet: PublishPacket): string {
  return payloadText(packet.payload) ?? '';
}

/** The last packet so far: what comes after it is new. */
function mark(context: ScenarioContext): { readonly n: number } {
  return context.tap.entries.findLast(entry => entry.kind === 'packet') ?? { n: 0 };
}

/** Starts the program and waits until it listens. */
export async function start(context: ScenarioContext, here: Facts): Promise<StartedProgram> {
  const from = mark(context);
  const program = await context.start({ env: environment(here) });
  await program.receives('CONNACK', { after: from });
  await context.maybe(
    'a granted subscription',
    entry => isPacket(entry, 'SUBACK') && entry.who === 'program' && entry.n > from.n,
    1500,
  );
  return program;
}

export async function viewer(context: ScenarioContext, here: Facts): Promise<void> {
  const peer = await context.peer('viewer');
  await peer.subscribe(here.stateTopic.replace(/[^/]+$/, '+'), 1);
}

/**
 * Feeds a line and waits until the message that it asks for has reached those who listen, and the
 * program has its acknowledgement. False when that does not come.
 */
export async function feed(
  context: ScenarioContext,
  program: StartedProgram,
  line: Record<string, unknown>,
  topic: string,
  fits: (text: string) => boolean,
): Promise<boolean> {
  const from = mark(context);
  program.feed(line);
  const delivered = await context.maybe(
    `the message for the line ${JSON.stringify(line)}`,
    entry =>
      isPacket(entry, 'PUBLISH') &&
      entry.who === 'viewer' &&
      entry.packet.topic === topic &&
      fits(text(entry.packet)) &&
      entry.n > from.n,
    2500,
  );
  if (!delivered) return false;
  const message = context.tap.entries.find(
    (entry): entry is Published =>
      isFromProgram(entry, 'PUBLISH') && entry.packet.topic === topic && entry.n > from.n,
  );
  if (message && message.packet.qos > 0) {
    await context.maybe(
      'its acknowledgement',
      entry =>
        entry.kind === 'packet' &&
        entry.who === 'program' &&
        entry.n > message.n &&
        (entry.packet.type === 'PUBACK' || entry.packet.type === 'PUBREC') &&
        entry.packet.id === message.packet.id,
    );
  }
  return true;
}

const setMode = (context: ScenarioContext, program: StartedProgram, here: Facts, nth: number) =>
  feed(context, program, { mode: mode(here, nth) }, here.stateTopic, one =>
    one.includes(mode(here, nth)),
  );

const read = (context: ScenarioContext, program: StartedProgram, here: Facts, nth: number) =>
  feed(context, program, { temp: temp(here, nth) }, here.telemetryTopic, one =>
    one.includes(String(temp(here, nth))),
  );

/** Somebody opens a dashboard now: subscribes, gets what is stored, and leaves. */
export async function newcomer(context: ScenarioContext, here: Facts, name: string): Promise<void> {
  const peer = await context.peer(name, { fenceTopic: '$fence/newcomer' });
  await peer.subscribe(here.stateTopic.replace(/[^/]+$/, '+'), 1);
  await peer.fence();
  await peer.disconnect();
}

/** A device in the course of a day: its mode changes, and readings come between. */
export const changes = scenario<Facts>('changes', {
  facts,
  run: async (context, here) => {
    await viewer(context, here);
    const program = await start(context, here);
    const told = await setMode(context, program, here, 0);
    if (told) await newcomer(context, here, 'newcomer');
    const reads =
      (await read(context, program, here, 0)) && (await read(context, program, here, 1));
    if (told)
      (await setMode(context, program, here, 1)) && (await setMode(context, program, here, 2));
    if (reads) await read(context, program, here, 2);
    await newcomer(context, here, 'newcomer 2');
    await program.stop();
  },
});

/**
 * The device is switched off and on again, and nobody touches its mode meanwhile. At last it is
 * scrapped: the last line of its input says so.
 */
export const restart = scenario<Facts>('restart', {
  facts,
  run: async (context, here) => {
    await viewer(context, here);
    const first = await start(context, here);
    await setMode(context, first, here, 0);
    await first.stop();
    await newcomer(context, here, 'newcomer');
    const second = await start(context, here);
    // A reading passes: whatever the program says at its start has left before it.
    await read(context, second, here, 0);
    await newcomer(context, here, 'newcomer 2');
    await setMode(context, second, here, 1);
    await newcomer(context, here, 'newcomer 3');
    await feed(context, second, { decommission: true }, here.stateTopic, () => true);
    await second.stop();
    await newcomer(context, here, 'newcomer 4');
  },
});

/** What a neighbour does, and what the watcher is to report. */
export interface Happening {
  readonly neighbour: number;
  /** Undefined: its state is erased. */
  readonly mode?: number;
  readonly retain: boolean;
  readonly source: 'stored' | 'live' | 'erased';
  /** In the second run of the program, after a restart. */
  readonly again?: true;
}

/** In this order. The stored ones are there before the program subscribes. */
export const happenings: readonly Happening[] = [
  { neighbour: 0, mode: 0, retain: true, source: 'stored' },
  { neighbour: 1, mode: 1, retain: true, source: 'stored' },
  { neighbour: 0, mode: 2, retain: true, source: 'live' },
  { neighbour: 2, mode: 3, retain: true, source: 'live' },
  { neighbour: 1, mode: 4, retain: false, source: 'live' },
  { neighbour: 0, retain: true, source: 'erased' },
  { neighbour: 2, mode: 5, retain: true, source: 'live' },
  { neighbour: 1, mode: 1, retain: true, source: 'stored', again: true },
  { neighbour: 2, mode: 5, retain: true, source: 'stored', again: true },
  { neighbour: 3, mode: 6, retain: true, source: 'live', again: true },
];

/** Other devices come, change and go; the program watches. */
export const neighbours = scenario<Facts>('neighbours', {
  facts,
  run: async (context, here) => {
    const yard = await context.peer('yard');
    const say = (one: Happening) =>
      yard.publish(
        stateOf(here, one.neighbour),
        one.mode === undefined ? '' : JSON.stringify({ mode: mode(here, one.mode) }),
        { qos: 1, retain: one.retain },
      );
    let missed = 0;
    const reported = async (one: Happening, from: { readonly n: number }) => {
      const seen = await context.maybe(
        `the report on ${neighbour(here, one.neighbour)}`,
        entry =>
          isFromProgram(entry, 'PUBLISH') &&
          entry.packet.topic === here.reportTopic &&
          text(entry.packet).includes(neighbour(here, one.neighbour)) &&
          entry.n > from.n,
        missed === 0 ? 2000 : 500,
      );
      if (!seen) missed += 1;
    };
    const watch = async (list: readonly Happening[]) => {
      for (const one of list.filter(({ source }) => source === 'stored')) {
        // Said already, and stored: in the first run here, in the second run by the first one.
        if (!one.again) await say(one);
      }
      const began = mark(context);
      const program = await start(context, here);
      for (const one of list) {
        const from = one.source === 'stored' ? began : mark(context);
        if (one.source !== 'stored') await say(one);
        await reported(one, from);
      }
      await program.stop();
    };
    await watch(happenings.filter(one => !one.again));
    await watch(happenings.filter(one => one.again));
  },
});

/** The messages of the program on its own state topic; a repetition at QoS 1 is the same one. */
export function states(recording: Recording<Facts>): Published[] {
  return sent(recording, 'PUBLISH').filter(
    ({ packet }) => packet.topic === recording.facts.stateTopic && !packet.dup,
  );
}

/** What somebody got who subscribed then. */
export function stored(recording: Recording<Facts>, who: string, topic: string): Published[] {
  return received(recording, 'PUBLISH', { who }).filter(({ packet }) => packet.topic === topic);
}

/** Whether the scenario came as far as that somebody. */
export function looked(recording: Recording<Facts>, who: string): boolean {
  return received(recording, 'SUBACK', { who }).length > 0;
}
