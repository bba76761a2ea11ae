import type { Track } from '../../../course/track.js';
import type { CorpusProgram } from '../corpus.js';
import { type Excuse, readExcuses } from './excused.js';
import type { Mutant } from './mutants.js';
import type { Outcome } from './play.js';
import { markOf, type Rate } from './rates.js';
import { aboutOption } from './values.js';

/** A lesson in a track. */
export interface Group {
  readonly lesson: string;
  readonly track: Track;
  readonly right: readonly CorpusProgram[];
  readonly mutants: readonly Mutant[];
}

export interface MutantResult {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
  readonly excuse?: Excuse;
  /** It was not played this time. */
  readonly kept: boolean;
}

/** What came of a mutant, in a few words. */
export function told(outcome: Outcome): string {
  if (outcome.status === 'killed') return `${outcome.check} ${outcome.mistake}`;
  return outcome.status === 'unknown' ? `could not tell: ${outcome.reason}` : 'survived';
}

/** An excuse is of one mutant that is there, and survives. */
export function excuseProblems(
  { lesson, track, mutants }: Group,
  mine: readonly MutantResult[],
): string[] {
  const { excuses, problems } = readExcuses(lesson);
  const where = (line: number) => `checker/prove/mutate/excused/${lesson}.txt:${line}`;
  const killed = mine.filter(one => one.excuse && one.outcome.status === 'killed');
  const names = new Set(mutants.map(one => one.id));
  const dead = [...excuses.values()].filter(
    one => one.id.startsWith(`${track} `) && !names.has(one.id),
  );
  return [
    ...(track === 'typescript' ? problems : []).map(one => `${where(one.line)}: ${one.text}`),
    ...dead.map(one => `${where(one.line)}: no mutant is called: ${one.id}`),
    ...killed.map(
      ({ excuse, outcome }) =>
        `${where(excuse?.line ?? 0)}: ${told(outcome)} kills it, it needs no excuse: ${excuse?.id}`,
    ),
  ];
}

/** Whether the message of a killed mutant speaks of what is wrong; undefined when that cannot be said. */
export function namesCause({ mutant, outcome }: MutantResult): boolean | undefined {
  const words = mutant.about === undefined ? undefined : aboutOption[mutant.about];
  if (!words || outcome.status !== 'killed' || outcome.early) return undefined;
  return words.test(`${outcome.mistake}\n${outcome.text}`);
}

/** A killed mutant whose message does not speak of what is wrong, and what it says instead. */
export interface Unnamed {
  readonly mutant: Mutant;
  readonly told: string;
}

/** Those of which it can be said that the message misses the cause. */
export function unnamedMutants(results: readonly MutantResult[]): Unnamed[] {
  return results
    .filter(one => namesCause(one) === false)
    .map(({ mutant, outcome }) => ({ mutant, told: told(outcome) }));
}

/** The figures of a lesson and track, of which every mutant was looked at. */
export function rateOf({ lesson, track, mutants }: Group, mine: readonly MutantResult[]): Rate {
  const count = (is: (one: MutantResult) => boolean) => mine.filter(is).length;
  return {
    lesson,
    track,
    mutants: mutants.length,
    killed: count(one => one.outcome.status === 'killed'),
    excused: count(one => one.outcome.status === 'survived' && one.excuse !== undefined),
    survived: count(one => one.outcome.status === 'survived' && one.excuse === undefined),
    unknown: count(one => one.outcome.status === 'unknown'),
    sampled: count(one => namesCause(one) !== undefined),
    named: count(one => namesCause(one) === true),
    mark: markOf(lesson, mutants),
  };
}
