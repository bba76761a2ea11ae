import { availableParallelism } from 'node:os';
import type { ProgramSpec } from '../program/spec.js';
import { judge, look, type ProvisionalVerdict, type Recordings } from './judge.js';
import { type Lesson, lessonScenarios, scenariosOf } from './lesson.js';
import type { ContextSettings } from './open-context.js';
import { perform } from './perform.js';
import type { Recording } from './recording.js';
import type { Verdict } from './result.js';
import type { ScenarioDefinition } from './scenario.js';

/** One program being checked against one lesson. */
export interface LessonRun {
  /** The check by itself, as soon as its scenarios are recorded. */
  first(checkId: string): Promise<ProvisionalVerdict>;
  /** All verdicts, when everything is recorded. */
  verdicts(): Promise<Verdict[]>;
  recordings(): Promise<Recordings>;
}

/** Starts all scenarios of a lesson (as many at once as the machine takes) with one program. */
export function runLesson(
  lesson: Lesson,
  spec: ProgramSpec,
  settings: ContextSettings = {},
): LessonRun {
  const recording = new Map<string, Promise<Recording>>();
  for (const definition of lessonScenarios(lesson)) {
    recording.set(
      definition.name,
      slot(definition.waits ? waiters : workers, () =>
        performUntilTold(lesson, definition, spec, settings),
      ),
    );
  }
  const gather = async (
    definitions: readonly ScenarioDefinition<unknown>[],
  ): Promise<Recordings> => {
    const pairs = definitions.map(async ({ name }) => [name, await recording.get(name)] as const);
    return Object.fromEntries(await Promise.all(pairs)) as Recordings;
  };
  const all = () => gather(lessonScenarios(lesson));
  let judged: Promise<Verdict[]> | undefined;
  return {
    first: async id => {
      const check = lesson.checks.find(one => one.id === id);
      if (!check) throw new Error(`${lesson.id} has no check ${id}`);
      return look(check, await gather(scenariosOf(check)));
    },
    verdicts: () => {
      judged ??= all().then(recordings =>
        judge(lesson, recordings, { source: spec.source, track: spec.track }),
      );
      return judged;
    },
    recordings: all,
  };
}

/** How often a scenario is played when nothing can be told from it: a busy moment passes. */
const ATTEMPTS = 3;
/** When nothing at all ran for so long, the machine was asleep, and every timer of it is wrong. */
const ASLEEP_MS = 2000;

/** Whether the machine stood still in the middle of it: a lid that was closed, a halted guest. */
function wasAsleep({ stalls }: Pick<Recording, 'stalls'>): boolean {
  return stalls.some(({ from, to }) => to - from > ASLEEP_MS);
}

/** Plays a scenario; again, with the same seed, while a check of it cannot tell. */
export async function performUntilTold(
  lesson: Lesson,
  definition: ScenarioDefinition<unknown>,
  spec: ProgramSpec,
  settings: ContextSettings,
): Promise<Recording> {
  const checks = lesson.checks.filter(check => scenariosOf(check).includes(definition));
  let recording = await perform(definition, spec, settings);
  for (let attempt = 2; attempt <= ATTEMPTS && !settings.signal?.aborted; attempt++) {
    const told = checks.every(
      check =>
        look({ ...check, on: definition }, { [definition.name]: recording }).status !== 'unknown',
    );
    if (told && !wasAsleep(recording)) break;
    recording = await perform(definition, spec, settings);
  }
  return recording;
}

interface Pool {
  free: number;
  readonly waiting: (() => void)[];
}

/**
 * Scenarios at once in this process: enough to use the processors while some only wait for
 * protocol time, few enough that a deadline means something.
 */
const workers: Pool = { free: Math.max(4, availableParallelism() * 3), waiting: [] };
/** Those that do little but wait for seconds on end. */
const waiters: Pool = { free: workers.free * 2, waiting: [] };

async function slot<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  if (pool.free === 0) await new Promise<void>(resolve => pool.waiting.push(resolve));
  else pool.free -= 1;
  try {
    return await work();
  } finally {
    const next = pool.waiting.shift();
    if (next) next();
    else pool.free += 1;
  }
}
