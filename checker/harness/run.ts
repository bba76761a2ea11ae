import type { ProgramSpec } from '../program/spec.js';
import { isSettled, settlingScenarios } from './early.js';
import { certainFailure, type FirstFailure } from './first-failure.js';
import { judge, look, type ProvisionalVerdict, type Recordings } from './judge.js';
import { type Lesson, lessonScenarios, scenariosOf } from './lesson.js';
import type { ContextSettings } from './open-context.js';
import { perform } from './perform.js';
import type { Recording } from './recording.js';
import type { Verdict } from './result.js';
import type { ScenarioDefinition } from './scenario.js';
import { inTurn } from './turns.js';

/** One program being checked against one lesson. */
export interface LessonRun {
  /** The check by itself, as soon as its scenarios are recorded; undefined when they were not needed. */
  first(checkId: string): Promise<ProvisionalVerdict | undefined>;
  /** The first failure that is certain, as soon as it is; undefined when everything has passed or cannot be told. */
  firstFailure(): Promise<FirstFailure | undefined>;
  /** All verdicts, when everything is recorded that is needed: see `early.ts`. */
  verdicts(): Promise<Verdict[]>;
  recordings(): Promise<Recordings>;
}

/** Starts all scenarios of a lesson (as many at once as the machine takes) with one program. */
export function runLesson(
  lesson: Lesson,
  spec: ProgramSpec,
  settings: ContextSettings = {},
): LessonRun {
  const context = { source: spec.source, track: spec.track };
  const play = (definition: ScenarioDefinition<unknown>) =>
    inTurn(definition.waits ?? false, () => performUntilTold(lesson, definition, spec, settings));
  const recording = new Map<string, Promise<Recording | undefined>>();
  const gather = async (
    definitions: readonly ScenarioDefinition<unknown>[],
  ): Promise<Recordings> => {
    const pairs = definitions.map(async ({ name }) => [name, await recording.get(name)] as const);
    return Object.fromEntries(
      (await Promise.all(pairs)).filter(([, one]) => one !== undefined),
    ) as Recordings;
  };
  const { first, later } = settlingScenarios(lesson, spec.until);
  for (const definition of first) recording.set(definition.name, play(definition));
  const settled =
    later.length > 0 &&
    gather(first).then(recordings => isSettled(lesson, recordings, spec.until, context));
  for (const definition of later) {
    const played = Promise.resolve(settled).then(yes => (yes ? undefined : play(definition)));
    recording.set(definition.name, played);
  }
  const all = () => gather(lessonScenarios(lesson));
  let judged: Promise<Verdict[]> | undefined;
  return {
    first: async id => {
      const check = lesson.checks.find(one => one.id === id);
      if (!check) throw new Error(`${lesson.id} has no check ${id}`);
      const recordings = await gather(scenariosOf(check));
      if ((await settled) && !isPlayed(check, recordings)) return undefined;
      return look(check, recordings);
    },
    firstFailure: async () => {
      const known: Record<string, Recording> = {};
      const open = new Map(
        [...recording].map(([name, one]) => [name, one.then(played => ({ name, played }))]),
      );
      while (open.size > 0) {
        const { name, played } = await Promise.race(open.values());
        open.delete(name);
        if (!played) continue;
        known[name] = played;
        const failure = certainFailure(lesson, known, context);
        if (failure) return failure;
      }
      return undefined;
    },
    verdicts: () => {
      judged ??= all().then(async recordings => {
        const verdicts = judge(lesson, recordings, context);
        const open = (await settled)
          ? lesson.checks.filter(check => !isPlayed(check, recordings)).map(({ id }) => id)
          : [];
        return verdicts.filter(({ id }) => !open.includes(id));
      });
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

/** Of the time of a scenario, or in milliseconds: when more is lost to stalls, the machine had a part in it. */
const STRAINED_SHARE = 0.2;
const STRAINED_MS = 1000;

/**
 * Whether so much time was lost that a timer of the program may have come too late because of the
 * machine: a keep-alive of one second is missed by a stall of one.
 */
function wasStrained({ stalls, trace }: Pick<Recording, 'stalls' | 'trace'>): boolean {
  const lost = stalls.reduce((sum, { from, to }) => sum + to - from, 0);
  const lasted = trace.entries.at(-1)?.t ?? 0;
  return lost > Math.min(STRAINED_MS, lasted * STRAINED_SHARE);
}

/** Longer than any scenario takes, on a machine that is busy: what goes on after that hangs. */
const MOST_MS = 180_000;

/** Whether all is recorded that a check looks at. */
const isPlayed = (check: Lesson['checks'][number], recordings: Recordings): boolean =>
  scenariosOf(check).every(({ name }) => recordings[name] !== undefined);

/**
 * Plays a scenario; again, with the same seed, while a check of it cannot tell. For a grade, a failure
 * on a strained machine is played a second time too: nobody looks at it and tries again.
 */
export async function performUntilTold(
  lesson: Lesson,
  definition: ScenarioDefinition<unknown>,
  spec: ProgramSpec,
  settings: ContextSettings,
): Promise<Recording> {
  const checks = lesson.checks.filter(check => scenariosOf(check).includes(definition));
  const limit = limited(settings.signal);
  const play = () => perform(definition, spec, { ...settings, signal: limit.signal });
  try {
    let recording = await play();
    for (let attempt = 2; attempt <= ATTEMPTS && !limit.signal.aborted; attempt++) {
      const looks = checks.map(
        check => look({ ...check, on: definition }, { [definition.name]: recording }).status,
      );
      const doubtful =
        attempt === 2 &&
        spec.launcher !== undefined &&
        looks.includes('failed') &&
        wasStrained(recording);
      if (!looks.includes('unknown') && !wasAsleep(recording) && !doubtful) break;
      recording = await play();
    }
    return recording;
  } finally {
    limit.dispose();
  }
}

/** A signal that also comes when something has gone on for too long. */
function limited(outer: AbortSignal | undefined): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const timer = setTimeout(stop, MOST_MS).unref();
  if (outer?.aborted) stop();
  outer?.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    dispose: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    },
  };
}
