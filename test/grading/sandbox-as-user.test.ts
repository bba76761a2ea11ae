import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { packageRoot } from '../../course/index.js';
import { findTool, openToAll } from '../../grading/sandbox/options.js';

/** Nobody in particular: no account is needed for a number. */
const USER = '64050';
const setpriv = findTool('setpriv');
const root = process.getuid?.() === 0;
const usable = root && setpriv !== undefined && openToAll(join(packageRoot(), 'package.json'));
if (!usable) {
  const why = root
    ? 'a normal user cannot read this folder'
    : 'these tests run as a normal user already';
  console.warn(`skipped: ${why}`);
}

/** Those that need what root and a normal user do differently. CHEATS=all runs every one. */
const some =
  'what the sandbox is made of|contract|exits-early|kills|daemon|outlives|inherits|reaches-keeper|honest|memory-shared|source-map|nests|requires|many-|reads-|rewrites|escapes|connects-elsewhere|memory-children|fork-bomb.py|links?.ts|nothing is left';

test.skipIf(!usable)('the sandbox holds for a normal user', { timeout: 600_000 }, async () => {
  const vitest = join(packageRoot(), 'node_modules', 'vitest', 'vitest.mjs');
  const drop = [`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', '--inh-caps=-all'];
  const files = ['test/grading/sandbox.test.ts', 'test/grading/sandbox-cheats.test.ts'];
  const filter = process.env['CHEATS'] === 'all' ? [] : ['-t', some];
  // A loader that writes nothing beside the configuration.
  const config = ['--config', 'vitest.sandbox.config.ts', '--configLoader', 'runner'];
  const args = [vitest, 'run', ...config, ...files, ...filter];
  const run = await execa(setpriv ?? '', [...drop, process.execPath, ...args], {
    cwd: packageRoot(),
    extendEnv: false,
    env: { PATH: '/usr/bin:/bin', HOME: '/tmp', NO_COLOR: '1' },
    reject: false,
    all: true,
  });
  expect(run.exitCode, run.all).toBe(0);
  expect(run.all).toMatch(/Tests +\d+ passed/);
  expect(run.all).not.toContain('skipped: ');
});
