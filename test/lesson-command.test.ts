/** `npm run lesson`, and `npm test` with a lesson behind it, in a copy of the course. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test, vi } from 'vitest';
import { packageRoot } from '../course/index.js';

// Programs are really run.
vi.setConfig({ testTimeout: 120_000 });

const ROOMS = ['broker', 'checker', 'cli', 'course', 'grading', 'wire', 'exercises', 'solutions'];
const PARTS = [
  'bin',
  'lessons',
  'scripts',
  'test',
  'package.json',
  'vitest.config.ts',
  'README.md',
];
const copy = mkdtempSync(join(tmpdir(), 'mqtt-course-lesson-'));
for (const part of [...ROOMS, ...PARTS]) {
  cpSync(join(packageRoot(), part), join(copy, part), {
    recursive: true,
    filter: path => !path.includes('__pycache__'),
  });
}
symlinkSync(join(packageRoot(), 'node_modules'), join(copy, 'node_modules'), 'junction');
afterAll(() => rmSync(copy, { recursive: true, force: true }));

async function node(...args: readonly string[]) {
  const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { out, err, code: code as number };
}

test.each<[string, readonly string[], string]>([
  ['no lesson', [], 'Which lesson? For example: npm run lesson 7'],
  ['none of that name', ['99'], '99 does not exist; the last lesson is'],
])('%s: what would be right; exit code 2', async (_, args, told) => {
  const { err, code } = await node('scripts/lesson.mjs', ...args);
  expect(err).toContain(told);
  expect(code).toBe(2);
});

test('a lesson as it should be: its tests and its programs, counted', async () => {
  const { out, code } = await node('scripts/test.mjs', '2', '--only', 'mutant/seq');
  expect(out).toMatch(/^texts, pictures, questions, edits: Tests {2}\d\d passed/m);
  expect(out).toMatch(/^programs: \d+ programs as they should be, 0 not/m);
  expect(out).toMatch(/^02-publish-a-reading: proven in \d/m);
  expect(code).toBe(0);
});

test('a slip in each part of it is told, and those of other lessons are not looked for', async () => {
  const change = (file: string, from: RegExp, to: string) => {
    const before = readFileSync(join(copy, file), 'utf8');
    const after = before.replace(from, to);
    expect(after).not.toBe(before);
    writeFileSync(join(copy, file), after);
  };
  const text = 'lessons/02-publish-a-reading.md';
  // Another picture, another answer, a clause without its version, a mistake that is another one.
  change(text, /^(#1 +)/m, '$1x');
  change(text, /^( +answer:) .*/m, '$1 1');
  change(text, /3\.1\.1 (MQTT-)/, '$1');
  change(
    'checker/prove/mutants/02-publish-a-reading/programs.diff',
    /(## seq[\s\S]*?fails: T\d+ as )/,
    '$1no-',
  );
  change('lessons/03-subscribe-and-react.md', /^(#1 +)/m, '$1x');
  const { out, code } = await node(
    'scripts/lesson.mjs',
    '2',
    '--track',
    'typescript',
    '--only',
    'mutant/seq',
  );
  expect(out).toMatch(/FAIL.*the picture in '02-publish-a-reading'/);
  expect(out).toMatch(/FAIL.*the questions of 02-publish-a-reading/);
  expect(out).toContain('has no version; write 3.1.1 before it');
  expect(out).toContain('should be told "no-');
  expect(out).not.toMatch(/FAIL.*03-subscribe/);
  expect(out).toMatch(/^02-publish-a-reading: not proven in/m);
  expect(code).toBe(1);
});
