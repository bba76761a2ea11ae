import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createWorkspace, findWorkspace, packageRoot } from '../course/index.js';
import { workspacePlace } from './place.js';

const known = 'every test sees a machine that is nobody’s';

test(known, () => {
  expect(Object.keys(process.env)).not.toContain('NODE_OPTIONS');
  expect(Object.keys(process.env).filter(name => /^(MQTT_|TMUX$|npm_)/.test(name))).toEqual([]);
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'INIT_CWD']) {
    expect(process.env[name]).toBeUndefined();
  }
  for (const place of [tmpdir(), homedir(), workspacePlace()]) {
    expect(findWorkspace(place)).toBeUndefined();
    expect(place.startsWith(packageRoot() + sep)).toBe(false);
  }
  writeFileSync(join(homedir(), 'written'), '');
  expect(new Date(0).getHours()).toBe(0);
  expect(process.umask()).toBe(0o022);
});

test('on a machine full of somebody else’s settings', { timeout: 120_000 }, async () => {
  const top = mkdtempSync(join(tmpdir(), 'hostile-'));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  const home = join(top, 'home');
  mkdirSync(home);
  chmodSync(home, 0o555);
  createWorkspace(join(top, 'mqtt-course'));
  const preload = join(top, 'preload.cjs');
  writeFileSync(preload, "console.log('a line of a preload');");
  // As long as a workspace is above the folder for temporary files, another one has to be found.
  const env = {
    ...process.env,
    HOME: home,
    TMPDIR: top,
    NODE_OPTIONS: `--require ${preload}`,
    MQTT_URL: 'mqtt://broker.example:1883',
    MQTT_COURSE_CWD: home,
    TMUX: '/tmp/tmux-0/default,1,0',
    NO_COLOR: '1',
    FORCE_COLOR: '3',
    INIT_CWD: home,
    npm_lifecycle_event: 'test',
    TZ: 'Asia/Kathmandu',
  };
  const vitest = join(packageRoot(), 'node_modules', 'vitest', 'vitest.mjs');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [vitest, 'run', 'test/machine.test.ts', '-t', known],
    { cwd: packageRoot(), env },
  );
  expect(stdout).toMatch(/1 passed/);
});
