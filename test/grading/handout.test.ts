import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dueText, filesUnder, lessonDue, packageRoot } from '../../course/index.js';
import { parseCourseFile } from '../../grading/course-file.js';
import { type HandedOut, makeHandout } from '../../grading/handout/index.js';

const LESSON = '04-topic-names';
const top = mkdtempSync(join(tmpdir(), 'handout-test-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));

const courseFile = () =>
  parseCourseFile(
    `lessons:\n  4:\n    public: [T1, T2, T9]\n  5:\n    public: [T1, T2, T3]\n`,
    'grading.yaml',
    { checksOf: async () => ['T1', 'T2', 'T3', 'T9', 'T10'] },
  );
const lessons = ['02-publish-a-reading', LESSON, '05-wildcards'];
const place = join(top, 'handout');
const unpacked = join(place, 'unpacked');
let made: HandedOut;

beforeAll(async () => {
  made = await makeHandout({ folder: place, lessons, courseFile: await courseFile() });
  mkdirSync(unpacked);
  execFileSync('tar', ['xzf', join(place, made.tarball), '-C', unpacked, '--strip', '1']);
}, 60_000);

/** Lines that only the solutions have: whoever finds one has the solution. */
function telling(): string[] {
  const known = ['exercises', 'lessons']
    .flatMap(room => filesUnder(join(packageRoot(), room)))
    .map(file => readFileSync(file.path, 'utf8'))
    .join('\n');
  return lessons.flatMap(lesson =>
    filesUnder(join(packageRoot(), 'solutions', lesson)).flatMap(file =>
      readFileSync(file.path, 'utf8')
        .split('\n')
        .map(line => line.trim())
        .filter(line => line.length > 40 && !known.includes(line)),
    ),
  );
}

test('no file holds a line of a solution, a wrong program, or a name of theirs', () => {
  const lines = telling();
  expect(lines.length).toBeGreaterThan(5);
  for (const { name, path } of filesUnder(place)) {
    if (name.endsWith('.tgz')) continue;
    const text = readFileSync(path, 'utf8');
    for (const line of lines) expect(text.includes(line), `${name}: ${line}`).toBe(false);
  }
  const names = filesUnder(unpacked).map(file => file.name);
  expect(
    names.filter(name => /solutions|mutants|variants|proofs|grading|\.map$/.test(name)),
  ).toEqual([]);
});

test('only the chosen lessons are in it', () => {
  const ids = filesUnder(unpacked).flatMap(file => /\d{2}-[a-z-]{4,}/.exec(file.name) ?? []);
  expect([...new Set(ids)].sort()).toEqual(lessons);
  expect(readdirSync(join(place, 'exercises')).sort()).toEqual([...lessons, 'kit']);
});

test('each lesson is one module, and which checks are kept back is told', () => {
  const folder = 'dist/checker/lessons/';
  const names = filesUnder(unpacked).map(file => file.name);
  expect(names.filter(name => name.startsWith(folder)).sort()).toEqual(
    lessons.map(lesson => `${folder}${lesson}.test.js`),
  );
  const kept = made.keptBack.filter(one => one.lesson === LESSON).map(one => one.id);
  expect(kept).toEqual(['T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T10', 'T11', 'T12', 'T13']);
  expect(made.keptBack.some(one => one.lesson === lessons[0])).toBe(false);
});

test('the same course makes the same bytes', async () => {
  const again = join(top, 'again');
  await makeHandout({ folder: again, lessons, courseFile: await courseFile() });
  for (const file of made.files) {
    expect(readFileSync(join(again, file)).equals(readFileSync(join(place, file))), file).toBe(
      true,
    );
  }
});

describe('a student', () => {
  const home = join(top, 'student');
  const run = (...args: string[]) =>
    spawnSync(
      process.execPath,
      [join(home, 'node_modules/mqtt-course/bin/mqtt-course.js'), ...args],
      {
        cwd: home,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: top },
      },
    );

  beforeAll(() => {
    for (const file of made.files) cpSync(join(place, file), join(home, file));
    // What npm install does, without a registry.
    const modules = join(home, 'node_modules');
    mkdirSync(modules, { recursive: true });
    const installed = join(packageRoot(), 'node_modules');
    for (const name of readdirSync(installed)) {
      if (name !== '.bin' && name !== 'mqtt-course')
        symlinkSync(join(installed, name), join(modules, name));
    }
    cpSync(unpacked, join(modules, 'mqtt-course'), { recursive: true });
  });

  test('begins in it: the state and the next step', () => {
    const { stdout, status } = run('start');
    expect(status).toBe(0);
    expect(stdout).toContain('0 of 3 lessons passed');
  });

  test.each([
    ['4', LESSON, ['T1', 'T2', 'T9'], 10],
    ['5', '05-wildcards', ['T1', 'T2', 'T3'], 8],
  ])(
    'lesson %s is red with the stub, green with a right program, and shows the public checks',
    (name, lesson, ids, kept) => {
      const red = run('check', name, '--json');
      expect(red.status, red.stderr).toBe(1);
      const path = `${lesson}/typescript/main.ts`;
      const right = readFileSync(join(packageRoot(), 'solutions', path), 'utf8');
      writeFileSync(join(home, 'exercises', path), right);
      const green = run('check', name, '--json');
      expect(green.status, green.stderr).toBe(0);
      const result = JSON.parse(green.stdout) as { checks: { id: string }[] };
      expect(result.checks.map(one => one.id)).toEqual(ids);
      const { stdout } = run('check', name);
      expect(stdout).toContain(`${kept} more checks run when your work is graded.`);
    },
    60_000,
  );

  test('a lesson with all its checks says nothing of others', () => {
    const path = 'exercises/02-publish-a-reading/typescript/main.ts';
    cpSync(join(packageRoot(), path.replace('exercises', 'solutions')), join(home, path));
    const { stdout, status } = run('check', '2');
    expect(status, stdout).toBe(0);
    expect(stdout).not.toContain('graded');
  }, 60_000);

  test('is told who has the solutions', () => {
    const { stderr, status } = run('solution', '2');
    expect(status).toBe(2);
    expect(stderr).toContain('Your instructor keeps the solutions');
  });

  test('finds no grader in it', () => {
    const { stderr, status } = run('grade', '.');
    expect(stderr).toContain("there is no command 'grade'");
    expect(status).toBe(2);
    expect(run('--help').stdout).not.toMatch(/^ {2}(?:grade|regrade|handout|verify) /m);
    const dist = join(home, 'node_modules/mqtt-course/dist');
    for (const room of ['grading', 'cli/grade', 'cli/commands/grade.js']) {
      expect(existsSync(join(dist, room)), room).toBe(false);
    }
  });
});

test('a folder with something in it is left alone', async () => {
  await expect(
    makeHandout({ folder: place, lessons, courseFile: await courseFile() }),
  ).rejects.toThrow('holds other files already');
});

test('a public check that does not exist is named with its line', async () => {
  await expect(
    parseCourseFile('lessons:\n  4:\n    public: [T1, T77]\n', 'grading.yaml', {
      checksOf: async () => ['T1', 'T2'],
    }),
  ).rejects.toThrow('grading.yaml:3: T77 is not a check');
});

test('points and deadlines of the course file are told to students: README and handout.json', async () => {
  const folder = join(top, 'dated');
  const dated = await parseCourseFile(
    'time-zone: Europe/Berlin\nlessons:\n  2: { points: 20, deadline: 2026-10-09 18:00 }\n',
    'grading.yaml',
  );
  await makeHandout({ folder, lessons: ['02-publish-a-reading'], courseFile: dated, dated: true });
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  expect(readme).toContain('| 02-publish-a-reading | due Friday 18:00 (9 October), 20 points |');
  expect(lessonDue('02-publish-a-reading')).toBeUndefined();
  expect(dueText({ points: 1 })).toBe('1 point');
});
