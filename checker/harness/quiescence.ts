import { readFile } from 'node:fs/promises';
import type { PacketEntry, Tap, TraceEntry } from '../../wire/index.js';
import type { RunningProgram } from '../program/run.js';
import { type StallWatch, within } from './deadline.js';

/** How long a line may take to come to rest before the stop is asked for anyway. */
const REST_DEADLINE_MS = 400;
const LOOK_AGAIN_MS = 4;

/**
 * Waits until nothing is on its way to a program: its messages are acknowledged, and it has read
 * what was written to it. A program that closes its socket with unread bytes in it makes the system
 * reset the connection, and the DISCONNECT it has just sent is lost with that (paho-mqtt 1.6 and 2.1
 * close right after DISCONNECT). It would be told that it left without a goodbye.
 */
export async function untilQuiescent(
  tap: Tap,
  who: string,
  port: number,
  now: () => number,
  stallWatch: StallWatch,
  socketTable?: string,
): Promise<void> {
  let waiting = true;
  const look = async () => {
    while (
      waiting &&
      (owesAnswer(tap.entries, AT_STOP, who) || (await hasUnread(port, socketTable)))
    ) {
      await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  };
  await within(REST_DEADLINE_MS, look(), now, stallWatch);
  waiting = false;
}

/** Looks that must agree, and the time between them. */
const LOOKS = 4;
const BETWEEN_LOOKS_MS = 15;
/** A program that has a timer of its own need not be looked at that often. */
const LONG_BETWEEN_MS = 60;
/** A broker in another process could still be about to act, and does not say so. */
const FOREIGN_BROKER_MS = 1000;
/** What a keep-alive timer may be late by, milliseconds. */
const KEEP_ALIVE_SLACK_MS = 1500;

/** What has to be known to say that nothing will happen any more. */
export interface RestSetup {
  readonly tap: Tap;
  readonly running: () => readonly Pick<RunningProgram, 'name' | 'rest' | 'confirmRest'>[];
  readonly now: () => number;
  /** Whether the scenario itself has something under way that nobody can see. */
  readonly scenarioIsBusy: () => boolean;
  /** Bytes that a program has not read. */
  readonly hasUnread: () => Promise<boolean>;
  readonly ownBroker: () => boolean;
}

/**
 * Resolves with true once it is known that nothing will happen until the end of a wait: every
 * program is at rest, nothing is on its way to it, no answer is owed to it, no timer of the broker
 * or the tap is due. Several looks agree, and the trace does not grow meanwhile. With false when
 * `signal` is aborted first.
 * @param leftMs milliseconds until the wait ends anyway
 */
export async function allAtRest(
  setup: RestSetup,
  leftMs: () => number,
  signal: AbortSignal,
): Promise<boolean> {
  const { tap, running, now } = setup;
  let agreed = 0;
  let since = now();
  let seen = '';
  for (let looks = 0; !signal.aborted; looks++) {
    const programs = running();
    const left = leftMs();
    // A look reads dozens of small files: none while something else is known to go on.
    const quiet = left > 0 && programs.length > 0 && !setup.scenarioIsBusy() && !tap.busy();
    const all = quiet ? programs.map(one => one.rest()) : [];
    const asleep = quiet && all.every(one => one.ms > left);
    const state = asleep ? `${tap.entries.length} ${all.map(one => one.ran).join('|')}` : '';
    if (state === '' || state !== seen) {
      agreed = 0;
      since = now();
    } else agreed += 1;
    seen = state;
    const enough = agreed >= LOOKS && (setup.ownBroker() || now() - since >= FOREIGN_BROKER_MS);
    if (
      enough &&
      !owesAnswer(tap.entries, EVERYTHING) &&
      keepAliveSleepsMs(tap.entries, now()) > left &&
      programs.every(one => one.confirmRest()) &&
      !(await setup.hasUnread())
    )
      return true;
    // What is still open after looks that agree is a matter of seconds, not of the next moment.
    const soon = asleep ? agreed < LOOKS : looks < 20;
    const pause = soon ? BETWEEN_LOOKS_MS : LONG_BETWEEN_MS;
    await new Promise(resolve => setTimeout(resolve, pause).unref());
  }
  return false;
}

/**
 * How long no keep-alive is due. The broker closes a connection that is silent for 1.5 times its
 * keep-alive; a client that pings and hears nothing gives up after twice that time, also when the
 * broker has closed a connection behind a black hole. A ping in time changes nothing.
 */
function keepAliveSleepsMs(entries: readonly TraceEntry[], now: number): number {
  const alive = new Map<number, { keepAlive: number | undefined; last: number }>();
  const dark = new Set<number>();
  for (const entry of entries) {
    if (entry.kind === 'fault' && entry.fault === 'blackhole' && entry.connection !== undefined)
      dark.add(entry.connection);
    if (entry.kind === 'connection') {
      const { connection, event } = entry;
      if (event === 'opened') alive.set(connection, { keepAlive: undefined, last: entry.t });
      // Behind a black hole the other side does not learn of a close.
      else if (!dark.has(connection)) alive.delete(connection);
    }
    if (entry.kind !== 'packet') continue;
    const one = alive.get(entry.connection);
    if (!one) continue;
    one.last = entry.t;
    if (entry.packet.type === 'CONNECT') one.keepAlive = entry.packet.keepalive;
  }
  let least = Number.POSITIVE_INFINITY;
  for (const { keepAlive, last } of alive.values()) {
    // Before CONNECT it is the broker's patience that ends: not known here.
    if (keepAlive === undefined) return 0;
    if (keepAlive > 0) least = Math.min(least, last + keepAlive * 2000 + KEEP_ALIVE_SLACK_MS - now);
  }
  return least;
}

/**
 * Whether the broker has yet to answer what the tap passed on.
 * @param asking the packets that want an answer
 * @param who only what this program sent
 */
function owesAnswer(
  entries: readonly TraceEntry[],
  asking: Readonly<Partial<Record<PacketEntry['packet']['type'], string>>>,
  who?: string,
): boolean {
  const open = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind === 'connection' && entry.event === 'closed') {
      for (const [key, connection] of open) if (connection === entry.connection) open.delete(key);
    }
    if (entry.kind !== 'packet' || (who !== undefined && entry.who !== who)) continue;
    const { connection, direction, fate, packet } = entry;
    const id = 'id' in packet ? packet.id : '';
    if (direction === 'to-client') {
      // Whatever became of the answer: one that a fault keeps back is not waited for.
      open.delete(`${connection}/${packet.type}/${id}`);
      continue;
    }
    const answer =
      packet.type === 'PUBLISH'
        ? [undefined, 'PUBACK', 'PUBCOMP'][packet.qos]
        : asking[packet.type];
    if (answer !== undefined && fate === 'forwarded')
      open.set(`${connection}/${answer}/${id}`, connection);
  }
  return open.size > 0;
}

/** What is waited for before a program is asked to stop. */
const AT_STOP = { SUBSCRIBE: 'SUBACK' } as const;
const EVERYTHING = {
  CONNECT: 'CONNACK',
  SUBSCRIBE: 'SUBACK',
  UNSUBSCRIBE: 'UNSUBACK',
  PINGREQ: 'PINGRESP',
} as const;

/** Whether a program's connection to this port has bytes that it has not read. False where the system does not tell. */
export async function hasUnread(port: number, socketTable?: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const first = socketsAt(await tableOf(socketTable ?? '/proc/net/tcp'), port);
  if (first.unread || socketTable !== undefined) return first.unread;
  // A client whose socket is one of IPv6 is in the other table; the end that we hold may be here.
  if (first.clients > 0 && first.clients === first.accepted) return false;
  return socketsAt(await tableOf('/proc/net/tcp6'), port).unread;
}

/** States of a socket that belongs to no connection, or no more: TIME_WAIT and LISTEN. */
const NO_CONNECTION = new Set(['06', '0A']);

/** What a table of the system says of the connections to a port. */
export function socketsAt(table: string, port: number) {
  const ours = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found = { clients: 0, accepted: 0, unread: false };
  for (const line of table.split('\n')) {
    if (!line.includes(ours)) continue;
    const [, from, to, state, queues] = line.trim().split(/\s+/);
    if (to?.endsWith(ours) && queues !== undefined && !queues.endsWith(':00000000'))
      found.unread = true;
    if (state === undefined || NO_CONNECTION.has(state)) continue;
    if (to?.endsWith(ours)) found.clients += 1;
    if (from?.endsWith(ours)) found.accepted += 1;
  }
  return found;
}

/**
 * The system goes through all places for sockets it has, used or not: milliseconds. So those who ask
 * while a table is being read share the next reading, which begins after they asked.
 */
const reading = new Map<string, { now: Promise<string>; next?: Promise<string> }>();

function tableOf(file: string): Promise<string> {
  const going = reading.get(file);
  if (!going) {
    const now = readFile(file, 'latin1').catch(() => '');
    const one: { now: Promise<string>; next?: Promise<string> } = { now };
    reading.set(file, one);
    now.then(() => {
      if (reading.get(file) === one) reading.delete(file);
    });
    return now;
  }
  going.next ??= going.now.then(() => {
    reading.delete(file);
    return tableOf(file);
  });
  return going.next;
}

/** Resolves when no connection of that name is open. */
export async function whenClosed(tap: Tap, who: string): Promise<void> {
  const open = () => tap.connections().filter(one => one.open && one.who === who);
  for (const { connection } of open()) {
    await tap.until(
      entry =>
        entry.kind === 'connection' && entry.connection === connection && entry.event === 'closed',
    );
  }
}
