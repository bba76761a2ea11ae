import {
  type Contract,
  lessonIds,
  loadCommonContract,
  loadContract,
  type Sentence,
  type SentenceId,
  sentencesOf,
} from '../../course/index.js';
import { packageRoot } from '../../course/package-root.js';
import { tracks } from '../../course/track.js';
import { type CheckFacts, lessonChecks } from '../check/test-host.js';
import { detectors } from '../harness/detectors/index.js';
import { type CorpusProgram, readCorpus } from './corpus.js';

/** A sentence of a contract, what judges it, and what proves that. */
export interface MapRow {
  readonly sentence: Sentence;
  /** The checks that judge it. */
  readonly checks: readonly Pick<CheckFacts, 'id' | 'title'>[];
  /** Wrong programs that break it and nothing else: their names, `forgets-boot`. */
  readonly mutants: readonly string[];
}

/** The contract of a lesson, sentence by sentence, and what it lacks. */
export interface ContractMap {
  /** `common` for what all lessons share. */
  readonly lesson: string;
  readonly rows: readonly MapRow[];
  /** A sentence without a check, a check without a sentence, a sentence without a wrong program. */
  readonly problems: readonly string[];
}

/** What must be known of a wrong program to tell which sentence it breaks. */
export type WrongProgram = Pick<CorpusProgram, 'name' | 'expects'>;

/**
 * The sentences that a wrong program breaks: those that its header names, or else the only one that
 * is judged by the checks it fails. Undefined where that leaves more than one open.
 */
export function brokenBy(
  { expects }: WrongProgram,
  judges: ReadonlyMap<string, readonly SentenceId[]>,
): readonly SentenceId[] | undefined {
  if (!expects) return undefined;
  if (expects.breaks) return expects.breaks;
  const open = new Set(expects.fails.flatMap(id => judges.get(id) ?? []));
  return open.size === 1 ? [...open] : undefined;
}

/** Compares a contract with the checks and the wrong programs of its lesson. */
export function mapContract(
  lesson: string,
  contract: Contract,
  checks: readonly CheckFacts[],
  wrong: readonly WrongProgram[],
): ContractMap {
  const sentences = sentencesOf(contract);
  const known = new Set(sentences.map(one => one.id));
  const judges = new Map(checks.map(one => [one.id, one.judges]));
  for (const { id, judges: common } of detectors) judges.set(id, common);
  const broken = wrong.map(program => ({ program, ids: brokenBy(program, judges) }));
  const rows = sentences.map((sentence): MapRow => {
    const alone = broken.filter(({ ids }) => ids?.length === 1 && ids[0] === sentence.id);
    return {
      sentence,
      checks: checks
        .filter(one => one.judges.includes(sentence.id))
        .map(({ id, title }) => ({ id, title })),
      mutants: [...new Set(alone.map(one => one.program.name.replace(/^mutant\//, '')))],
    };
  });
  const problems = [
    ...rows.flatMap(({ sentence, checks, mutants }) => [
      ...(checks.length === 0 ? [`${sentence.id} has no check: ${sentence.text}`] : []),
      ...(mutants.length === 0
        ? [`${sentence.id} has no wrong program that breaks it alone: ${sentence.text}`]
        : []),
    ]),
    ...checks.flatMap(({ id, title, judges: its }) =>
      its.length === 0 ? [`${id} judges no sentence of the contract: ${title}`] : [],
    ),
    ...checks.flatMap(({ id, judges: its }) =>
      its.filter(one => !known.has(one)).map(one => `${id} judges ${one}, which is not there`),
    ),
    ...new Set(wrong.flatMap(one => wrongHeader(one, known, judges))),
  ];
  return { lesson, rows, problems };
}

/** What a wrong program says of the sentences it breaks, and cannot be. */
function wrongHeader(
  { name, expects }: WrongProgram,
  known: ReadonlySet<SentenceId>,
  judges: ReadonlyMap<string, readonly SentenceId[]>,
): string[] {
  return (expects?.breaks ?? []).flatMap(sentence => {
    if (!known.has(sentence)) return [`${name} breaks ${sentence}, which is not there`];
    // A detector speaks in place of the check that would have failed.
    const judged = expects?.fails.some(
      id => id.startsWith('U') || (judges.get(id) ?? []).includes(sentence),
    );
    return judged ? [] : [`${name} breaks ${sentence}, and no check that it fails judges that`];
  });
}

/** The map of a lesson; undefined while its contract is not written as data. @throws CourseError */
export async function contractMap(
  lesson: string,
  root: string = packageRoot(),
): Promise<ContractMap | undefined> {
  const contract = loadContract(lesson, root);
  if (!contract) return undefined;
  const wrong = tracks.flatMap(track =>
    readCorpus(lesson, track, { root }).programs.filter(one => one.role === 'mutant'),
  );
  return mapContract(lesson, contract, await lessonChecks(lesson), wrong);
}

/**
 * The map of what all lessons share. Detectors judge it; that each of them speaks is shown by
 * exchanges of its own, so no wrong program is asked for.
 */
export function commonMap(root: string = packageRoot()): ContractMap {
  const rows = sentencesOf(loadCommonContract(root)).map(sentence => ({
    sentence,
    checks: detectors
      .filter(one => one.judges.includes(sentence.id))
      .map(({ id, title }) => ({ id, title })),
    mutants: [],
  }));
  const known = new Set(rows.map(one => one.sentence.id));
  return {
    lesson: 'common',
    rows,
    problems: [
      ...rows.flatMap(({ sentence, checks }) =>
        checks.length === 0 ? [`${sentence.id} has no detector: ${sentence.text}`] : [],
      ),
      ...detectors.flatMap(({ id, judges }) =>
        judges.filter(one => !known.has(one)).map(one => `${id} judges ${one}, which is not there`),
      ),
    ],
  };
}

/** What the contracts of these lessons lack; also what all lessons share, when these are all. */
export async function contractGaps(
  lessons: readonly string[],
): Promise<{ readonly lesson: string; readonly text: string }[]> {
  const maps = await Promise.all(lessons.map(lesson => contractMap(lesson)));
  const all = lessonIds().every(id => lessons.includes(id)) ? [commonMap()] : [];
  return [...maps, ...all].flatMap(map =>
    map ? map.problems.map(text => ({ lesson: map.lesson, text })) : [],
  );
}
