import { availableParallelism, cpus } from 'node:os';

/*
 * How many scenarios are under way in this process. Most of a scenario is waiting: for a program that
 * starts, for a timer of the protocol. So what limits them is the processors: a few always run, and
 * more for as long as the processors have time left.
 */

interface Queue {
  always: number;
  running: number;
  readonly waiting: (() => void)[];
}

const processors = availableParallelism();
/** Few enough that a deadline means something on a machine that is busy with other work. */
const working: Queue = { always: Math.max(4, processors * 3), running: 0, waiting: [] };
/** Those that do little but wait for seconds on end. */
const idling: Queue = { always: working.always * 2, running: 0, waiting: [] };
/** More than this are no help: each has a broker and one or more programs in memory. */
let most = processors * 16;

/** Says how many threads do this beside each other; each takes its part. Default 1. */
export function shareProcessors(threads: number): void {
  const part = (all: number) => Math.ceil(all / Math.max(1, threads / processors));
  working.always = part(Math.max(4, processors * 3));
  idling.always = working.always * 2;
  most = part(processors * 16);
}

/** How often one more is let in, and how much of the processors must have been idle meanwhile. */
const LOOK_MS = 100;
const IDLE_SHARE = 0.2;

/** Other numbers than the usual ones, for a thread that is not alone. */
export function setRoom(scenarios: number, thatWait: number): void {
  working.always = scenarios;
  idling.always = thatWait;
  most = Math.max(most, scenarios + thatWait);
}

/** Scenarios that are played in this thread, and those that wait for their turn. */
export function scenariosHere(): { readonly playing: number; readonly waiting: number } {
  return {
    playing: working.running + idling.running,
    waiting: working.waiting.length + idling.waiting.length,
  };
}

/**
 * Does the work when its turn has come.
 * @param waits whether it mostly waits for timers of seconds
 */
export async function inTurn<T>(waits: boolean, work: () => Promise<T>): Promise<T> {
  const queue = waits ? idling : working;
  if (queue.running >= queue.always) {
    watch();
    await new Promise<void>(resolve => queue.waiting.push(resolve));
  } else queue.running += 1;
  try {
    return await work();
  } finally {
    queue.running -= 1;
    // One that was let in beyond the number is not followed by another one.
    if (queue.running < queue.always) letIn(queue);
  }
}

function letIn(queue: Queue): void {
  const next = queue.waiting.shift();
  if (!next) return;
  queue.running += 1;
  next();
}

let watching: NodeJS.Timeout | undefined;

/** Lets in one at a time while the processors have time left. */
function watch(): void {
  if (watching) return;
  let before = processorTime();
  watching = setInterval(() => {
    const queue = [working, idling].find(one => one.waiting.length > 0);
    if (!queue) {
      clearInterval(watching);
      watching = undefined;
      return;
    }
    const now = processorTime();
    const share = idleShare(before, now);
    before = now;
    if (share >= IDLE_SHARE && working.running + idling.running < most) letIn(queue);
  }, LOOK_MS);
  watching.unref();
}

/** What all processors of the machine did so far, milliseconds. */
interface ProcessorTime {
  readonly idle: number;
  readonly all: number;
}

function processorTime(): ProcessorTime {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  return { idle, all };
}

/** 0 where the system does not tell, or too little time has passed to tell. */
export function idleShare(before: ProcessorTime, now: ProcessorTime): number {
  const passed = now.all - before.all;
  return passed > 0 ? (now.idle - before.idle) / passed : 0;
}
