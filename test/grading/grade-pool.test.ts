import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type Job, type JobRunner, type Outcome, openPool } from '../../grading/index.js';
import { folder } from './lab.js';

const module = fileURLToPath(new URL('workers/worker.mjs', import.meta.url));
const open: JobRunner[] = [];
afterEach(async () => {
  for (const runner of open.splice(0)) await runner.close();
});

/** A pool of made-up workers, with what they wrote down and the sandboxes they got. */
function pool(
  options: { workers?: number; mostMiB?: number; graceSeconds?: number } = {},
  alarms: string[] = [],
) {
  const log = join(folder(), 'log');
  const sandboxes = { opened: 0, closed: 0 };
  const runner = openPool({
    workers: 1,
    module,
    sandbox: async () => {
      sandboxes.opened += 1;
      return {
        launcher: () => ({ module: 'none', options: {} }),
        limitHits: (of?: string) => [`hits of ${of}`],
        alarms: () => alarms,
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
  return { runner, run, lines, sandboxes, pids: () => new Set(lines().map(([pid]) => pid)) };
}

const alive = (pid: string | undefined) => {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
};

test('a sandbox that did not come empty is an alarm: nothing of it counts, and nobody else gets it', async () => {
  const alarms: string[] = [];
  const { run, pids, sandboxes } = pool({}, alarms);
  expect((await run('good'))?.type).toBe('judged');
  alarms.push('2 processes outlived their program, and 0 of them being killed');
  const outcome = await run('good');
  expect(outcome).toMatchObject({
    type: 'lost',
    reason: expect.stringMatching(/^ALARM: .*outlived/),
  });
  expect(sandboxes.closed).toBe(1);
  alarms.pop();
  expect((await run('good'))?.type).toBe('judged');
  expect(sandboxes.opened).toBe(2);
  expect(pids().size).toBe(2);
});

test('one worker does many jobs, one after the other, and says what its sandbox saw', async () => {
  const { run, lines, pids, sandboxes } = pool();
  const outcomes = await Promise.all([run('slow'), run('slow'), run('good')]);
  expect(outcomes.map(one => one?.type)).toEqual(['judged', 'judged', 'judged']);
  expect(outcomes[0]).toMatchObject({ limitHits: ['hits of of-slow'] });
  expect(lines().map(([, , word]) => word)).toEqual([
    'begins',
    'ends',
    'begins',
    'ends',
    'begins',
    'ends',
  ]);
  expect(pids().size).toBe(1);
  expect(sandboxes).toEqual({ opened: 1, closed: 0 });
});

test('jobs run at once as far as there is room; two that wait take the room of one', async () => {
  const most = (lines: readonly (readonly string[])[]) => {
    let now = 0;
    return Math.max(...lines.map(([, , word]) => (word === 'begins' ? ++now : --now)));
  };
  const two = pool({ workers: 2 });
  await Promise.all([two.run('meets-2'), two.run('meets-2'), two.run('good'), two.run('good')]);
  expect(most(two.lines())).toBe(2);
  const waits = pool({ workers: 2 });
  const meeting = Array.from({ length: 6 }, () => waits.run('meets-4', { waits: true }));
  expect((await Promise.all(meeting)).every(one => one?.type === 'judged')).toBe(true);
  expect(most(waits.lines())).toBe(4);
});

test.each([
  { lesson: 'dies', reason: /lost: it was ended by SIGKILL/ },
  { lesson: 'throws', reason: /lost: it ended with 1/ },
  { lesson: 'hangs', reason: /lost: it did not answer any more/ },
  { lesson: 'grows', reason: /lost: it used more than 200 MiB of memory/ },
])('a worker that $lesson is replaced, and the next job has a fresh one', async one => {
  if (one.lesson === 'grows' && process.platform !== 'linux') {
    return console.warn('skipped: the memory of another process is only known on Linux');
  }
  const { run, pids, sandboxes } = pool({ mostMiB: 200, graceSeconds: 0.2 });
  const wallSeconds = one.lesson === 'hangs' ? 0.3 : 20;
  const outcome = await run(one.lesson, { wallSeconds });
  expect(outcome).toMatchObject({ type: 'lost', reason: expect.stringMatching(one.reason) });
  expect([...pids()].some(alive)).toBe(false);
  expect(await run('good')).toMatchObject({ type: 'judged' });
  expect(pids().size).toBe(2);
  expect(sandboxes).toEqual({ opened: 2, closed: 1 });
});

test('a worker that is tired makes room for a fresh one; its result counts', async () => {
  const { run, pids, sandboxes } = pool();
  expect(await run('tired')).toMatchObject({ type: 'judged' });
  expect(await run('good')).toMatchObject({ type: 'judged' });
  expect(pids().size).toBe(2);
  expect(sandboxes).toEqual({ opened: 2, closed: 1 });
});

test('a job that ran out of time is lost, and its worker goes on', async () => {
  const { run, pids } = pool();
  expect(await run('stopped', { wallSeconds: 7 })).toMatchObject({
    type: 'lost',
    reason: 'it was not done after 7 s',
  });
  await run('good');
  expect(pids().size).toBe(1);
});

test('a job that is no longer wanted when its turn comes is not begun', async () => {
  const { runner, run, lines } = pool();
  const first = run('slow');
  const job = { lesson: 'good', track: 'python', folder: '', entry: '', seed: '' } as const;
  const second = runner.run({ ...job, waits: false, wallSeconds: 1 }, () => false);
  expect(await second).toBeUndefined();
  await first;
  expect(lines()).toHaveLength(2);
});

test('closing ends what runs, leaves no process, and begins nothing more', async () => {
  const { runner, run, pids, sandboxes } = pool({ workers: 2 });
  const running = [run('hangs'), run('hangs'), run('good')];
  await expect.poll(() => pids().size, { timeout: 20_000 }).toBe(2);
  await runner.close();
  for (const outcome of await Promise.all(running)) {
    expect(outcome).toMatchObject({ type: 'lost', reason: 'the grading was stopped' });
  }
  expect([...pids()].some(alive)).toBe(false);
  expect(sandboxes.closed).toBeGreaterThanOrEqual(sandboxes.opened);
});
