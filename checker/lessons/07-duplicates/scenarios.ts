import {
  duplicate,
  type PacketEntry,
  payloadText,
  setFlags,
  stall,
  type TraceEntry,
  withhold,
} from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import { readObject } from '../../harness/matchers.js';
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

export interface Reading {
  readonly device: string;
  /** How often the meter has started. */
  readonly boot: number;
  /** Counts the readings since the last start. */
  readonly seq: number;
  readonly kwh: number;
}

/** The meters of a scenario, by the part they play: each reading once, in the order of its making. */
export interface Facts {
  readonly clientId: string;
  readonly meters: string;
  readonly totals: string;
  readonly readings: Readonly<Record<string, readonly Reading[]>>;
  /** Comes last: when its total is out, everything before it has been dealt with. */
  readonly sentinel: Reading;
}

export type Message = PacketOf<'PUBLISH'>;

export function environment(random: Random) {
  const house = `house/${random.token(4)}`;
  return {
    clientId: `totals-${random.token(4)}`,
    meters: `${house}/meters`,
    totals: `${house}/totals`,
  };
}

export const variables = (here: Pick<Facts, 'clientId' | 'meters' | 'totals'>) => ({
  MQTT_CLIENT_ID: here.clientId,
  METERS: here.meters,
  TOTALS: here.totals,
});

/** Facts with a meter for each part; `firstSeq` keeps the counters of different meters apart. */
function facts(parts: Readonly<Record<string, { seqs: readonly number[] }>>) {
  return (random: Random): Facts => {
    const readings: Record<string, Reading[]> = {};
    const boot = random.int(2, 8);
    for (const [part, { seqs }] of Object.entries(parts)) {
      const device = `meter-${random.token(4)}`;
      readings[part] = seqs.map(seq => ({ device, boot, seq, kwh: random.int(5, 95) / 10 }));
    }
    return {
      ...environment(random),
      readings,
      sentinel: { device: `clock-${random.token(4)}`, boot: 1, seq: 900, kwh: 1 },
    };
  };
}

const topicOf = (here: Facts, { device }: Reading) => `${here.meters}/${device}/energy`;
export const totalTopic = (here: Facts, device: string) => `${here.totals}/${device}`;

const sameReading = (a: Reading, b: Readonly<Record<string, unknown>>) =>
  a.device === b['device'] && a.boot === b['boot'] && a.seq === b['seq'];

export function carries(entry: PacketEntry, reading: Reading): entry is Message {
  const { packet } = entry;
  if (packet.type !== 'PUBLISH') return false;
  try {
    return sameReading(reading, JSON.parse(payloadText(packet.payload) ?? ''));
  } catch {
    return false;
  }
}

/** Every PUBLISH that brought this reading to the program, copies included. */
export function deliveriesOf(recording: Recording<Facts>, reading: Reading): Message[] {
  return received(recording, 'PUBLISH').filter(
    entry => carries(entry, reading) && entry.fate !== 'dropped' && entry.fate !== 'lost',
  );
}

/** The totals that the program published for a device. */
export function totalsOf(recording: Recording<Facts>, device: string): Message[] {
  return sent(recording, 'PUBLISH').filter(
    ({ packet }) => packet.topic === totalTopic(recording.facts, device),
  );
}

/** The kwh of a total; undefined when it is no number. */
export function kwhOf(entry: Message): number | undefined {
  const kwh = readObject(entry)?.['kwh'];
  return typeof kwh === 'number' ? kwh : undefined;
}

export const totalOf = (entry: TraceEntry, here: Facts, device: string): entry is Message =>
  isFromProgram(entry, 'PUBLISH') && entry.packet.topic === totalTopic(here, device);

/** Starts the program and waits until its subscription stands. */
export async function ready(context: ScenarioContext, here: Facts): Promise<StartedProgram> {
  const program = await context.start({ env: variables(here) });
  await program.sends('SUBSCRIBE', { what: 'a SUBSCRIBE from your program' });
  await program.receives('SUBACK');
  return program;
}

export type Send = (reading: Reading) => Promise<void>;

export async function meters(context: ScenarioContext, here: Facts): Promise<Send> {
  const peer = await context.peer('meters');
  return reading => peer.publish(topicOf(here, reading), JSON.stringify(reading), { qos: 1 });
}

/** Sends the sentinel, waits for its total, and asks the program to stop: now every total is out. */
async function finish(context: ScenarioContext, here: Facts, program: StartedProgram, send: Send) {
  await send(here.sentinel);
  await context.until('the total of the meter that reported last', entry =>
    totalOf(entry, here, here.sentinel.device),
  );
  await program.stop();
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);

/** Two meters, one reading after the other, nothing twice. */
export const quietDay = scenario<Facts>('a quiet day', {
  facts: facts({ first: { seqs: from(11, 3) }, second: { seqs: from(61, 2) } }),
  run: async (context, here) => {
    const send = await meters(context, here);
    const program = await ready(context, here);
    const [a1, a2, a3] = here.readings['first'] as [Reading, Reading, Reading];
    const [b1, b2] = here.readings['second'] as [Reading, Reading];
    let missed = 0;
    for (const reading of [a1, b1, a2, a3, b2]) {
      missed += (await paced(context, here, send, reading)) ? 0 : 1;
      if (missed === 2) break;
    }
    await program.stop();
  },
});

function acknowledged(
  context: ScenarioContext,
  id: number | undefined,
  direction: string,
  connection: number,
) {
  const isIt = (entry: TraceEntry) =>
    isPacket(entry, 'PUBACK') &&
    entry.direction === direction &&
    entry.connection === connection &&
    entry.packet.id === id;
  return context.maybe(`PUBACK id=${id}`, isIt, 1000);
}

/** Waits until a reading and its total are acknowledged, so that the next one finds a quiet line. */
async function settled(context: ScenarioContext, reading: Reading, total: Message): Promise<void> {
  const delivery = context.tap.entries.find(
    (one): one is Message =>
      one.kind === 'packet' &&
      one.who === 'program' &&
      one.direction === 'to-client' &&
      carries(one, reading),
  );
  if (delivery?.packet.qos === 1)
    await acknowledged(context, delivery.packet.id, 'to-broker', delivery.connection);
  if (total.packet.qos === 1)
    await acknowledged(context, total.packet.id, 'to-client', total.connection);
}

/** One reading comes twice, with its identifier and DUP; a new one comes with DUP only. */
export const flags = scenario<Facts>('DUP set', {
  facts: facts({ repeated: { seqs: from(21, 3) }, flagged: { seqs: from(71, 3) } }),
  run: async (context, here) => {
    const { repeated = [], flagged = [] } = here.readings;
    const strikes = (reading: Reading | undefined) => (entry: PacketEntry) =>
      reading !== undefined && carries(entry, reading);
    const rule = { who: 'program', direction: 'to-client' } as const;
    context.tap.rule({
      ...rule,
      when: strikes(repeated[1]),
      do: duplicate({ dup: true, id: 'same' }),
    });
    context.tap.rule({ ...rule, when: strikes(flagged[1]), do: setFlags({ dup: true }) });
    const send = await meters(context, here);
    const program = await ready(context, here);
    for (const reading of [...repeated, ...flagged]) await send(reading);
    await finish(context, here, program, send);
  },
});

/** A meter that repeats itself, two that count alike, one that is late, one that starts again. */
export const manyMeters = scenario<Facts>('many meters', {
  facts: random => {
    const here = facts({
      stutters: { seqs: from(101, 4) },
      left: { seqs: from(201, 3) },
      right: { seqs: from(202, 3) },
      late: { seqs: [301, 302, 304, 305, 303] },
      restarts: { seqs: [1, 2, 3, 1, 2] },
    })(random);
    const restarts = (here.readings['restarts'] ?? []).map((one, at) => ({
      ...one,
      boot: at < 3 ? one.boot : one.boot + 1,
    }));
    return { ...here, readings: { ...here.readings, restarts } };
  },
  run: async (context, here) => {
    const send = await meters(context, here);
    const program = await ready(context, here);
    const { stutters = [], left = [], right = [], late = [], restarts = [] } = here.readings;
    const [s1, s2, s3, s4] = stutters;
    const stuttering = [s1, s2, s3, s2, s4];
    for (let at = 0; at < 5; at++) {
      for (const list of [stuttering, left, right, late, restarts]) {
        const reading = list[at];
        if (reading) await send(reading);
      }
    }
    await finish(context, here, program, send);
  },
});

/** Milliseconds after which a copy still is one: more than a short memory lasts. */
const LATER_MS = 2100;

/**
 * Two readings under one packet identifier: the first is acknowledged before the second comes. Beside
 * them another meter repeats its reading after a while.
 */
export const reusedId = scenario<Facts>('packet identifier used again', {
  facts: facts({ meter: { seqs: from(31, 3) }, slow: { seqs: [81] } }),
  run: async (context, here) => {
    const send = await meters(context, here);
    const program = await ready(context, here);
    const [slow] = here.readings['slow'] as [Reading];
    await send(slow);
    const began = context.now();
    const suback = await program.receives('SUBACK');
    for (const [at, reading] of (here.readings['meter'] ?? []).entries()) {
      const text = JSON.stringify(reading);
      context.tap.inject(suback.connection, 'to-client', {
        type: 'PUBLISH',
        topic: topicOf(here, reading),
        payload: { bytes: Buffer.byteLength(text), text },
        qos: 1,
        id: reusedIdentifier,
        dup: false,
        retain: false,
      });
      await program.sends('PUBACK', {
        what: `the PUBACK of reading ${reading.seq}`,
        when: entry => entry.packet.id === reusedIdentifier,
        nth: at + 1,
      });
    }
    await context.protocolTime(Math.max(0, began + LATER_MS - context.now()));
    await send(slow);
    await finish(context, here, program, send);
  },
});

/** Far from those that the broker gives out. */
export const reusedIdentifier = 4711;

/** Feeds a reading and waits until it and its total are acknowledged, as far as they come at all. */
async function paced(
  context: ScenarioContext,
  here: Facts,
  send: Send,
  reading: Reading,
): Promise<boolean> {
  const before = context.tap.entries.length;
  await send(reading);
  const total = await nextTotal(context, here, reading, before);
  if (total) await settled(context, reading, total);
  return total !== undefined;
}

async function nextTotal(
  context: ScenarioContext,
  here: Facts,
  { device, seq }: Reading,
  before: number,
) {
  const isNew = (entry: TraceEntry) =>
    totalOf(entry, here, device) && context.tap.entries.indexOf(entry) >= before;
  return (await context.maybe(`a total after the reading ${seq}`, isNew, 1500)) as
    | Message
    | undefined;
}

/**
 * The PUBACK of the second reading never arrives: the connection breaks. The third reading comes to
 * the broker before the program is back.
 */
export const lostPuback = scenario<Facts>('lost PUBACK', {
  facts: facts({ meter: { seqs: from(41, 3) } }),
  run: async (context, here) => {
    const [first, second, third] = here.readings['meter'] as [Reading, Reading, Reading];
    const delivered = (reading: Reading) => (entry: TraceEntry) =>
      isPacket(entry, 'PUBLISH') &&
      entry.who === 'program' &&
      entry.direction === 'to-client' &&
      carries(entry, reading);
    const answersSecond = (entry: PacketEntry) =>
      isPacket(entry, 'PUBACK') &&
      context.tap.entries.some(
        one =>
          one.kind === 'packet' &&
          delivered(second)(one) &&
          one.connection === entry.connection &&
          'id' in one.packet &&
          one.packet.id === entry.packet.id,
      );
    const puback = context.tap.rule({
      who: 'program',
      direction: 'to-broker',
      when: answersSecond,
      do: withhold(),
    });
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK' && puback.applied > 0,
      do: stall(),
    });
    const send = await meters(context, here);
    const program = await ready(context, here);
    await paced(context, here, send, first);
    const before = context.tap.entries.length;
    await send(second);
    const struck = (await context.until(
      `the PUBACK of reading ${second.seq}`,
      entry => entry.kind === 'packet' && entry.fate === 'withheld' && answersSecond(entry),
    )) as PacketEntry;
    const total = await nextTotal(context, here, second, before);
    if (total) await acknowledged(context, total.packet.id, 'to-client', total.connection);
    context.tap.cut(struck.connection);
    await send(third);
    // Nothing reaches the program before the broker has all of it on the way.
    await context.until('a new connection', () => connack.applied > 0, 5000);
    await context.maybe(`reading ${third.seq} on the new connection`, delivered(third), 1000);
    const after = context.tap.entries.length;
    connack.release();
    const last = await nextTotal(context, here, third, after);
    if (last) await settled(context, third, last);
    await finish(context, here, program, send);
  },
});
