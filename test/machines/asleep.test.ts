import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { randomFrom } from '../../checker/harness/random.js';
import { builtCommandLine } from '../cli/command-line.js';
import { learner, PUBLISH } from './lab.js';

/*
 * A lid that is closed, a halted guest, a machine that swaps: everything stands still for a while,
 * and goes on in any order, so that timers are due before what had arrived is read.
 */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const FIRST = '01-first-connection';
const { bin } = builtCommandLine();

/** A process, and all that came of it. */
function tree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const all = [root];
  for (const one of all) all.push(...(children.get(one) ?? []));
  return all;
}

function send(signal: NodeJS.Signals, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** A check that is put to sleep again and again. */
async function dozing(cwd: string, lesson: string, track: string, seed: string) {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  const args = [bin, 'check', lesson, '--track', track, '--plain', '--seed', seed];
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH, HOME, TMPDIR },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  let over = false;
  const ended = new Promise<number | null>(resolve => {
    child.once('close', code => {
      over = true;
      resolve(code);
    });
  });
  const random = randomFrom(seed, 'dozing');
  let times = 0;
  while (!over && child.pid !== undefined) {
    await pause(random.int(50, 800));
    if (over) break;
    // What is started while the first ones are halted is halted by the second look.
    send('SIGSTOP', tree(child.pid));
    const all = tree(child.pid);
    send('SIGSTOP', all);
    times += 1;
    await pause(random.int(50, 1500));
    send('SIGCONT', random.shuffle(all));
  }
  return { code: await ended, out, times };
}

describe.skipIf(process.platform !== 'linux')('everything stands still, again and again', () => {
  // Most of it is standing still: they can do that at once.
  test.concurrent.each([
    [FIRST, 'python'],
    [PUBLISH, 'typescript'],
  ] as const)('%s, %s: a right program passes, or it could not be told', async (lesson, track) => {
    const { folder } = learner(lesson);
    const { code, out, times } = await dozing(folder, lesson, track, 'one');
    expect(times).toBeGreaterThan(1);
    expect(out).not.toMatch(/^failed/m);
    expect([0, 3], out).toContain(code);
  });

  test.concurrent('a wrong one does not pass', async () => {
    const { folder, file } = learner();
    writeFileSync(file(PUBLISH), "import { env } from '#kit';\nconsole.log(env('MQTT_URL'));\n");
    const { code, out } = await dozing(folder, PUBLISH, 'typescript', 'three');
    expect([1, 3], out).toContain(code);
  });
});
