import { createHash } from 'node:crypto';
import type { Track } from '../../../course/track.js';
import { loadLesson } from '../../check/test-host.js';
import type { Lesson } from '../../harness/lesson.js';
import { type PreparedProgram, prepareProgram } from '../../program/prepare.js';
import { findPython } from '../../program/python.js';
import { ProgramUnavailable } from '../../program/spec.js';
import { keepWarm } from '../../program/warm.js';
import { corpus, idOf, layOut } from '../corpus.js';
import { lessonHash, programHash } from '../stored.js';
import { readExcuses } from './excused.js';
import { type Mutant, mutantsOf } from './mutants.js';
import { type KillOrder, killOrder, type Outcome, playUntilKilled } from './play.js';
import { markOf, type Rate, readRates } from './rates.js';
import { excuseProblems, type Group, type MutantResult, rateOf, told } from './results.js';
import { openOutcomes } from './store.js';

export interface MutateRequest {
  readonly lessons: readonly string[];
  readonly tracks: readonly Track[];
  /** What the scenarios draw from. The same for all, so that what came of a mutant can be kept. */
  readonly seed?: string;
  /** Only mutants whose name contains this. */
  readonly only?: string;
  /** So many of all, the same ones each time. */
  readonly sample?: number;
  /** The first of so many parts, counted from 1. */
  readonly shard?: { readonly part: number; readonly of: number };
  /** Only lessons and tracks of which the figures under review are not. */
  readonly changed?: boolean;
  /** Only mutants that were not killed when they were last played. */
  readonly survivors?: boolean;
  /** Where outcomes are kept. */
  readonly folder: string;
  /** Mutants at once. */
  readonly workers?: number;
  readonly onOutcome?: (result: MutantResult, done: number, all: number) => void;
}

export interface MutateOutcome {
  readonly results: readonly MutantResult[];
  /** Of lessons and tracks of which every mutant was looked at. */
  readonly rates: readonly Rate[];
  /** Excuses that excuse nothing, lines that cannot be read, right programs that do not pass. */
  readonly problems: readonly string[];
  /** Lessons and tracks that were left out: nothing of them has changed. */
  readonly unchanged: readonly string[];
  /** Lessons and tracks that were left out, since there are no figures yet that could have changed. */
  readonly withoutFigures: readonly string[];
  readonly skipped: readonly { readonly track: Track; readonly reason: string }[];
  readonly durationMs: number;
}

/** Makes wrong programs of every right one, and looks whether a check fails each of them. */
export async function mutateLessons(request: MutateRequest): Promise<MutateOutcome> {
  const started = performance.now();
  const problems: string[] = [];
  const unchanged: string[] = [];
  const withoutFigures: string[] = [];
  const skipped: { track: Track; reason: string }[] = [];
  const groups: Group[] = [];
  for (const lesson of request.lessons) {
    for (const track of request.tracks) {
      if (skipped.some(one => one.track === track)) continue;
      try {
        const group = await groupOf(lesson, track);
        const before = readRates().find(one => one.lesson === lesson && one.track === track);
        const name = `${lesson} ${track}`;
        if (request.changed && !before) withoutFigures.push(name);
        else if (request.changed && before?.mark === markOf(lesson, group.mutants))
          unchanged.push(name);
        else groups.push(group);
      } catch (error) {
        if (!(error instanceof ProgramUnavailable) || error.reason === 'work') throw error;
        skipped.push({ track, reason: error.message });
      }
    }
  }
  const chosen = choose(groups, request);
  const all = [...chosen.values()].reduce((sum, mutants) => sum + mutants.length, 0);
  const results: MutantResult[] = [];
  const rates: Rate[] = [];
  for (const group of groups) {
    const wanted = chosen.get(group) ?? [];
    const { mine, faults } = await playGroup(group, wanted, request, result => {
      results.push(result);
      request.onOutcome?.(result, results.length, all);
    });
    problems.push(...faults, ...excuseProblems(group, mine));
    if (wanted.length === group.mutants.length && faults.length === 0)
      rates.push(rateOf(group, mine));
  }
  keepWarm(0);
  return {
    results,
    rates,
    problems,
    unchanged,
    withoutFigures,
    skipped,
    durationMs: Math.round(performance.now() - started),
  };
}

async function groupOf(lesson: string, track: Track): Promise<Group> {
  const right = corpus(lesson, track).filter(
    one => one.role === 'solution' || one.role === 'variant',
  );
  return { lesson, track, right, mutants: await mutantsOf(right) };
}

/** Those that are asked for. A sample and a shard do not depend on the order of the mutants. */
function choose(
  groups: readonly Group[],
  { only = '', sample, shard }: MutateRequest,
): Map<Group, Mutant[]> {
  const all = groups.flatMap(group =>
    group.mutants
      .filter(one => one.id.includes(only))
      .map(mutant => ({ group, mutant, place: placeOf(mutant) })),
  );
  const sorted = all.sort((a, b) => (a.place < b.place ? -1 : 1));
  const sampled = sample === undefined ? sorted : sorted.slice(0, sample);
  const mine = sampled.filter((_, at) => !shard || at % shard.of === shard.part - 1);
  const chosen = new Map<Group, Mutant[]>();
  for (const { group, mutant } of mine) chosen.set(group, [...(chosen.get(group) ?? []), mutant]);
  return chosen;
}

const placeOf = ({ lesson, id }: Mutant) =>
  createHash('sha256').update(`${lesson} ${id}`).digest('hex');

async function playGroup(
  group: Group,
  wanted: readonly Mutant[],
  request: MutateRequest,
  onResult: (result: MutantResult) => void,
): Promise<{ mine: MutantResult[]; faults: string[] }> {
  const { lesson: id, track, right } = group;
  const seed = request.seed ?? 'mutants';
  const store = openOutcomes(request.folder, `${id}-${track}`);
  const judged = lessonHash(id, await runtimeOf(track));
  const { excuses } = readExcuses(id);
  const keyOf = (files: Mutant['files']) =>
    createHash('sha256')
      .update(`${programHash(files)} ${judged} ${seed}`)
      .digest('hex');
  const mine: MutantResult[] = [];
  const tell = (mutant: Mutant, outcome: Outcome, kept: boolean) => {
    const excuse = excuses.get(mutant.id);
    const result = { mutant, outcome, kept, ...(excuse ? { excuse } : {}) };
    mine.push(result);
    onResult(result);
  };
  const toPlay: Mutant[] = [];
  for (const mutant of wanted) {
    const found = store.find(keyOf(mutant.files));
    if (found && found.status !== 'unknown') tell(mutant, found, true);
    else if (request.survivors && store.last(mutant.id)?.status === 'killed')
      tell(mutant, store.last(mutant.id) as Outcome, true);
    else toPlay.push(mutant);
  }
  if (toPlay.length === 0) return { mine, faults: [] };
  const lesson = await loadLesson(id);
  const order = killOrder();
  const play = (files: Mutant['files'], name: string) =>
    playFiles({ lesson, track, files, name, seed, order });
  // Where the right program fails, all that is made of it would count as killed. Beside a sample the
  // right programs are proven by `verify` itself.
  const bases = new Set(toPlay.map(one => one.of));
  const faults: string[] = [];
  const toProve = request.sample === undefined ? right.filter(one => bases.has(one.name)) : [];
  for (const base of toProve) {
    const known = store.find(keyOf(base.files));
    const outcome = known?.status === 'survived' ? known : await play(base.files, base.name);
    if (outcome.status === 'survived') store.keep(keyOf(base.files), idOf(base), outcome);
    else {
      faults.push(`${idOf(base)} is right and does not pass: ${told(outcome)}`);
      bases.delete(base.name);
    }
  }
  await atOnce(
    request.workers ?? 10,
    toPlay.filter(one => bases.has(one.of)),
    async mutant => {
      let outcome = await play(mutant.files, mutant.id);
      if (outcome.status === 'unknown') outcome = await play(mutant.files, mutant.id);
      store.keep(keyOf(mutant.files), mutant.id, outcome);
      tell(mutant, outcome, false);
    },
  );
  return { mine, faults };
}

async function runtimeOf(track: Track): Promise<string> {
  if (track === 'typescript') return process.version;
  const python = await findPython();
  return `${process.version} python ${python?.version} paho-mqtt ${python?.paho}`;
}

/** Processes that wait for a program: as many as mutants are played at once. */
const WARM = 3;

async function playFiles({
  lesson,
  track,
  files,
  name,
  seed,
  order,
}: {
  lesson: Lesson;
  track: Track;
  files: Mutant['files'];
  name: string;
  seed: string;
  order: KillOrder;
}): Promise<Outcome> {
  const program = { lesson: lesson.id, track, role: 'mutant', name, files } as const;
  const laid = await layOut(program);
  let made: PreparedProgram | undefined;
  try {
    made = await prepareProgram({
      id: name,
      lesson: lesson.id,
      track,
      program: { kind: 'file', path: laid.path },
      seed,
    });
    if (track === 'typescript') keepWarm(WARM);
    return await playUntilKilled(lesson, made.spec, order);
  } finally {
    await made?.dispose();
    await laid.dispose();
  }
}

async function atOnce<T>(
  workers: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
