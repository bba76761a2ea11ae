import { judge, type Recordings } from '../../harness/judge.js';
import { type Lesson, lessonScenarios, scenariosOf } from '../../harness/lesson.js';
import type { Recording } from '../../harness/recording.js';
import type { Verdict } from '../../harness/result.js';
import { performUntilTold } from '../../harness/run.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';
import type { ProgramSpec } from '../../program/spec.js';

/** What came of a mutant. */
export type Outcome =
  | {
      readonly status: 'killed';
      /** The check that failed first, and the scenario in which it did. */
      readonly check: string;
      readonly scenario: string;
      readonly mistake: string;
      /** What the learner reads. */
      readonly text: string;
      /** Another check, not yet played, could have been told first. */
      readonly early?: true;
    }
  | { readonly status: 'survived' }
  | { readonly status: 'unknown'; readonly reason: string };

/** The order in which scenarios are played: those that killed most come first. */
export interface KillOrder {
  sorted(lesson: Lesson): ScenarioDefinition<unknown>[];
  killedIn(scenario: string): void;
}

export function killOrder(): KillOrder {
  const kills = new Map<string, number>();
  return {
    sorted: lesson =>
      lessonScenarios(lesson).sort(
        (a, b) =>
          (kills.get(b.name) ?? 0) - (kills.get(a.name) ?? 0) ||
          Number(a.waits ?? false) - Number(b.waits ?? false),
      ),
    killedIn: scenario => kills.set(scenario, (kills.get(scenario) ?? 0) + 1),
  };
}

/** Plays a program scenario by scenario, and ends at the first check that fails. */
export async function playUntilKilled(
  lesson: Lesson,
  spec: ProgramSpec,
  order: KillOrder,
  brokerKind?: string,
): Promise<Outcome> {
  const recordings: Record<string, Recording> = {};
  const settings = brokerKind === undefined ? {} : { brokerKind };
  let unknown: string | undefined;
  for (const scenario of order.sorted(lesson)) {
    recordings[scenario.name] = await performUntilTold(lesson, scenario, spec, settings);
    const verdicts = judgedSoFar(lesson, recordings, spec);
    const failed = verdicts.find(one => one.status === 'failed');
    if (failed) {
      order.killedIn(scenario.name);
      return killed(lesson, failed, recordings, scenario.name);
    }
    unknown ??= verdicts.find(one => one.status === 'unknown')?.seen;
  }
  return unknown === undefined ? { status: 'survived' } : { status: 'unknown', reason: unknown };
}

function killed(
  lesson: Lesson,
  verdict: Verdict,
  recordings: Recordings,
  scenario: string,
): Outcome {
  const open = lessonScenarios(lesson).some(one => recordings[one.name] === undefined);
  const check = lesson.checks.find(one => one.id === verdict.id);
  const needs = lesson.checks.filter(one => check?.needs?.includes(one.id));
  const early = needs.some(one => !scenariosOf(one).every(({ name }) => recordings[name]));
  return {
    status: 'killed',
    check: verdict.id,
    scenario: verdict.scenario ?? scenario,
    mistake: verdict.mistake ?? '',
    text: [verdict.expected, verdict.seen, verdict.why, verdict.try].join('\n'),
    ...(open && early ? { early: true } : {}),
  };
}

/** The verdicts of the checks that have something to judge, on what was recorded. */
export function judgedSoFar(
  lesson: Lesson,
  recordings: Recordings,
  { source, track }: Pick<ProgramSpec, 'source' | 'track'>,
): Verdict[] {
  const checks = lesson.checks.flatMap(check => {
    const on = scenariosOf(check).filter(({ name }) => recordings[name] !== undefined);
    return on.length > 0 ? [{ ...check, on }] : [];
  });
  const judged = new Set(checks.map(one => one.id));
  const known = checks.map(check => ({
    ...check,
    needs: (check.needs ?? []).filter(id => judged.has(id)),
  }));
  return judge({ ...lesson, checks: known }, recordings, { source, track });
}
