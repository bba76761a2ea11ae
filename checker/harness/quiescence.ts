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
  socketTable = '/proc/net/tcp',
): Promise<void> {
  let waiting = true;
  const look = async () => {
    while (waiting && (owesAnswer(tap.entries, who) || (await hasUnread(port, socketTable)))) {
      await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  };
  await within(REST_DEADLINE_MS, look(), now, stallWatch);
  waiting = false;
}

/** Looks that must agree, and the time between them. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 12;

/**
 * Resolves with true once no program will do anything for the rest of a wait unless something comes
 * to it, and nothing is on its way: several looks agree, and the trace does not grow meanwhile.
 * With false when `signal` is aborted first.
 */
export async function allAsleep(
  tap: Tap,
  programs: () => readonly Pick<RunningProgram, 'asleepMs'>[],
  leftMs: () => number,
  signal: AbortSignal,
): Promise<boolean> {
  let agreed = 0;
  let entries = tap.entries.length;
  for (let looks = 0; !signal.aborted; looks++) {
    const now = tap.entries.length;
    const asleep = programs();
    const left = leftMs();
    agreed =
      now === entries && asleep.length > 0 && asleep.every(one => one.asleepMs() > left)
        ? agreed + 1
        : 0;
    entries = now;
    if (agreed >= LOOKS) return true;
    // A program with a timer of its own keeps us waiting; it need not be looked at that often.
    const pause = looks < 20 ? BETWEEN_LOOKS_MS : BETWEEN_LOOKS_MS * 5;
    await new Promise(resolve => setTimeout(resolve, pause));
  }
  return false;
}

/** Whether the broker has yet to acknowledge a message that the tap passed on. */
function owesAnswer(entries: readonly TraceEntry[], who: string): boolean {
  const open = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'connection' && entry.event === 'closed') {
      for (const key of open) if (key.startsWith(`${entry.connection}/`)) open.delete(key);
    }
    if (entry.kind !== 'packet' || entry.who !== who) continue;
    const key = `${entry.connection}/${'id' in entry.packet ? entry.packet.id : ''}`;
    if (asks(entry)) open.add(key);
    else if (answers(entry)) open.delete(key);
  }
  return open.size > 0;
}

function asks({ direction, fate, packet }: PacketEntry): boolean {
  return (
    direction === 'to-broker' &&
    fate === 'forwarded' &&
    (packet.type === 'SUBSCRIBE' || (packet.type === 'PUBLISH' && packet.qos > 0))
  );
}

/** Whatever became of the answer: one that a fault keeps back is not waited for. */
function answers({ direction, packet }: PacketEntry): boolean {
  return direction === 'to-client' && /^(PUBACK|PUBCOMP|SUBACK)$/.test(packet.type);
}

/** Whether a program's connection to this port has bytes that it has not read. False where the system does not tell. */
async function hasUnread(port: number, socketTable: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const table = await readFile(socketTable, 'latin1').catch(() => '');
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').some(line => {
    const [, , to, , queues] = line.trim().split(/\s+/);
    return to?.endsWith(remote) && queues !== undefined && !queues.endsWith(':00000000');
  });
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
