import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { machineFault, watchClock } from '../../checker/program/machine.js';
import { builtCommandLine } from '../cli/command-line.js';
import { flowing, learner, PUBLISH, shell, TLS } from './lab.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { bin } = builtCommandLine();
const { folder, file } = learner(PUBLISH, TLS);
const course = `'${process.execPath}' '${bin}'`;

test('a date that jumps during a check, or a machine that was asleep: could not tell', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
  try {
    const jumped = watchClock();
    expect(Math.abs(jumped())).toBeLessThan(1000);
    vi.setSystemTime(1_000_000 + 3_600_000);
    expect(await machineFault(jumped())).toMatch(/Clock: it went ahead by 3600 s.*check again/);
    vi.setSystemTime(1_000_000 - 60_000);
    expect(await machineFault(jumped())).toMatch(/it went back by 60 s/);
  } finally {
    vi.useRealTimers();
  }
  expect(await machineFault(watchClock()())).toBeUndefined();
});

const faketime = spawnSync('faketime', ['-f', '+1d', 'true']).status === 0;
if (!faketime) console.warn('faketime is not here: other dates are not tried');

describe.skipIf(!faketime)('another date under the course and the programs (libfaketime)', () => {
  test.each(['+3y', '-2y'])('%s: certificates are right by the same date', async date => {
    for (const track of ['typescript', 'python']) {
      const { code, out } = await shell(
        `faketime -f '${date}' ${course} check ${TLS} --track ${track}`,
        { cwd: folder },
      );
      expect(out).toMatch(/ \d+ passed$/m);
      expect(code).toBe(0);
    }
  });

  test.each(['+1h', '-1h'])('the date jumps by %s while programs run: never red', async jump => {
    const date = join(folder, 'date');
    writeFileSync(date, '+0');
    const { stdout } = spawnSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], {
      encoding: 'utf8',
    });
    const fake = `LD_PRELOAD=${stdout.trim()} FAKETIME_TIMESTAMP_FILE='${date}' FAKETIME_NO_CACHE=1`;
    const running = shell(`${fake} ${course} check ${PUBLISH} --track typescript`, { cwd: folder });
    await new Promise(resolve => setTimeout(resolve, 1200));
    writeFileSync(date, jump);
    const { code, out } = await running;
    expect(out).not.toMatch(/✗/);
    expect([0, 3], out).toContain(code);
  });

  test('a red result under it is not believed; doctor names it', async () => {
    writeFileSync(file(PUBLISH), 'process.exit(0);');
    const { code, out } = await shell(
      `faketime -f '+3y x4' ${course} check ${PUBLISH} --track typescript`,
      { cwd: folder },
    );
    expect(flowing(out)).toMatch(/libfaketime changes the time.*What to do: run it without/);
    expect(code).toBe(3);
    const doctor = await shell(`faketime -f '+1d' ${course} doctor --json`, { cwd: folder });
    const findings = JSON.parse(doctor.out) as { id: string; ok: boolean }[];
    expect(findings.find(one => one.id === 'clock')).toMatchObject({ ok: false });
  });
});
