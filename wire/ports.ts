import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/*
 * Ports that are ours even while nobody listens on them. A port that the system hands out belongs to
 * whoever asks next as soon as it is shut: a program that dials it again, as it should, would reach
 * another check. These lie below what systems hand out by themselves (Linux from 32768, others from
 * 49152), and each thread of each process has a part of them to itself: who listens on the first
 * port of a part has that part.
 */
const LOWEST = 20_000;
const PART = 250;
const PARTS = 48;

const taken = new Set<number>();
let last = randomInt(PART);
let part: Promise<number | undefined> | undefined;

/** @returns the first port of a part that is now this thread's, until it ends; undefined: none is left */
async function claimPart(): Promise<number | undefined> {
  const start = randomInt(PARTS);
  for (let tried = 0; tried < PARTS; tried++) {
    const first = LOWEST + ((start + tried) % PARTS) * PART;
    if (await holds(first)) return first;
  }
  return undefined;
}

function holds(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer(socket => socket.destroy());
    server.on('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true));
    // Held as long as there is something to do.
    server.unref();
  });
}

/** A port that nobody else has; the one that was given back last comes again last. */
export async function takePort(): Promise<number | undefined> {
  part ??= claimPart();
  const first = await part;
  if (first === undefined) return undefined;
  for (let tried = 1; tried < PART; tried++) {
    last = (last % (PART - 1)) + 1;
    const port = first + last;
    if (taken.has(port)) continue;
    taken.add(port);
    return port;
  }
  return undefined;
}

/** @param port one that `takePort` gave; others are let be */
export function givePortBack(port: number): void {
  taken.delete(port);
}
