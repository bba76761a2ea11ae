import { randomInt } from 'node:crypto';
import { threadId } from 'node:worker_threads';

/*
 * Ports that are ours even while nobody listens on them. A port that the system hands out belongs to
 * whoever asks next as soon as it is shut: a program that dials it again, as it should, would reach
 * another check. These lie below what systems hand out by themselves (Linux from 32768, others from
 * 49152), and each thread of each process takes its own part of them.
 */
const LOWEST = 20_000;
const PART = 500;
const PARTS = 24;

const from = LOWEST + ((process.pid * 5 + threadId) % PARTS) * PART;
const taken = new Set<number>();
let last = randomInt(PART);

/** A port that nobody else in this thread has; the one that was given back last comes again last. */
export function takePort(): number | undefined {
  for (let tried = 0; tried < PART; tried++) {
    last = (last + 1) % PART;
    const port = from + last;
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
