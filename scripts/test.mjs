/**
 * `npm test`: everything that must pass, one part after the other, with the time that each took.
 * With lessons behind it (`npm test -- 7`) these alone: see `lesson.mjs`.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { proveLessons } from './lesson.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** As `npm run mutants` has it. */
const SAMPLE = ['2', '3', '4', '5', '--mutate', '--sample', '60', '--quiet'];

const PARTS = [
  ['build', ['scripts/build.mjs']],
  ['lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']],
  ['types', ['node_modules/typescript/bin/tsc', '--noEmit']],
  ['types of the exercises', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'exercises']],
  ['unit tests', ['node_modules/vitest/vitest.mjs', 'run']],
  ['programs', ['bin/mqtt-course.js', 'verify']],
  ['machine-made mutants, a sample', ['bin/mqtt-course.js', 'verify', ...SAMPLE]],
];

function everything() {
  const times = [];
  for (const [name, args] of PARTS) {
    const started = performance.now();
    console.log(`\n== ${name}`);
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
    times.push(`${name} ${Math.round((performance.now() - started) / 1000)} s`);
    if (status !== 0) {
      console.error(`\n${name}: not as it should be (${times.join(', ')})`);
      return status ?? 3;
    }
  }
  console.log(`\nall as it should be (${times.join(', ')})`);
  return 0;
}

const args = process.argv.slice(2);
process.exitCode = args.length > 0 ? await proveLessons(args) : everything();
