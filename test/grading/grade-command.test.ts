import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseTier } from '../../cli/grade/isolation.js';
import { probeIsolation } from '../../grading/index.js';
import { commandLine } from '../cli/command-line.js';
import { programText } from '../programs.js';
import { filesOf, folder } from './lab.js';

const run = commandLine();
const { tier, reason } = await probeIsolation();
if (tier === 'process') console.warn(`graded without a sandbox: ${reason}`);
const isolation = tier === 'process' ? ['--isolation', 'process'] : [];
const lesson = '02-publish-a-reading';

/** A folder to be in, with submissions of one lesson: name of the learner to the file handed in. */
function place(works: Record<string, string>): string {
  const top = folder();
  for (const [id, path] of Object.entries(works)) {
    const to = join(top, 'class', id, 'exercises', lesson, 'typescript');
    mkdirSync(to, { recursive: true });
    writeFileSync(join(to, 'main.ts'), programText(lesson, path));
  }
  return top;
}
const solution = `solutions/${lesson}/typescript/main.ts`;
const stub = `exercises/${lesson}/typescript/main.ts`;
const mutant = 'mutant/zero-is-falsy';

const records = (cwd: string, out: string) =>
  Object.fromEntries(
    Object.entries(filesOf(join(cwd, out, 'results'))).map(([path, text]) => [
      path,
      JSON.parse(Buffer.from(text, 'base64').toString()),
    ]),
  );

describe('a small class, really graded', () => {
  test('right, wrong, untouched and broken work; then it goes on where it was', async () => {
    const cwd = place({ ada: solution, bob: mutant, ned: stub });
    writeFileSync(join(cwd, 'class', 'eve.zip'), 'no zip');
    const args = ['grade', 'class', '--lessons', '2', '--seed', 'abc', ...isolation];
    const first = await run(args, { cwd });
    expect(first.err).toBe('');
    expect(first.code).toBe(3);
    expect(first.out).toMatch(/seed abc/);
    expect(first.out).toMatch(/^ada +10 +10\/10$/m);
    expect(first.out).toMatch(/^eve +\? +\?\/10$/m);
    expect(first.out).toMatch(/could not be read: eve\.zip/);
    const stored = records(cwd, 'grades');
    expect(stored[`ada/${lesson}.json`]).toMatchObject({ status: 'graded', attempts: 1 });
    expect(stored[`ada/${lesson}.json`].inputs.isolation).toBe(tier);
    const failed = stored[`bob/${lesson}.json`].checks.filter(
      (one: { status: string }) => one.status === 'failed',
    );
    expect(failed.map((one: { mistake: string }) => one.mistake)).toContain('zero-is-falsy');
    expect(stored[`ned/${lesson}.json`]).toMatchObject({ status: 'missing' });
    expect(JSON.stringify(stored)).not.toContain('mqtt-course-grade-');
    for (const file of [
      'grades.csv',
      'checks.csv',
      'class.json',
      'report.html',
      'feedback/bob.html',
    ]) {
      expect(existsSync(join(cwd, 'grades', file)), file).toBe(true);
    }
    const before = filesOf(join(cwd, 'grades'));
    const second = await run([...args, '--json'], { cwd });
    const events = second.out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(events.filter(one => one.type === 'start')).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'end', open: true });
    expect(filesOf(join(cwd, 'grades'))).toEqual(before);

    const report = await run(['grade', 'report', 'grades', '--formats', 'csv', '--out', 'again'], {
      cwd,
    });
    expect(report.code).toBe(3);
    const csv = (out: string) => readFileSync(join(cwd, out, 'grades.csv'), 'utf8');
    expect(csv('again')).toBe(csv('grades'));
    writeFileSync(join(cwd, 'grading.yaml'), 'points: 4\n');
    await run(['grade', 'report', 'grades', '--course-file', 'grading.yaml', '--out', 'again'], {
      cwd,
    });
    expect(csv('again')).not.toBe(csv('grades'));
  }, 120_000);

  test('two machines and the merge give the grades of one', async () => {
    const cwd = place({ ada: solution, bob: mutant });
    const args = ['grade', 'class', '--lessons', '2', '--seed', 'abc', ...isolation];
    expect((await run([...args, '--out', 'whole'], { cwd })).code).toBe(0);
    const env = { SHARD_COUNT: '2' };
    for (const index of ['0', '1']) {
      const told = { cwd, env: { ...env, JOB_COMPLETION_INDEX: index } };
      expect((await run([...args, '--out', `part-${index}`], told)).code).toBe(0);
    }
    const merged = await run(['grade', 'merge', 'part-0', 'part-1', '--out', 'all'], { cwd });
    expect(merged.err).toBe('');
    expect(merged.code).toBe(0);
    for (const file of ['grades.csv', 'checks.csv']) {
      expect(readFileSync(join(cwd, 'all', file), 'utf8')).toBe(
        readFileSync(join(cwd, 'whole', file), 'utf8'),
      );
    }
  }, 120_000);

  test('interrupted: what was done is kept, the exit code says so, the same command goes on', async () => {
    const cwd = place({ ada: mutant, bob: mutant, cyd: mutant });
    const args = ['grade', 'class', '--lessons', '2', '--jobs', '1', ...isolation];
    const done = () => {
      const results = join(cwd, 'grades', 'results');
      return existsSync(results) && Object.keys(filesOf(results)).length > 0;
    };
    const first = await run(args, { cwd, interruptWhen: done });
    expect(first.code).toBe(130);
    expect(first.out).toMatch(/the same command goes on/);
    const kept = records(cwd, 'grades');
    expect(Object.keys(kept).length).toBeLessThan(3);
    const second = await run([...args, '--json'], { cwd });
    expect(second.code).toBe(0);
    expect(second.out.split('{"type":"start"').length - 1).toBe(3 - Object.keys(kept).length);
  }, 120_000);
});

describe('wrong use', () => {
  const cases: [name: string, args: string[], says: RegExp][] = [
    ['no folder', [], /Which submissions\?/],
    ['a folder that is not there', ['nowhere'], /there is no folder/],
    ['an empty folder', ['empty'], /there are no submissions in empty/],
    ['a file', ['file.zip'], /file\.zip is a file/],
    ['a lesson that is not there', ['class', '--lessons', '2,99'], /99 does not exist/],
    ['lessons that run backwards', ['class', '--lessons', '5-2'], /runs backwards/],
    ['a track that is not there', ['class', '--track', 'cobol'], /no track cobol/],
    ['no workers', ['class', '--jobs', '0', '--isolation', 'process'], /--jobs 0/],
    [
      'an isolation that is not there',
      ['class', '--isolation', 'jail'],
      /choose bwrap, container, process/,
    ],
    [
      'a sandbox and none',
      ['class', '--isolation', 'process', '--require-sandbox'],
      /Leave one of them out/,
    ],
    ['a format that is not there', ['class', '--formats', 'csv,pdf'], /--formats pdf/],
    ['a platform without its file', ['class', '--formats', 'canvas'], /--canvas FILE\.csv/],
    ['a learner who is not there', ['class', '--only', 'zoe'], /--only zoe/],
    ['a shard that is not one', ['class', '--shard', '5/4'], /count from 1/],
    [
      'shards without a seed',
      ['class', '--shard', '1/4'],
      /every shard needs the same seed.*--seed [0-9a-f]+/,
    ],
    ['a roster that is not there', ['class', '--roster', 'no.csv'], /no\.csv/],
    ['a course file that is not there', ['class', '--course-file', 'no.yaml'], /no\.yaml/],
    ['results in the place of a file', ['class', '--out', 'file.zip'], /is a file, not a folder/],
    ['an option that is not there', ['class', '--speed'], /unknown option/],
    ['nothing to merge', ['merge', 'empty'], /holds no results/],
    ['no report', ['report', 'empty'], /holds no results/],
  ];
  test.each(cases)('%s: exit code 2, and what would be right', async (_, args, says) => {
    const cwd = place({ ada: solution });
    mkdirSync(join(cwd, 'empty'));
    writeFileSync(join(cwd, 'file.zip'), '');
    const { code, out, err } = await run(['grade', ...args], { cwd });
    expect(err.replace(/\n/g, ' ')).toMatch(says);
    expect(code).toBe(2);
    expect(out + err).not.toMatch(/ {4}at /);
    expect(existsSync(join(cwd, 'grades', 'results', 'ada'))).toBe(false);
  });

  test('a folder that is read-only', async () => {
    if (process.getuid?.() === 0) return console.warn('skipped: root may write everywhere');
    const cwd = place({ ada: solution });
    mkdirSync(join(cwd, 'locked'));
    chmodSync(join(cwd, 'locked'), 0o555);
    const { code, err } = await run(['grade', 'class', '--out', 'locked/x'], { cwd });
    expect(err).toMatch(/read-only for you/);
    expect(code).toBe(2);
  });

  test('--list says who would be graded, and writes nothing', async () => {
    const cwd = place({ ada: solution, bob: mutant });
    writeFileSync(join(cwd, 'roster.csv'), 'id,name\nada,Ada\ncyd,Cyd\n');
    const { code, out } = await run(['grade', 'class', '--list', '--roster', 'roster.csv'], {
      cwd,
    });
    expect(code).toBe(0);
    expect(out).toMatch(/^ada Ada +ada$/m);
    expect(out).toMatch(/2 submissions/);
    expect(out).toMatch(/nothing came: cyd/);
    expect(out).toMatch(/not on the roster: bob/);
    expect(existsSync(join(cwd, 'grades'))).toBe(false);
  });
});

describe('where there is no sandbox', () => {
  const probe = async () => ({ tier: 'process' as const, reason: 'bubblewrap is missing' });

  test('nothing is run, with the reason, and how to run programs that are trusted', async () => {
    const { refused } = await chooseTier(undefined, {}, 'class', probe);
    expect(refused).toMatch(/There is no sandbox here: bubblewrap is missing\. Nothing was run/);
    expect(refused).toMatch(/npx mqtt-course grade class --isolation process$/);
  });

  test('--require-sandbox offers no way around it', async () => {
    const { refused } = await chooseTier(undefined, { requireSandbox: true }, 'class', probe);
    expect(refused).toMatch(/missing\. Nothing was run\.$/);
  });

  test('a tier that was asked for is never lowered, and may be better', async () => {
    expect((await chooseTier('bwrap', {}, 'class', probe)).refused).toMatch(
      /There is no bwrap here/,
    );
    const container = async () => ({ tier: 'container' as const });
    expect((await chooseTier('bwrap', {}, 'class', container)).refused).toBeDefined();
    expect(
      await chooseTier('container', {}, 'class', async () => ({ tier: 'bwrap' as const })),
    ).toMatchObject({
      isolation: 'container',
    });
  });

  test('trusted programs are run, and what that means is said', async () => {
    const { refused, isolation, notices } = await chooseTier('process', {}, 'class', probe);
    expect(refused).toBeUndefined();
    expect(isolation).toBe('process');
    expect(notices.join()).toMatch(/can read your files/);
  });
});

test('what Kubernetes and Slurm say is a shard', async () => {
  const { parseShard } = await import('../../cli/grade/options.js');
  expect(parseShard({}, {})).toBeUndefined();
  expect(parseShard({ shard: '2/4' }, { JOB_COMPLETION_INDEX: '0' })).toEqual({
    index: 2,
    count: 4,
  });
  const kubernetes = { JOB_COMPLETION_INDEX: '0' };
  expect(parseShard({ shardCount: '4' }, kubernetes)).toEqual({ index: 1, count: 4 });
  expect(() => parseShard({}, kubernetes)).toThrow(/--shard-count/);
  const slurm = {
    SLURM_ARRAY_TASK_ID: '14',
    SLURM_ARRAY_TASK_MIN: '10',
    SLURM_ARRAY_TASK_COUNT: '3',
  };
  expect(parseShard({}, { ...slurm, SLURM_ARRAY_TASK_STEP: '2' })).toEqual({ index: 3, count: 3 });
  expect(() => parseShard({}, slurm)).toThrow(/is not a shard/);
});
