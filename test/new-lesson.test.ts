/** `npm run new-lesson`, in a copy of the course: what it lays out is proven, as any lesson is. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { Proofs } from '../checker/prove/proofs/lab.js';
import { filesUnder, loadLesson, packageRoot } from '../course/index.js';

const PARTS = [
  'bin',
  'biome.json',
  'broker',
  'checker',
  'cli',
  'course',
  'exercises',
  'grading',
  'lessons',
  'package.json',
  'scripts',
  'solutions',
  'tsconfig.json',
  'wire',
];

const copy = mkdtempSync(join(tmpdir(), 'mqtt-course-new-lesson-'));
for (const part of PARTS) {
  cpSync(join(packageRoot(), part), join(copy, part), {
    recursive: true,
    filter: path => !path.includes('__pycache__'),
  });
}
symlinkSync(join(packageRoot(), 'node_modules'), join(copy, 'node_modules'), 'junction');
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const { PATH = '', HOME = '' } = process.env;

function node(...args: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: copy,
    env: { ...process.env, PATH, HOME, NO_COLOR: '1' },
    encoding: 'utf8',
  });
  return { stdout, stderr, status };
}

const newLesson = (...args: readonly string[]) => node('scripts/new-lesson.mjs', ...args);
const textOf = (path: string) => readFileSync(join(copy, path), 'utf8');

describe('what cannot be made is refused, and nothing is written', () => {
  test.each([
    [[], 'Say the number and the name of the lesson. For example: npm run new-lesson 24 my-topic'],
    [['24'], 'Say the number and the name'],
    [['my-topic', '24'], '"my-topic" is no number of a lesson: 1 to 99.'],
    [['0', 'my-topic'], '"0" is no number of a lesson: 1 to 99.'],
    [['24', 'My_topic'], '"My_topic" is no name of a lesson: small letters, digits and hyphens'],
    [['24', '../x'], '"../x" is no name of a lesson'],
    [['5', 'my-topic'], 'There is a lesson 5: lessons/05-wildcards.md. The next free number is'],
    [['24', 'wildcards'], 'There is a lesson called wildcards: lessons/05-wildcards.md.'],
  ])('%j', (args, said) => {
    const { stderr, stdout, status } = newLesson(...args);
    expect(stderr).toContain(said);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(existsSync(join(copy, 'lessons/24-my-topic.md'))).toBe(false);
  });
});

describe.sequential('a new lesson', () => {
  let made: string[] = [];

  test('is laid out in both tracks, with the files that every lesson has', () => {
    const { stdout, stderr, status } = newLesson('24', 'my-topic');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    made = stdout.split('\n\n')[0]?.split('\n') ?? [];
    expect(made.filter(path => !existsSync(join(copy, path)))).toEqual([]);
    // Lesson 2 has them all; a lesson begins without variants, and nothing is excused yet.
    const ofLesson2 = PARTS.filter(part => !part.includes('.'))
      .flatMap(part => filesUnder(join(packageRoot(), part), `${part}/`))
      .map(one => one.name)
      .filter(name => name.includes('02-publish-a-reading') && !/\/(variants|excused)\//.test(name))
      .map(name => name.replace('02-publish-a-reading', '24-my-topic'));
    expect(made).toEqual(ofLesson2.sort());
    expect(made.filter(path => /NN-topic|LESSON_/.test(path + textOf(path)))).toEqual([]);
  }, 60_000);

  test('has front matter without slips, and a picture of what crossed the wire', () => {
    const { title, body, quiz } = loadLesson('24', copy);
    expect(title).toBe('My topic');
    expect(quiz).toHaveLength(3);
    expect(body).toMatch(/^```packets .*\n#1 {2}program → broker {2}CONNECT .*\n(#.*\n)*```$/m);
  });

  test('is proven: the stub fails, the solution passes, wrong programs fail as they say', () => {
    const { stdout, status } = node('bin/mqtt-course.js', 'verify', '24');
    expect(status, stdout).toBe(0);
    expect(stdout).toContain('T1✗ T2·  other-topic');
    expect(stdout).toContain('T1✗ T2·  no-publish');
    expect(stdout).toContain('T1✓ T2✗  no-goodbye');
    expect(stdout).not.toContain('0 stubs');
  }, 60_000);

  test('has an answer on the wire for each of its questions', async () => {
    const folder = join(copy, 'checker/prove/proofs');
    const at = (name: string) => pathToFileURL(join(folder, name)).href;
    const { proofs } = (await import(at('24-my-topic.ts'))) as { proofs: Proofs };
    const { runProof } = (await import(
      at('lab.ts')
    )) as typeof import('../checker/prove/proofs/lab.js');
    const { predict, quiz } = loadLesson('24', copy);
    for (const { proof = '', answer } of [...(predict ? [predict] : []), ...quiz]) {
      const run = proofs[proof];
      if (!run) throw new Error(`there is no proof ${proof}`);
      expect(await runProof(run), proof).toBe(answer);
    }
  });

  test('is not made a second time', () => {
    expect(newLesson('24', 'other').stderr).toContain('There is a lesson 24: lessons/24-my-topic');
    rmSync(join(copy, 'lessons/24-my-topic.md'));
    const before = textOf('exercises/24-my-topic/python/main.py');
    const { stderr, status } = newLesson('24', 'my-topic');
    expect(status).toBe(2);
    expect(stderr).toBe(
      'checker/lessons/24-my-topic.test.ts is there already, and nothing is overwritten: remove it first.\n',
    );
    expect(textOf('exercises/24-my-topic/python/main.py')).toBe(before);
    expect(existsSync(join(copy, 'lessons/24-my-topic.md'))).toBe(false);
  });
});
