import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  buildClass,
  gradedLessons,
  mergeFolders,
  type Run,
  readBundle,
  readRecords,
  readRun,
  writeExports,
  writeRun,
} from '../../grading/index.js';
import { courseFile, fakeRunner, filesOf, folder, grade } from './lab.js';
import { makeClass } from './make-class.js';

const lessons = ['02-publish-a-reading', '05-wildcards'];
let submissions: string;
let whole: string;
let shards: string[];

beforeAll(async () => {
  submissions = join(folder(), 'class');
  await makeClass({ folder: submissions, lessons, size: 40 });
  whole = folder();
  await grade(submissions, whole);
  shards = [folder(), folder(), folder(), folder()];
  for (const [at, out] of shards.entries()) {
    await grade(submissions, out, { shard: { index: at + 1, count: 4 }, runner: fakeRunner() });
  }
}, 120_000);

async function exported(out: string, run: Run): Promise<Record<string, string>> {
  const { records } = readRecords(out);
  const grades = buildClass({
    run,
    records,
    lessons: await gradedLessons(run.lessons),
    courseFile,
  });
  const to = folder();
  await writeExports(grades, {
    out: to,
    formats: ['csv', 'json', 'feedback', 'markdown', 'report', 'junit', 'ctrf', 'gradescope'],
    bundle: (learner, lesson) => readBundle(out, learner, lesson),
  });
  return filesOf(to);
}

const runOf = (out: string) => readRun(out) as Run;

describe('a class of 40 graded by one machine and by four', () => {
  test('comes to the same bytes: results, bundles, and every export', async () => {
    const out = folder();
    const { run, notices, missing } = mergeFolders(shards, out);
    expect(notices).toEqual([]);
    expect(missing).toEqual([]);
    const all = (files: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(files).filter(([path]) => /^(results|bundles)\//.test(path)),
      );
    expect(all(filesOf(out))).toEqual(all(filesOf(whole)));
    expect(await exported(out, run)).toEqual(await exported(whole, runOf(whole)));
    expect({ ...run, notices: [], merged: undefined }).toEqual({
      ...runOf(whole),
      notices: [],
      merged: undefined,
    });
    expect(Object.keys(filesOf(out)).length).toBeGreaterThan(80);
  }, 120_000);

  test('in any order of the folders, and merged twice', () => {
    const [one, other] = [folder(), folder()];
    mergeFolders(shards, one);
    mergeFolders([...shards].reverse(), other);
    expect(filesOf(one)).toEqual(filesOf(other));
    mergeFolders(shards, one);
    expect(filesOf(one)).toEqual(filesOf(other));
  });

  test('a second grading of the class comes to the same bytes', async () => {
    const again = folder();
    await grade(submissions, again);
    expect(filesOf(again)).toEqual(filesOf(whole));
  });
});

describe('what does not fit together', () => {
  const copy = (from: string | undefined) => {
    const to = folder();
    cpSync(from as string, to, { recursive: true });
    return to;
  };

  test('results of different tests are refused, with the folders', () => {
    const other = copy(shards[1]);
    writeRun(other, { ...runOf(other), tests: 'f'.repeat(64) });
    const merging = () => mergeFolders([shards[0] as string, other], folder());
    expect(merging).toThrow(/different tests/);
    expect(merging).toThrow(other);
  });

  test('a folder whose results are of other tests than it says is refused', () => {
    const other = copy(shards[1]);
    const run = { ...runOf(other), tests: 'f'.repeat(64) };
    writeRun(other, run);
    expect(() => mergeFolders([other], folder())).toThrow(
      /other tests than the rest of its folder/,
    );
  });

  test('results of different lessons are refused', () => {
    const other = copy(shards[1]);
    writeRun(other, { ...runOf(other), lessons: ['05-wildcards'] });
    expect(() => mergeFolders([shards[0] as string, other], folder())).toThrow(/different lessons/);
  });

  test('a shard that is not there is named, with what that means', () => {
    const { notices, run } = mergeFolders(shards.slice(0, 3), folder());
    expect(notices.join()).toMatch(/missing: shard 4\/4/);
    expect(run.members.length).toBeLessThan(40);
  });

  test('a learner of the roster whom no shard knows is absent', () => {
    const { run } = mergeFolders(shards, folder(), [{ id: 'zz-late', name: 'Zed' }]);
    expect(run.members.at(-1)).toEqual({ learner: { id: 'zz-late', name: 'Zed' }, notices: [] });
  });

  test('the same result twice is taken once, and said', () => {
    const { notices, records } = mergeFolders([...shards, copy(shards[0])], folder());
    expect(notices.join()).toMatch(/in more than one folder/);
    expect(records).toHaveLength(readRecords(whole).records.length);
  });

  test('two results that disagree are refused; one that tells wins over one that does not', () => {
    const [first] = readRecords(shards[0] as string).records.filter(
      one => one.record.status === 'graded',
    );
    if (!first) throw new Error('nothing was graded');
    const { learner, lesson } = first.record;
    const other = copy(shards[0]);
    const path = join(other, `results/${learner}/${lesson}.json`);
    const put = (more: object) => writeFileSync(path, JSON.stringify({ ...first.record, ...more }));
    put({ attempts: 7 });
    expect(() => mergeFolders([...shards, other], folder())).toThrow(
      `${learner} has two different results for ${lesson}`,
    );
    put({ status: 'unknown', checks: [] });
    const { records } = mergeFolders([other, ...shards], folder());
    const kept = records.find(
      one => one.record.learner === learner && one.record.lesson === lesson,
    );
    expect(kept?.record.status).toBe('graded');
  });

  test('a damaged result is left out, said, and listed as missing', () => {
    const other = copy(shards[0]);
    const [first] = Object.keys(filesOf(other)).filter(path => path.startsWith('results/'));
    writeFileSync(
      join(other, first as string),
      readFileSync(join(other, first as string)).subarray(9),
    );
    const { notices, missing } = mergeFolders([other, ...shards.slice(1)], folder());
    expect(notices.join()).toContain('is damaged');
    expect(missing).toHaveLength(1);
  });

  test('the results of a grading are never overwritten', () => {
    const other = copy(whole);
    expect(() => mergeFolders(shards, other)).toThrow(/a folder of their own/);
    expect(() => mergeFolders([other], other)).toThrow(/a folder of their own/);
    rmSync(join(other, 'run.json'));
    expect(() => mergeFolders([other], folder())).toThrow(/holds no results/);
    expect(() => mergeFolders(['/nowhere/at/all'], folder())).toThrow(/there is no folder/);
  });
});
