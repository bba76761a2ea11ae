import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { asleepMs } from '../../checker/program/asleep.js';

/** Whether the kernel tells in which system call a process sleeps. */
const told = (() => {
  try {
    return (
      process.platform === 'linux' &&
      ['x64', 'arm64'].includes(process.arch) &&
      readFileSync('/proc/self/syscall').length > 0
    );
  } catch {
    return false;
  }
})();

describe.skipIf(!told)('how long a Node process sleeps', () => {
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  async function sleeping(code: string): Promise<number> {
    const child = spawn(process.execPath, [
      '-e',
      `${code}; process.stdin.resume(); console.log('there')`,
    ]);
    running.push(child);
    await once(child.stdout, 'data');
    return child.pid ?? 0;
  }
  const looks = async (pid: number) => {
    let longest = 0;
    await expect
      .poll(
        () => {
          longest = Math.max(longest, asleepMs(pid, 0));
          return longest;
        },
        { timeout: 5000, interval: 20 },
      )
      .toBeGreaterThan(0);
    return longest;
  };

  test('until something comes: without a timer, longer than any wait', async () => {
    expect(await looks(await sleeping('0'))).toBeGreaterThan(5000);
  });

  test('no longer than its next timer', async () => {
    const pid = await sleeping('setTimeout(() => {}, 3000); setTimeout(() => {}, 60000)');
    const ms = await looks(pid);
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThanOrEqual(3001);
  });

  test('less by what may have passed since', async () => {
    const pid = await sleeping('setTimeout(() => {}, 3000)');
    await looks(pid);
    expect(asleepMs(pid, 60_000)).toBe(0);
  });

  test.each([
    ['it computes', 'setTimeout(() => { for (;;); }, 50)'],
    [
      'a timer of another thread is near',
      `new (require('worker_threads').Worker)('setInterval(() => {}, 40)', { eval: true })`,
    ],
    ['another process of it could do something', `require('child_process').spawn('sleep', ['30'])`],
    [
      'it waits in another way',
      `setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000), 50)`,
    ],
  ])('not known to sleep when %s', async (_, code) => {
    const pid = await sleeping(code);
    await new Promise(resolve => setTimeout(resolve, 300));
    const seen = Array.from({ length: 20 }, () => asleepMs(pid, 0));
    expect(Math.max(...seen)).toBeLessThanOrEqual(41);
  });

  test('nothing is known of a process that is not there', () => {
    expect(asleepMs(undefined, 0)).toBe(0);
    expect(asleepMs(2 ** 30, 0)).toBe(0);
  });
});
