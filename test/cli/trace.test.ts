import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { lessonRefs, packageRoot } from '../../course/index.js';
import { columnsOf } from '../../wire/draw/canvas.js';
import { workspacePlace } from '../place.js';
import { faulty, steady } from '../wire/draw-traces.js';
import { commandLine } from './command-line.js';

// Every test starts processes: on a busy machine that takes long.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const cli = commandLine();
const [first, second, third] = lessonRefs();
if (!first || !second || !third) throw new Error('the course has no lessons');

const folder = workspacePlace();
const trace = (...args: string[]) => cli(['trace', ...args], { cwd: folder });

beforeAll(async () => {
  const made = await cli(['start', '--yes'], { cwd: dirname(folder) });
  expect(made.code).toBe(0);
  const recordings = Object.fromEntries(
    Object.entries({ 'lost PUBREC': faulty(), steady: steady(30) }).map(([scenario, one]) => [
      scenario,
      { scenario, facts: {}, trace: one, programs: [], stalls: [] },
    ]),
  );
  const check = {
    id: 'T3',
    title: 'sends again',
    status: 'failed',
    clauses: [],
    packets: [16],
    scenario: 'lost PUBREC',
  };
  const result = {
    schema: 'mqtt-course/result/1',
    lesson: first.id,
    track: 'typescript',
    status: 'failed',
    seed: 'abc',
    broker: 'embedded',
    course: '0.1.0',
    durationMs: 1,
    checks: [check],
  };
  const place = join(folder, '.mqtt-course', 'last');
  mkdirSync(place, { recursive: true });
  const bundle = { schema: 'mqtt-course/bundle/1', result, recordings, files: [] };
  writeFileSync(join(place, `${first.id}.json`), JSON.stringify(bundle));
});
afterAll(() => rmSync(dirname(folder), { recursive: true, force: true }));

describe('without a terminal', () => {
  test('--diagram: every scenario, 80 columns, no colour, cited packets marked', async () => {
    const { code, out, err } = await trace('1', '--diagram');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).not.toContain('\u001B');
    for (const line of out.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(80);
    expect(out).toMatch(/^lost PUBREC$[\s\S]*^▶ #16 [\s\S]*^steady$/m);
    expect(out).toContain('▶ cited by a failed check: #16 (T3)');
    expect(out).toContain('29 times more the same 2 packets');
  });

  test('--diagram --plain --unfolded, of one scenario', async () => {
    const { code, out } = await trace(
      '1',
      '--diagram',
      '--plain',
      '--unfolded',
      '--scenario',
      'st',
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^[\x20-\x7e\n]*$/);
    // In words, not by place.
    expect(out).toMatch(/#63 .* (->|<-) broker|#63 .*broker (->|<-) /);
    expect(out).not.toContain('lost PUBREC');
  });

  test('--explain: every byte, with clauses, where the failed check looked', async () => {
    const { code, out } = await trace('1', '--explain', '#7');
    expect(code).toBe(0);
    expect(out).toContain('lost PUBREC');
    expect(out).toMatch(/^0 {5}32 .*type and flags/m);
    expect(out).toContain('3.1.1 MQTT-3.3.2-1');
    for (const line of out.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(80);
  });

  test('--svg: beside the trace, where asked for, or to standard output', async () => {
    const beside = await trace('1', '--svg');
    expect(beside.code).toBe(0);
    expect(beside.out).toContain(`wrote ${join('.mqtt-course', 'last', `${first.id}.svg`)}`);
    expect(beside.out).toContain('others: "steady"');
    const file = join(folder, '.mqtt-course', 'last', `${first.id}.svg`);
    expect(readFileSync(file, 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    await trace('1', '--svg', 'pictures/mine.svg', '--scenario', 'steady');
    expect(readFileSync(join(folder, 'pictures/mine.svg'), 'utf8')).toContain(
      `${first.id}: steady`,
    );
    expect((await trace('1', '--svg', '-')).out).toMatch(/^<svg /);
    // The lesson behind the option is the lesson, not a file.
    expect((await trace('--svg', '1')).out).toContain('scenario "lost PUBREC"');
    expect(existsSync(join(folder, '1'))).toBe(false);
  });

  test('--mermaid, --json and --pcap', async () => {
    expect((await trace('1', '--mermaid')).out).toMatch(/^sequenceDiagram\n {2}participant C1/);
    expect(Object.keys(JSON.parse((await trace('1', '--json')).out))).toEqual([
      'lost PUBREC',
      'steady',
    ]);
    const { code, out } = await trace('1', '--pcap', 'x.pcapng');
    expect(code).toBe(0);
    expect(out).toContain('wrote x.pcapng');
    expect(out).toContain('stands where it reached the tap');
    expect(readFileSync(join(folder, 'x.pcapng')).readUInt32LE(0)).toBe(0x0a0d0d0a);
  });
});

describe('wrong use: exit code 2, and what would be right', () => {
  test.each([
    [['2', '--diagram'], `there is no trace of ${second.id} yet. Make one: npx mqtt-course check`],
    [
      ['1', '--diagram', '--scenario', 'nope'],
      `there is no scenario "nope" in the last check of ${first.id}; it has "lost PUBREC", "steady".`,
    ],
    [
      ['1', '--explain', '99', '--scenario', 'steady'],
      `there is no packet 99 in this trace; it has #1 to #63. All of them: npx mqtt-course trace ${first.id}`,
    ],
    [['1', '--explain', 'x'], 'there is no packet x in this trace.'],
    [['1', '--diagram', '--mermaid'], '--diagram and --mermaid do not go together; choose one.'],
    [['1', '--unfolded'], 'npx mqtt-course trace --diagram --unfolded'],
    [['1', '--pcap', '.'], 'cannot be written'],
    [['1', '--show'], 'npx mqtt-course trace --compare --show'],
    [['1', '--run'], `there is no practice run of ${first.id} yet`],
    [['1', '--run', '--from', 'x'], '--run and --from do not go together'],
    [['--from', 'package.json'], 'package.json holds no exchange'],
    [['2', '--from', `.mqtt-course/last/${first.id}.json`], `is of ${first.id}`],
  ])('%j', async (args, message) => {
    const { code, out, err } = await trace(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});

test('--from: an exchange that is stored elsewhere, without a workspace', async () => {
  const file = join(dirname(folder), 'kept.json');
  cpSync(join(folder, '.mqtt-course', 'last', `${first.id}.json`), file);
  const { code, out } = await cli(['trace', '--from', 'kept.json', '--diagram'], {
    cwd: dirname(folder),
  });
  expect(code).toBe(0);
  expect(out).toMatch(/^▶ #16 /m);
});

test('--run: the packets of the last practice run; they are not compared', async () => {
  const run = await cli(['run', third.id], { cwd: folder, input: 'wait CONNACK\nquit\n' });
  expect(run.out).toContain('trace 3 --run --diagram');
  const listed = await trace(third.id, '--run');
  expect(listed.out).toMatch(/a practice run, nothing is judged[\s\S]*#1 .*CONNECT/);
  const compared = await trace(third.id, '--run', '--compare');
  expect(compared).toMatchObject({ code: 2, out: '' });
});

test('--compare: the solution beside itself is the same; beside the stub it is not', async () => {
  const path = `${third.id}/typescript/main.ts`;
  await cli(['check', third.id, '--seed', 'abc'], { cwd: folder });
  const early = await trace(third.id, '--compare');
  expect(early).toMatchObject({ code: 2, out: '' });
  expect(early.err).toContain(`npx mqtt-course hint ${third.id}`);
  const stub = await trace(third.id, '--compare', '--show');
  expect(stub.code).toBe(0);
  expect(stub.err).toContain('that is remembered');
  const progress = JSON.parse(readFileSync(join(folder, '.mqtt-course/state.json'), 'utf8'));
  expect(progress.lessons[third.id].solutionShown.typescript).toMatch(/^20\d\d-/);
  expect(stub.out).toMatch(/^First difference: /m);
  cpSync(join(packageRoot(), 'solutions', path), join(folder, 'exercises', path));
  await cli(['check', third.id, '--seed', 'abc'], { cwd: folder });
  const solved = await trace(third.id, '--compare', '--plain');
  expect(solved).toMatchObject({ code: 0, err: '' });
  expect(solved.out).toMatch(/^No difference in \d+ packets\.$/m);
});
