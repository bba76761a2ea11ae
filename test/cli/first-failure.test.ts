import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { parseBundle } from '../../checker/replay/index.js';
import { tellEarly } from '../../cli/check/first-failure.js';
import type { CheckJob } from '../../cli/check/job.js';
import { makeStyle } from '../../cli/render/style.js';
import { renderResult } from '../../cli/render/verdict.js';
import { createWorkspace, findLesson } from '../../course/index.js';
import { temporaryFolder } from '../course/fixture.js';
import { builtCommandLine } from './command-line.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const cli = builtCommandLine();
const style = makeStyle({ env: {}, width: 80 });
/** Of a block that tells a failure. */
const SEEN = '  Seen ';
const count = (text: string, part: string) => text.split(part).length - 1;

/** A recorded failure, as a check tells of it before the rest is known. */
function recorded() {
  const file = join(import.meta.dirname, 'failures/recorded/field-will-retain.bundle');
  const stored = parseBundle(readFileSync(file, 'utf8'));
  const verdict = stored.result.checks.find(one => one.status === 'failed');
  if (!verdict) throw new Error('nothing failed in there');
  const result = { ...stored.result, checks: [verdict] };
  const job: CheckJob = {
    lesson: findLesson(stored.result.lesson),
    request: {
      lesson: stored.result.lesson,
      track: 'typescript',
      program: { kind: 'file', path: '/nowhere/main.ts' },
    },
  };
  return { stored, verdict, job, outcome: { result, bundle: { ...stored, result } } };
}

test('what was told early is left out of the result, and all else stands there as before', async () => {
  const { stored, verdict, job, outcome } = recorded();
  const written: string[] = [];
  const early = tellEarly(job, undefined, style, lines => written.push(...lines));
  early.heard(outcome);
  await vi.waitFor(() => expect(written).not.toEqual([]), { timeout: 20_000 });
  const told = await early.ends();
  expect(told).toBe(verdict.id);
  const rest = renderResult(stored.result, style, { told });
  const whole = renderResult(stored.result, style);
  expect(count(written.join('\n'), SEEN)).toBe(1);
  expect(count(written.join('\n'), '  Try ')).toBe(1);
  expect(count(rest.join('\n'), SEEN)).toBe(count(whole.join('\n'), SEEN) - 1);
  // What stands nowhere in the rest was written above it.
  const missing = whole.filter(line => !rest.includes(line));
  expect(missing.filter(line => !written.includes(line))).toEqual([]);
  expect(missing.length).toBeGreaterThan(5);
  expect(rest[0]).toBe(whole[0]);
  expect(rest.at(-1)).toBe(whole.at(-1));
});

test('where the rest comes right away, the result is one piece', async () => {
  const { job, outcome } = recorded();
  const written: string[] = [];
  const early = tellEarly(job, undefined, style, lines => written.push(...lines));
  early.heard(outcome);
  expect(await early.ends()).toBeUndefined();
  await new Promise(resolve => setTimeout(resolve, 300));
  expect(written).toEqual([]);
});

/** Runs a command, and writes down when each part of its output came. */
function timed(args: readonly string[], cwd: string) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [cli.bin, ...args], { cwd, env: { PATH, HOME } });
  let out = '';
  const seen = new Map<string, number>();
  const parts = ['  Expected ', 'Next:'];
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString('utf8');
    for (const part of parts)
      if (!seen.has(part) && out.includes(part)) seen.set(part, performance.now());
  });
  const ended = new Promise<string>(resolve => child.once('close', () => resolve(out)));
  return { child, seen, ended, out: () => out };
}

test('without a terminal: the first failure, then, as soon as it is known, the rest; each once', async () => {
  const folder = join(temporaryFolder(), 'mqtt-course');
  createWorkspace(folder);
  const { seen, ended } = timed(['check', '9', '--seed', '5e1f'], folder);
  const out = await ended;
  const whole = (seen.get('Next:') ?? 0) - (seen.get('  Expected ') ?? 0);
  // Scenarios with protocol timers go on for a while after it.
  expect(whole).toBeGreaterThan(100);
  const [first = '', rest = ''] = out.split(/^09-last-will .*$/m);
  expect(count(first, '  Expected ')).toBe(1);
  const title = /✗ failed {2}(T\d+.*)/.exec(first)?.[1] ?? 'no title';
  // Once above, and once in the list of all.
  expect(count(out, title)).toBe(2);
  expect(count(out, '  Expected ')).toBe(count(out, '  Seen '));
  expect(rest).toContain('Red is where everyone starts');
});

test('--json says one thing, at the end', async () => {
  const folder = join(temporaryFolder(), 'mqtt-course');
  createWorkspace(folder);
  const { ended } = timed(['check', '9', '--json', '--seed', '5e1f'], folder);
  const lines = (await ended).trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ lesson: '09-last-will', status: 'failed' });
});

test('watch, as a log: the same', async () => {
  const folder = join(temporaryFolder(), 'mqtt-course');
  createWorkspace(folder);
  const { child, out, ended } = timed(['watch', '9', '--seed', '5e1f'], folder);
  await vi.waitFor(() => expect(out()).toContain('  Expected '), { timeout: 120_000 });
  expect(out()).not.toMatch(/^09-last-will /m);
  child.stdin.end();
  const text = await ended;
  const [first = '', rest = ''] = text.split(/^09-last-will .*$/m);
  expect(count(first, '  Expected ')).toBe(1);
  const title = /✗ failed {2}(T\d+.*)/.exec(first)?.[1] ?? 'no title';
  expect(count(rest, title)).toBe(1);
});
