/** The waits of a scenario: each is for an event, and ends early when nothing is left to bring it. */
import type { Direction, Tap, TraceEntry } from '../../wire/index.js';
import type { RunningProgram } from '../program/run.js';
import { type Await, DEADLINE_MS } from './context.js';
import { type StallWatch, within } from './deadline.js';
import { allAtRest, type RestSetup } from './quiescence.js';
import { isPacket, type PacketOf, type PacketType } from './recording.js';

/** Ends a scenario early: what it waited for did not come. The checks judge what was recorded. */
export class GaveUp extends Error {
  constructor(
    readonly waitedFor: string,
    readonly afterMs: number,
    /** Not the deadline ended it: it was known that nothing would come. */
    readonly atRest: boolean,
  ) {
    super(`waited for ${waitedFor}`);
  }
}

/** What the waits have to know of the context. */
export interface Waiters {
  readonly tap: Tap;
  readonly now: () => number;
  readonly stallWatch: StallWatch;
  readonly running: ReadonlySet<RunningProgram>;
  /** Whether a program has ended already. */
  readonly anyEnded: () => boolean;
  readonly rest: RestSetup;
}

/** A wait shorter than this is not worth a look at the programs. */
const FIRST_LOOK_MS = 40;

/** The waits of one scenario. `programEnded` is to be called whenever a program has ended. */
export function createWaits({ tap, now, stallWatch, running, anyEnded, rest }: Waiters) {
  /** Called when a program has ended: perhaps none is left that could still do something. */
  const wakeups = new Set<() => void>();

  /** Waits for an event; gives up when the deadline passes or no program is left to make it happen. */
  async function awaits<T>(
    what: string,
    event: Promise<T>,
    ms: number,
    needsProgram: boolean,
  ): Promise<T> {
    const from = now();
    let value: { got: T } | undefined;
    const got = event.then(result => {
      value = { got: result };
    });
    let nobodyLeft: (() => void) | undefined;
    const abandoned = new Promise<void>(resolve => {
      if (!needsProgram) return;
      nobodyLeft = () => {
        if (running.size === 0) resolve();
      };
      wakeups.add(nobodyLeft);
      if (anyEnded()) nobodyLeft();
    });
    // When the last program has ended, what it sent may still be on its way through the tap.
    const settled = abandoned.then(() => within(300, got, now, stallWatch));
    const over = new AbortController();
    let quiet = false;
    const atRest = needsProgram
      ? nothingComes(ms, over.signal).then(known => {
          quiet = known;
        })
      : new Promise<never>(() => undefined);
    try {
      await within(ms, Promise.race([got, settled, atRest]), now, stallWatch);
    } finally {
      over.abort();
      if (nobodyLeft) wakeups.delete(nobodyLeft);
    }
    if (value) return value.got;
    throw new GaveUp(what, now() - from, quiet);
  }

  /** Resolves with true once it is known that nothing will happen in this time; else not before the signal. */
  async function nothingComes(ms: number, signal: AbortSignal): Promise<boolean> {
    const from = now();
    await new Promise(resolve => {
      setTimeout(resolve, FIRST_LOOK_MS).unref();
    });
    if (await allAtRest(rest, () => from + ms - now(), signal)) return true;
    return new Promise(() => undefined);
  }

  async function awaitEntry(
    what: string,
    when: (entry: TraceEntry) => boolean,
    ms = DEADLINE_MS,
    needsProgram = true,
  ): Promise<TraceEntry> {
    const aborter = new AbortController();
    const event = tap.until(when, { signal: aborter.signal });
    event.catch(() => undefined);
    try {
      return await awaits(what, event, ms, needsProgram);
    } finally {
      aborter.abort();
    }
  }

  async function awaitPacket<Type extends PacketType>(
    who: string,
    direction: Direction,
    type: Type,
    wanted: Await<Type> = {},
  ): Promise<PacketOf<Type>> {
    let countdown = wanted.nth ?? 1;
    const seen = new Set<number>();
    const found = await awaitEntry(
      wanted.what ??
        `${/^[AEIOU]/.test(type) ? 'an' : 'a'} ${type} ${direction === 'to-broker' ? 'from' : 'to'} the program`,
      entry => {
        if (!isPacket(entry, type) || entry.who !== who || entry.direction !== direction)
          return false;
        if (direction === 'to-broker' && entry.madeByTap) return false;
        if (wanted.after && entry.n <= wanted.after.n) return false;
        if (wanted.when && !wanted.when(entry)) return false;
        if (seen.has(entry.n)) return false;
        seen.add(entry.n);
        countdown -= 1;
        return countdown === 0;
      },
      wanted.within,
    );
    return found as PacketOf<Type>;
  }

  async function maybe(
    what: string,
    when: (entry: TraceEntry) => boolean,
    ms?: number,
  ): Promise<TraceEntry | undefined> {
    try {
      return await awaitEntry(what, when, ms);
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error;
      tap.note('not-seen', notSeen(error));
      return undefined;
    }
  }

  return {
    awaits,
    awaitEntry,
    awaitPacket,
    maybe,
    nothingComes,
    programEnded: () => {
      for (const wake of wakeups) wake();
    },
  };
}

/** What a note says of something that did not come. */
export function notSeen({ waitedFor, afterMs, atRest }: GaveUp): string {
  const waited = `${(afterMs / 1000).toFixed(1)} s`;
  return atRest
    ? `asleep after ${waited}, and no timer of it due: waited for ${waitedFor}`
    : `waited ${waited} for ${waitedFor}`;
}
