import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { type Job, type JobRunner, type Outcome, openEngines } from '../../grading/index.js';
import { type EngineState, engineForNext } from '../../grading/run/admission.js';
import { folder } from './lab.js';

const script = (name: string) => fileURLToPath(new URL(`workers/${name}.mjs`, import.meta.url));
const open: JobRunner[] = [];
afterEach(async () => {
  for (const runner of open.splice(0)) await runner.close();
});

/** Engines and workers that are made up, with what they wrote down and the sandboxes they got. */
function engines(
  options: { most?: number; engines?: number; mostMiB?: number; silentSeconds?: number } = {},
  alarms: { folder: string; text: string }[] = [],
) {
  const log = join(folder(), 'log');
  const sandboxes = { opened: 0, closed: 0 };
  const runner = openEngines({
    engines: 1,
    module: script('engine'),
    workerModule: script('worker'),
    // Whatever else this machine does now.
    machine: () => ({ idle: 1, freeMiB: 8000 }),
    sandbox: async () => {
      sandboxes.opened += 1;
      return {
        launcher: () => ({ module: 'none', options: {} }),
        limitHits: (of?: string) => [`hits of ${of}`],
        alarms: (of?: string) =>
          alarms.filter(one => of === undefined || one.folder === of).map(one => one.text),
        close: async () => {
          sandboxes.closed += 1;
        },
      };
    },
    ...options,
  });
  open.push(runner);
  const run = (lesson: string, more: Partial<Job> = {}): Promise<Outcome | undefined> =>
    runner.run(
      {
        lesson,
        track: 'python',
        folder: `of-${lesson}`,
        entry: log,
        seed: 's',
        waits: false,
        wallSeconds: 20,
        ...more,
      },
      () => true,
    );
  const lines = () =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .trim()
          .split('\n')
          .map(line => line.split(' '))
      : [];
  /** The processes that a job of this lesson began in. */
  const places = (lesson: string) =>
    lines()
      .filter(([, name, word]) => name === lesson && word === 'begins')
      .map(([pid]) => pid);
  return { runner, run, lines, sandboxes, places };
}

const most = (lines: readonly (readonly string[])[]) => {
  let now = 0;
  return Math.max(...lines.map(([, , word]) => (word === 'begins' ? ++now : --now)));
};

describe('many jobs in one engine', () => {
  test('jobs that only wait do not keep others from starting: all in one process', async () => {
    const { run, lines, sandboxes } = engines();
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => run('meets-6')));
    expect(outcomes.every(one => one?.type === 'judged')).toBe(true);
    expect(new Set(lines().map(([pid]) => pid)).size).toBe(1);
    expect(sandboxes.opened).toBe(1);
  });

  test('no more at once than was asked for', async () => {
    const { run, lines } = engines({ most: 2 });
    await Promise.all(Array.from({ length: 5 }, () => run('slow')));
    expect(most(lines())).toBe(2);
  });

  test('what a job ran into is its own', async () => {
    const { run } = engines();
    const [one, two] = await Promise.all([run('good'), run('slow')]);
    expect(one?.limitHits).toEqual(['hits of of-good']);
    expect(two?.limitHits).toEqual(['hits of of-slow']);
  });

  test.each([
    { kind: 'dies', reason: /lost: it was ended by SIGKILL/ },
    { kind: 'hangs', reason: /lost: it did not answer any more/ },
    { kind: 'grows', reason: /lost: it used more than 1024 MiB of memory/ },
  ])('an engine that $kind costs the others nothing: each is judged again, alone', async one => {
    const options = { silentSeconds: 0.5, ...(one.kind === 'grows' ? { mostMiB: 1024 } : {}) };
    const { run, places } = engines(options);
    const others = [run('never'), run('never-2', { folder: 'of-another' })];
    await expect.poll(() => places('never-2').length, { timeout: 10_000 }).toBe(1);
    const wallSeconds = one.kind === 'hangs' ? 0.1 : 20;
    // Alone, in a worker, what it does befalls only itself.
    const guilty = run(one.kind, { wallSeconds });
    for (const outcome of await Promise.all(others)) {
      expect(outcome).toMatchObject({ type: 'judged', bundle: Buffer.from('b') });
    }
    const [first, second] = places('never');
    expect(first).not.toBe(second);
    if (one.kind === 'dies') {
      expect(await guilty).toMatchObject({
        type: 'lost',
        reason: expect.stringMatching(one.reason),
      });
    }
  });

  test('alone in its engine, it was its own doing, and it is told', async () => {
    const { run } = engines();
    expect(await run('dies')).toMatchObject({
      type: 'lost',
      reason: expect.stringMatching(/it was ended by SIGKILL/),
    });
    expect(await run('good')).toMatchObject({ type: 'judged' });
  });

  test('what could not be told beside others is judged alone the next time', async () => {
    const { run, places } = engines();
    expect(await run('unclear')).toMatchObject({ type: 'judged', result: { status: 'unknown' } });
    expect(await run('unclear')).toMatchObject({ type: 'judged', result: { status: 'passed' } });
    expect(new Set(places('unclear')).size).toBe(2);
  });

  test('out of time beside others is out of time only when it is alone, too', async () => {
    const { run } = engines();
    const beside = run('slow');
    expect(await run('stopped', { wallSeconds: 7 })).toMatchObject({
      type: 'lost',
      reason: 'it was not done after 7 s',
    });
    expect(await beside).toMatchObject({ type: 'judged' });
  });

  test('an alarm is whose programs made it; whoever was beside is judged again', async () => {
    const alarms: { folder: string; text: string }[] = [];
    const { run, places, sandboxes } = engines({}, alarms);
    const beside = run('never', { folder: 'of-neighbour' });
    await expect.poll(() => places('never').length, { timeout: 10_000 }).toBe(1);
    alarms.push({ folder: 'of-slow', text: '2 processes outlived their program' });
    const outcome = await run('slow').finally(() => alarms.splice(0));
    expect(outcome).toMatchObject({
      type: 'lost',
      reason: expect.stringMatching(/^ALARM: .*outlived/),
    });
    expect(await beside).toMatchObject({ type: 'judged', bundle: Buffer.from('b') });
    expect(sandboxes.closed).toBe(1);
  });

  test('closing ends what runs, leaves no process, and begins nothing more', async () => {
    const { runner, run, places, sandboxes } = engines();
    const running = [run('never'), run('never-2')];
    await expect.poll(() => places('never-2').length, { timeout: 10_000 }).toBe(1);
    await runner.close();
    for (const outcome of await Promise.all(running)) {
      expect(outcome).toMatchObject({ type: 'lost', reason: 'the grading was stopped' });
    }
    expect(await run('good')).toBeUndefined();
    expect(() => process.kill(Number(places('never')[0]), 0)).toThrow();
    expect(sandboxes.closed).toBe(sandboxes.opened);
  });
});

describe('which engine takes the next job', () => {
  const idle: EngineState = {
    jobs: 0,
    preparing: 0,
    playing: 0,
    waiting: 0,
    lateMs: 0,
    rssMiB: 200,
  };
  const roomy = { idle: 0.5, freeMiB: 8000 };
  const at = (state: Partial<EngineState>) => ({ ...idle, jobs: 3, ...state });

  test('the one with least to do', () => {
    expect(engineForNext([at({ playing: 4 }), at({ playing: 2 })], roomy)).toBe(1);
    expect(engineForNext([at({ playing: 2, preparing: 1 }), at({ playing: 4 })], roomy)).toBe(1);
  });

  test.each([
    ['its scenarios wait for their turn', { waiting: 1 }, roomy],
    ['two jobs are compiled', { preparing: 2 }, roomy],
    ['it is late', { lateMs: 200 }, roomy],
    ['no processor is idle', {}, { ...roomy, idle: 0.02 }],
    ['the machine has no memory left', {}, { ...roomy, freeMiB: 100 }],
    ['it takes too much memory itself', { rssMiB: 1400 }, roomy],
  ])('none, where %s; and one that has nothing takes one all the same', (_, state, machine) => {
    expect(engineForNext([at(state)], machine)).toBeUndefined();
    expect(engineForNext([at(state), idle], machine)).toBe(1);
  });

  test('on a machine that others keep busy, some are always under way', () => {
    expect(engineForNext([at({ jobs: 1 })], { ...roomy, idle: 0 })).toBe(0);
  });
});
