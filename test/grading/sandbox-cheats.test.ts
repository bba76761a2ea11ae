import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findPython } from '../../checker/index.js';
import { packageRoot } from '../../course/index.js';
import { defaultLimits, openSandbox, probeIsolation } from '../../grading/sandbox/index.js';
import { type Canaries, type Cheat, cheats, check, openCanaries, tryCheat } from './cheat-lab.js';

const probe = await probeIsolation();
const python = await findPython();
const here = probe.tier === 'bwrap';
if (!here) console.warn(`skipped: ${probe.reason}`);
if (!python?.paho) console.warn('skipped for Python: it needs Python 3 with paho-mqtt');

/** Processes that a program left behind: not one may be. */
function leftBehind(mark: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        return line.includes(mark) && Number(pid) !== process.pid ? [line] : [];
      } catch {
        return [];
      }
    });
}

describe.skipIf(!here)('cheats in bubblewrap', async () => {
  const tmp = mkdtempSync(join(tmpdir(), 'mqtt-course-cheats-'));
  chmodSync(tmp, 0o755);
  const sandbox = here
    ? await openSandbox({ tier: 'bwrap', limits: defaultLimits, tmp })
    : undefined;
  const canaries: Canaries = await openCanaries();
  afterAll(async () => {
    await sandbox?.close();
    canaries.close();
    rmSync(tmp, { recursive: true, force: true });
  });

  async function holds(cheat: Cheat): Promise<void> {
    if (!sandbox) return;
    const trial = await tryCheat(cheat, sandbox.launcher, canaries);
    expect(trial.stdout).not.toContain('LEAK');
    expect(trial.stdout + trial.text).not.toContain(canaries.secret);
    expect(trial.status, trial.text).toBe(cheat.outcome);
    if (cheat.says) expect(trial.text).toMatch(cheat.says);
    expect(canaries.visits()).toBe(0);
    expect(leftBehind(trial.mark)).toEqual([]);
    expect(sandbox.alarms()).toEqual([]);
  }

  /** The grade of honest work must not know who is graded before and after. */
  async function honestWork(): Promise<void> {
    if (!sandbox) return;
    const lesson = '01-first-connection';
    const folder = join(packageRoot(), 'solutions', lesson, 'typescript');
    const launcher = sandbox.launcher({ folder, track: 'typescript' });
    const trial = await check(lesson, 'typescript', join(folder, 'main.ts'), launcher);
    expect(trial.status, trial.text).toBe('passed');
    expect(new Set(trial.verdicts.map(one => one.status))).toEqual(new Set(['passed']));
  }
  const all = cheats().filter(cheat => cheat.track === 'typescript' || python?.paho);
  const title = '$file: $attack';
  const quiet = all.filter(cheat => !cheat.noisy);
  const noisy = all.filter(cheat => cheat.noisy);
  test('honest work before all of them passes', { timeout: 60_000 }, honestWork);
  test.concurrent.each(quiet)(title, { timeout: 120_000 }, holds);
  test('honest work between them passes', { timeout: 60_000 }, honestWork);
  test.each(noisy)(title, { timeout: 120_000 }, holds);
  test('honest work after all of them passes', { timeout: 60_000 }, honestWork);

  test('nothing is left when the sandbox is closed', async () => {
    if (!sandbox) return;
    expect(sandbox.limitHits().join('\n')).toMatch(/memory/);
    await sandbox.close();
    expect(leftBehind(tmp)).toEqual([]);
  });
});
