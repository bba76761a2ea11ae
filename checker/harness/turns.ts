import { availableParallelism } from 'node:os';

/**
 * Scenarios at once in this thread: enough to use the processors while some only wait for protocol
 * time, few enough that a deadline means something.
 */
interface Room {
  free: number;
  readonly waiting: (() => void)[];
}

const working: Room = { free: Math.max(4, availableParallelism() * 3), waiting: [] };
/** Those that do little but wait for seconds on end. */
const idling: Room = { free: working.free * 2, waiting: [] };
let playing = 0;

/** Other numbers than the usual ones, for a thread that is not alone. */
export function setRoom(scenarios: number, thatWait: number): void {
  working.free = scenarios;
  idling.free = thatWait;
}

/** Plays a scenario when its turn comes, in the order of asking. */
export async function inTurn<T>(waits: boolean, play: () => Promise<T>): Promise<T> {
  const room = waits ? idling : working;
  if (room.free === 0) await new Promise<void>(resolve => room.waiting.push(resolve));
  else room.free -= 1;
  playing += 1;
  try {
    return await play();
  } finally {
    playing -= 1;
    const next = room.waiting.shift();
    if (next) next();
    else room.free += 1;
  }
}

/** Scenarios that are played in this thread, and those that wait for their turn. */
export function scenariosHere(): { readonly playing: number; readonly waiting: number } {
  return { playing, waiting: working.waiting.length + idling.waiting.length };
}
