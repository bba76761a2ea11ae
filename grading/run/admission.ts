import { availableParallelism, cpus, freemem } from 'node:os';

/** What an engine says of itself, and what was given to it since. */
export interface EngineState {
  /** Jobs that it has. */
  readonly jobs: number;
  /** Of these, the ones that it said to be compiled or written down, and those that it has not spoken of. */
  readonly preparing: number;
  /** Scenarios that are played, and that wait for their turn. */
  readonly playing: number;
  readonly waiting: number;
  readonly lateMs: number;
  readonly rssMiB: number;
}

/** What the machine has left. */
export interface MachineState {
  /** Share of its processors that had nothing to do lately: 0 to 1. */
  readonly idle: number;
  readonly freeMiB: number;
}

/** Scenarios at once in an engine, and of those that mostly wait for protocol time. */
export const SCENARIOS = 8;
export const THAT_WAIT = 8;
/** Memory of one scenario's programs, with what is around them, MiB: measured. */
const SCENARIO_MIB = 45;
/** What one grading may take of the memory in all, and what it leaves for others. */
const MOST_MIB = 1350;
const SPARE_MIB = 300;
/** An engine never has fewer than this for want of processors: others may use them for ever. */
const ALWAYS = 2;
/** Jobs of an engine that are compiled at once. */
const PREPARING = 2;
/** With less than this share of the processors idle, nothing more is begun. */
const IDLE = 0.08;
/** An engine that is later than this has enough to do. */
const LATE_MS = 60;

/**
 * Which engine takes the next job, by its index; undefined while none should. What counts is the
 * processor time and the memory that are left, not a number of jobs: while some only wait for a timer,
 * others start. What is begun must not make the deadlines of what runs a verdict about the machine.
 */
export function engineForNext(
  engines: readonly EngineState[],
  machine: MachineState,
): number | undefined {
  const used = engines.reduce((sum, one) => sum + one.rssMiB + roomOf(one), 0);
  const memoryLeft = used < MOST_MIB && machine.freeMiB > SPARE_MIB;
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, one] of engines.entries()) {
    const mayTake =
      one.jobs === 0 ||
      (memoryLeft &&
        one.preparing < PREPARING &&
        one.waiting === 0 &&
        (one.jobs < ALWAYS || (machine.idle > IDLE && one.lateMs < LATE_MS)));
    const work = one.playing + one.preparing * 3;
    if (mayTake && work < least) {
      best = index;
      least = work;
    }
  }
  return best;
}

/** What its scenarios take, those included that will soon be played. */
const roomOf = ({ playing, preparing }: EngineState) =>
  Math.min(playing + preparing * 3, SCENARIOS + THAT_WAIT) * SCENARIO_MIB;

/** Looks at the machine; to be asked again and again. */
export function watchMachine(): () => MachineState {
  const times = () => {
    const all = cpus().map(({ times: one }) => one);
    const idle = all.reduce((sum, one) => sum + one.idle, 0);
    const total = all.reduce(
      (sum, one) => sum + one.idle + one.user + one.sys + one.nice + one.irq,
      0,
    );
    return { idle, total, at: performance.now() };
  };
  let before = times();
  let idle = 1;
  return () => {
    // The system counts in ticks of ten milliseconds.
    if (performance.now() - before.at > 200) {
      const now = times();
      const passed = now.total - before.total;
      if (passed > 0) idle = (now.idle - before.idle) / passed;
      before = now;
    }
    return { idle, freeMiB: freemem() / (1 << 20) };
  };
}

/** Engines that this machine takes: one for each processor, where there is the memory. */
export function enginesHere(): number {
  const byMemory = Math.floor(freemem() / (1 << 20) / 500);
  return Math.max(1, Math.min(availableParallelism(), byMemory));
}
