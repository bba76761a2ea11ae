import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { writeAtomic } from '../course/atomic.js';
import { UsageError } from '../course/index.js';
import { patientRemoval } from '../course/system/index.js';
import { handedInPath } from './handed-in.js';
import { OVERRIDES_FILE } from './overrides.js';
import {
  bundlePath,
  type Member,
  openOut,
  RUN_SCHEMA,
  type Run,
  readRecords,
  readRun,
  recordPath,
  type StoredRecord,
  writeRun,
} from './store.js';
import type { Isolation, Learner } from './types.js';

export interface Merged {
  readonly run: Run;
  readonly records: readonly StoredRecord[];
  /** What a person should know, a sentence each. */
  readonly notices: readonly string[];
  /** Learners and lessons of which no folder has a result: `ada 05-wildcards`. */
  readonly missing: readonly { readonly learner: string; readonly lesson: string }[];
}

interface MachineResults {
  readonly folder: string;
  readonly run: Run;
  readonly records: readonly StoredRecord[];
  readonly damaged: readonly string[];
}

/**
 * Puts the folders of several machines together into one that looks as if one machine had graded the
 * whole class. The order of the folders does not matter.
 * @throws UsageError when a folder holds no results, when they were judged by different tests, or when
 * two disagree
 */
export function mergeFolders(
  folders: readonly string[],
  out: string,
  roster: readonly Learner[] = [],
): Merged {
  const parts = folders.map(readPart).sort((a, b) => (a.folder < b.folder ? -1 : 1));
  const [first] = parts;
  if (!first) throw new UsageError('there is nothing to merge. Name the folders of the machines.');
  agree(parts);
  refuseToMix(out, folders);
  const notices: string[] = [...missingShards(parts)];
  for (const { folder, damaged } of parts) {
    for (const file of damaged) notices.push(`${join(folder, file)} is damaged; it was left out`);
  }

  const kept = new Map<string, { stored: StoredRecord; folder: string }>();
  let twice = 0;
  for (const part of parts) {
    for (const stored of part.records) {
      const { learner, lesson } = stored.record;
      const key = `${learner}\n${lesson}`;
      const before = kept.get(key);
      if (before) {
        twice += 1;
        if (before.stored.text === stored.text) continue;
      }
      const better = before ? betterOf(before, { stored, folder: part.folder }) : undefined;
      kept.set(key, better ?? { stored, folder: part.folder });
    }
  }
  if (twice > 0) notices.push(`${twice} results are in more than one folder; they were taken once`);

  const run: Run = {
    ...mergedRun(parts, roster, notices),
    merged: true,
  };
  const members = new Set(run.members.map(one => one.learner.id));
  const lessons = new Set(run.lessons);
  const all = [...kept.values()]
    .filter(({ stored: { record } }) => members.has(record.learner) && lessons.has(record.lesson))
    .sort((a, b) => (orderOf(a.stored) < orderOf(b.stored) ? -1 : 1));
  write(out, run, all);
  mergeOverrides(
    parts.map(one => one.folder),
    out,
  );
  const records = all.map(one => one.stored);
  const has = new Set(records.map(({ record }) => `${record.learner}\n${record.lesson}`));
  return {
    run,
    records,
    notices,
    missing: run.members
      .filter(one => one.submission !== undefined && one.unreadable === undefined)
      .flatMap(({ learner: { id } }) =>
        run.lessons
          .filter(lesson => !has.has(`${id}\n${lesson}`))
          .map(lesson => ({ learner: id, lesson })),
      ),
  };
}

const orderOf = ({ record }: StoredRecord) => `${record.learner}\n${record.lesson}`;

function readPart(folder: string): MachineResults {
  const run = readRun(folder);
  if (!run) {
    throw new UsageError(
      existsSync(folder)
        ? `${folder} holds no results: there is no run.json in it. Name the folders that grade --out made.`
        : `there is no folder ${folder}.`,
    );
  }
  return { folder, run, ...readRecords(folder) };
}

/** @throws UsageError naming the folders that do not go together */
function agree(parts: readonly MachineResults[]): void {
  const groups = (of: (part: MachineResults) => string) => {
    const found = new Map<string, string[]>();
    for (const part of parts) found.set(of(part), [...(found.get(of(part)) ?? []), part.folder]);
    return [...found];
  };
  const tests = groups(part => part.run.tests);
  if (tests.length > 1) {
    const lines = tests.map(
      ([hash, folders]) => `  tests ${hash.slice(0, 12)}: ${folders.join(', ')}`,
    );
    throw new UsageError(
      `these results were judged by different tests, so they cannot stand in one class:\n${lines.join('\n')}\nGrade one of them again with the version of the course that the others had.`,
    );
  }
  const lessons = groups(part => part.run.lessons.join(', '));
  if (lessons.length > 1) {
    const lines = lessons.map(([ids, folders]) => `  ${folders.join(', ')}: ${ids}`);
    throw new UsageError(
      `these results are of different lessons:\n${lines.join('\n')}\nGrade each with the same --lessons.`,
    );
  }
  for (const part of parts) {
    const other = part.records.find(({ record }) => record.inputs.tests !== part.run.tests);
    const said = other && part.run.lessons.includes(other.record.lesson);
    if (said) {
      const { learner, lesson } = other.record;
      throw new UsageError(
        `${join(part.folder, recordPath(learner, lesson))} was judged by other tests than the rest of its folder. Grade that folder again: what did not change is not run again.`,
      );
    }
  }
}

/** The results of another class must not be lost, nor stand beside these. @throws UsageError */
function refuseToMix(out: string, folders: readonly string[]): void {
  openOut(out);
  if (folders.some(folder => resolve(folder) === resolve(out))) {
    throw new UsageError(
      `${out} is one of the folders to merge. Put the merged results into a folder of their own: --out DIR`,
    );
  }
  const there = readRun(out);
  if (there && !there.merged) {
    throw new UsageError(
      `${out} holds the results of a grading. Put the merged results into a folder of their own: --out DIR`,
    );
  }
  // What an earlier merge put there.
  for (const folder of there ? ['results', 'bundles', 'handed-in'] : []) {
    rmSync(join(out, folder), patientRemoval);
  }
}

function missingShards(parts: readonly MachineResults[]): string[] {
  const counts = [...new Set(parts.flatMap(({ run }) => run.shard?.count ?? []))];
  const [count] = counts;
  if (count === undefined) return [];
  if (counts.length > 1) {
    return [`the class was divided in different ways: into ${counts.join(' and into ')} shards`];
  }
  const there = new Set(parts.map(({ run }) => run.shard?.index));
  const gone = Array.from({ length: count }, (_, at) => at + 1).filter(one => !there.has(one));
  if (gone.length === 0) return [];
  const names = gone.map(one => `${one}/${count}`).join(', ');
  return [`missing: shard ${names}; who belongs there is not in these grades`];
}

interface Kept {
  readonly stored: StoredRecord;
  readonly folder: string;
}

/** Of two results of the same exercise, the one that tells. @throws UsageError when they disagree */
function betterOf(one: Kept, other: Kept): Kept {
  const open = ({ stored }: Kept) => stored.record.status === 'unknown';
  if (open(one) !== open(other)) return open(one) ? other : one;
  if (open(one)) return one;
  const { learner, lesson } = one.stored.record;
  throw new UsageError(
    `${learner} has two different results for ${lesson}: in ${one.folder} and in ${other.folder}. Leave one of the folders out.`,
  );
}

const WEAKEST: readonly Isolation[] = ['process', 'container', 'bwrap'];

function mergedRun(
  parts: readonly MachineResults[],
  roster: readonly Learner[],
  notices: string[],
): Run {
  const { run: base } = parts[0] as MachineResults;
  const seeds = [...new Set(parts.map(({ run }) => run.seed))].sort();
  if (seeds.length > 1) {
    notices.push(
      `the folders were graded with different seeds (${seeds.join(', ')}); each result names its own`,
    );
  }
  const courseFiles = new Map<string, { of: NonNullable<Run['courseFile']>; folders: string[] }>();
  for (const { run, folder } of parts) {
    if (!run.courseFile) continue;
    const key = JSON.stringify(run.courseFile);
    const known = courseFiles.get(key) ?? { of: run.courseFile, folders: [] };
    courseFiles.set(key, { ...known, folders: [...known.folders, folder] });
  }
  const [courseFile] = courseFiles.values();
  if (courseFiles.size > 1) {
    const groups = [...courseFiles.values()].map(one => one.folders.join(', '));
    notices.push(
      `the folders were graded with different course files (${groups.join(' / ')}); points are by that of ${groups[0]}. Name one: --course-file FILE`,
    );
  }
  const members = new Map<string, Member>();
  for (const { run } of parts) {
    for (const member of run.members) {
      const before = members.get(member.learner.id);
      if (!before || weight(member) > weight(before)) members.set(member.learner.id, member);
    }
  }
  for (const learner of roster) {
    const known = members.get(learner.id);
    members.set(learner.id, known ? { ...known, learner } : { learner, notices: [] });
  }
  const unreadable = new Map(
    parts.flatMap(({ run }) => run.unreadable.map(one => [one.submission, one] as const)),
  );
  const all = (pick: (run: Run) => readonly string[]) => [
    ...new Set(parts.flatMap(({ run }) => pick(run))),
  ];
  return {
    schema: RUN_SCHEMA,
    course: base.course,
    tests: base.tests,
    seed: seeds.join(' '),
    isolation:
      WEAKEST.find(tier => parts.some(({ run }) => run.isolation === tier)) ?? base.isolation,
    lessons: base.lessons,
    ...(courseFile ? { courseFile: courseFile.of } : {}),
    members: [...members.values()].sort((a, b) => (a.learner.id < b.learner.id ? -1 : 1)),
    unexpected: all(run => run.unexpected).sort(),
    unreadable: [...unreadable.values()].sort((a, b) => (a.submission < b.submission ? -1 : 1)),
    notices: all(run => run.notices).sort(),
  };
}

/** More is known of whom something came from. */
function weight({ submission, unreadable }: Member): number {
  return submission === undefined ? 0 : unreadable === undefined ? 2 : 1;
}

function write(out: string, run: Run, kept: readonly Kept[]): void {
  for (const { stored, folder } of kept) {
    const { learner, lesson } = stored.record;
    writeAtomic(join(out, recordPath(learner, lesson)), stored.text);
    const files = handedInPath(learner, lesson);
    if (existsSync(join(folder, files))) {
      cpSync(join(folder, files), join(out, files), { recursive: true });
    }
    const bundle = bundlePath(learner, lesson);
    if (!existsSync(join(folder, bundle))) continue;
    mkdirSync(dirname(join(out, bundle)), { recursive: true });
    copyFileSync(join(folder, bundle), join(out, bundle));
  }
  writeRun(out, run);
}

/** Decisions of a person stand beside each shard; those of the merged folder stay the first. */
function mergeOverrides(folders: readonly string[], out: string): void {
  const files = [out, ...folders].map(folder => join(folder, OVERRIDES_FILE)).filter(existsSync);
  const [first] = files;
  if (first === undefined || (files.length === 1 && first === join(out, OVERRIDES_FILE))) return;
  const texts = files.map(file =>
    readFileSync(file, 'utf8')
      .replace(/^\ufeff/, '')
      .trimEnd(),
  );
  const heads = new Set(texts.map(text => text.split(/\r?\n/)[0]));
  if (heads.size > 1) {
    throw new UsageError(
      `the ${OVERRIDES_FILE} of these folders have different columns: ${files.join(', ')}. Give them one first line.`,
    );
  }
  const lines = texts.flatMap(text => text.split(/\r?\n/).slice(1));
  writeAtomic(join(out, OVERRIDES_FILE), `${[...heads, ...new Set(lines)].join('\n')}\n`);
}
