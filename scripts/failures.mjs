/**
 * Records the results that `test/cli/screens.test.ts` draws: real programs, real checks, one seed.
 * `npm run failures [name…]`, with names of cases or numbers of lessons. Review the screens after it:
 * they are golden.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programText } from './program-text.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cases = JSON.parse(readFileSync(join(root, 'test/cli/failures/cases.json'), 'utf8'));
const folder = join(root, 'test/cli/failures/recorded');
const names = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const isMeant = (one, name) =>
  one.name === name || Number.parseInt(one.lesson, 10) === Number(name);
const unknown = names.find(name => !cases.some(one => isMeant(one, name)));
if (unknown) {
  console.error(
    `There is no case ${unknown}, and none of such a lesson. In test/cli/failures/cases.json: ${cases.map(one => one.name).join(', ')}`,
  );
  process.exit(2);
}
// An npm script says where it was called from; these commands are called in a workspace of their own.
const { npm_lifecycle_event: _, INIT_CWD: __, ...environment } = process.env;

for (const one of cases) {
  if (names.length > 0 && !names.some(name => isMeant(one, name))) continue;
  const workspace = mkdtempSync(join(tmpdir(), 'mqtt-course-failures-'));
  try {
    const command = ['start', '--dir', join(workspace, 'w'), '--yes', '--track', one.track];
    run(command, workspace);
    const exercise = join(workspace, 'w/exercises', one.lesson, one.track);
    const file = join(exercise, one.track === 'python' ? 'main.py' : 'main.ts');
    writeFileSync(file, programText(one.lesson, one.track, one.program));
    run(['check', one.lesson, '--track', one.track, '--seed', '7f3a'], exercise, one.env);
    const bundle = JSON.parse(
      readFileSync(join(workspace, 'w/.mqtt-course/last', `${one.lesson}.json`), 'utf8'),
    );
    bundle.result.durationMs = 812;
    for (const recording of Object.values(bundle.recordings)) {
      recording.trace.startedAt = '2026-01-01T00:00:00.000Z';
    }
    writeFileSync(join(folder, `${one.name}.bundle`), `${JSON.stringify(bundle)}\n`);
    const told = bundle.result.checks.find(check => check.status === 'failed');
    console.log(`${one.name}: ${bundle.result.status}${told ? ` ${told.id} ${told.mistake}` : ''}`);
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

/** @param {readonly string[]} args @param {string} cwd @param {Record<string, string>} [env] */
function run(args, cwd, env = {}) {
  const { stderr, error, status } = spawnSync(
    process.execPath,
    [join(root, 'bin/mqtt-course.js'), ...args],
    {
      cwd,
      env: { ...environment, ...env },
      encoding: 'utf8',
    },
  );
  if (error) throw error;
  if (stderr) console.error(stderr.trim());
  if (status === 2) throw new Error(`wrong use: ${args.join(' ')}`);
}
