import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { watchRest } from '../../checker/program/rest.js';

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

const now = () => performance.now();

describe.skipIf(!told)('what the kernel tells of a process that rests', () => {
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  async function start(command: string, args: readonly string[], mark = ''): Promise<number> {
    const child = spawn(command, args, { env: { ...process.env, REST: mark } });
    running.push(child);
    await once(child.stdout, 'data');
    return child.pid ?? 0;
  }
  const node = (code: string) =>
    start(process.execPath, ['-e', `${code}; process.stdin.resume(); console.log('there')`]);
  const python = (code: string, mark?: string) =>
    start(
      'python3',
      ['-uc', `import sys, time, threading, select, os\nprint('there')\n${code}`],
      mark,
    );

  /** The longest rest that is seen within a while. */
  async function longest(pid: number, ms = 700): Promise<number> {
    const watch = watchRest(() => pid, now);
    let most = 0;
    for (const end = now() + ms; now() < end; ) {
      most = Math.max(most, watch.look().ms);
      await new Promise(resolve => setTimeout(resolve, 15));
    }
    return most;
  }
  const rests = (pid: number) => expect.poll(() => longest(pid, 100), { timeout: 8000 });

  test('Node without a timer: until something comes', async () => {
    await rests(await node('0')).toBe(Number.POSITIVE_INFINITY);
  });

  test('Node: no longer than its next timer, less what may have passed', async () => {
    const pid = await node('setTimeout(() => {}, 3000); setTimeout(() => {}, 60000)');
    const watch = watchRest(() => pid, now);
    await expect.poll(() => watch.look().ms, { timeout: 2000, interval: 15 }).toBeGreaterThan(0);
    const first = watch.look().ms;
    expect(first).toBeLessThanOrEqual(3001);
    await new Promise(resolve => setTimeout(resolve, 400));
    expect(watch.look().ms).toBeLessThanOrEqual(first - 300);
  });

  test('a thread that has run between two looks is told by another mark', async () => {
    const pid = await node('setInterval(() => {}, 200)');
    const watch = watchRest(() => pid, now);
    const marks = new Set<string>();
    for (let look = 0; look < 60; look++) {
      const { ms, ran } = watch.look();
      if (ms > 0) marks.add(ran);
      await new Promise(resolve => setTimeout(resolve, 15));
    }
    expect(marks.size).toBeGreaterThan(1);
  });

  test.each([
    ['it computes', 'setTimeout(() => { for (;;); }, 50)'],
    [
      'a timer of another thread is near',
      `new (require('worker_threads').Worker)('setInterval(() => {}, 40)', { eval: true })`,
    ],
    ['a child of it has a timer', `require('child_process').spawn('sleep', ['30'])`],
    [
      'it waits with a time-out in another way',
      `setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000), 50)`,
    ],
  ])('Node is not at rest when %s', async (_, code) => {
    const pid = await node(code);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(await longest(pid)).toBeLessThanOrEqual(41);
  });

  test('a child that only waits for input is at rest with its parent', async () => {
    await rests(await node(`require('child_process').spawn('cat')`)).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ['it reads its input', 'sys.stdin.read()'],
    ['its main thread waits for another one', 'threading.Thread(target=sys.stdin.read).start()'],
    ['it selects without a time-out', 'select.select([0], [], [])'],
    ['it waits for its child', 'os.system("cat")'],
  ])('Python is at rest when %s', async (_, code) => {
    await rests(await python(code)).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ['it sleeps', 'time.sleep(30)'],
    [
      'it selects with a time-out, as a thread that is not paho’s',
      'select.select([0], [], [], 30)',
    ],
    ['it waits for an event with a time-out', 'threading.Event().wait(30)'],
    ['a timer thread of it sleeps', 'threading.Timer(30, print).start()'],
    ['its child sleeps', 'os.system("sleep 30")'],
  ])('Python is not at rest when %s', async (_, code) => {
    expect(await longest(await python(code))).toBe(0);
  });

  test('a process that was stopped is not at rest', async () => {
    const pid = await node('0');
    await rests(pid).toBe(Number.POSITIVE_INFINITY);
    process.kill(pid, 'SIGSTOP');
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(await longest(pid, 200)).toBe(0);
  });

  test('what no system call shows is asked for at the end: a handler for SIGALRM, a stray process', async () => {
    const quiet = await python('sys.stdin.read()', 'quiet');
    expect(watchRest(() => quiet, now).confirm('MARK=none')).toBe(true);
    expect(watchRest(() => quiet, now).confirm('REST=quiet')).toBe(true);
    const alarm = await python(
      'import signal\nsignal.signal(signal.SIGALRM, print)\nsignal.alarm(30)\nsys.stdin.read()',
      'alarm',
    );
    const alarmed = watchRest(() => alarm, now);
    await expect.poll(() => alarmed.confirm('MARK=none'), { timeout: 5000 }).toBe(false);
    expect(watchRest(() => quiet, now).confirm('REST=alarm')).toBe(false);
  });

  test('nothing is known of a process that is not there', () => {
    expect(watchRest(() => undefined, now).look().ms).toBe(0);
    expect(watchRest(() => 2 ** 30, now).look().ms).toBe(0);
    expect(watchRest(() => undefined, now).confirm('A=b')).toBe(false);
  });
});
