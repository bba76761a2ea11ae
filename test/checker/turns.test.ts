import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

vi.mock('node:os', async original => ({
  ...(await original<typeof import('node:os')>()),
  availableParallelism: () => 2,
  cpus: vi.fn(),
}));

/** What the machine says of its processors: so much of the time since the last question was idle. */
let idle = 0;
let time = { idle: 0, user: 0 };
beforeEach(() => {
  vi.resetModules();
  time = { idle: 0, user: 0 };
  vi.mocked(cpus).mockImplementation(() => {
    time = { idle: time.idle + idle * 100, user: time.user + (1 - idle) * 100 };
    return [{ model: '', speed: 0, times: { ...time, nice: 0, sys: 0, irq: 0 } }];
  });
});
afterEach(() => vi.clearAllMocks());

/** Wants to begin so many, none of which ends by itself. */
async function begin(count: number, waits: boolean, threads = 2) {
  const { inTurn, shareProcessors } = await import('../../checker/harness/turns.js');
  shareProcessors(threads);
  const ends: (() => void)[] = [];
  const all = Array.from({ length: count }, () =>
    inTurn(waits, () => new Promise<void>(resolve => ends.push(resolve))),
  );
  await Promise.resolve();
  return { ends, all: Promise.all(all) };
}

async function endAll({ ends, all }: Awaited<ReturnType<typeof begin>>): Promise<void> {
  let done = false;
  all.then(() => {
    done = true;
  });
  while (!done) {
    for (const end of ends.splice(0)) end();
    await sleep(1);
  }
}

test('on busy processors a few run, and each that ends is followed by another one', async () => {
  idle = 0.05;
  const running = await begin(9, false);
  await sleep(350);
  expect(running.ends).toHaveLength(6);
  running.ends.shift()?.();
  await sleep(20);
  expect(running.ends).toHaveLength(6);
  await endAll(running);
});

test('while the processors have time left, one after the other joins them, up to a number', async () => {
  idle = 0.8;
  const running = await begin(60, false);
  expect(running.ends).toHaveLength(6);
  await sleep(450);
  expect(running.ends.length).toBeGreaterThan(7);
  expect(running.ends.length).toBeLessThan(12);
  await vi.waitFor(() => expect(running.ends).toHaveLength(32), 5000);
  await sleep(300);
  expect(running.ends).toHaveLength(32);
  await endAll(running);
});

test('those that only wait have places of their own; threads share them', async () => {
  idle = 0;
  const waiting = await begin(20, true);
  expect(waiting.ends).toHaveLength(12);
  await endAll(waiting);
  const shared = await begin(20, false, 4);
  expect(shared.ends).toHaveLength(3);
  await endAll(shared);
});
