/**
 * Proves one lesson by itself: `npm run lesson 7`, or `npm test -- 7`. Its texts, pictures, questions
 * and edits as the project's own tests see them, and its programs in both tracks. What follows the
 * lessons is for `verify`: `npm run lesson 7 -- --track python`.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The tests that speak of each lesson by its id. */
const OF_A_LESSON = [
  'test/proofs.test.ts',
  'test/pictures.test.ts',
  'test/checker/corpus.test.ts',
  'test/checker/stored.test.ts',
  'test/grading/handout-checks.test.ts',
];
/** Those that look at the texts of all of them at once, by their names. */
const OF_ALL = {
  'test/course/catalogue.test.ts': 'every lesson of this course',
  'test/clauses.test.ts': 'citations in the course',
};

/**
 * @param {readonly string[]} args lessons, then options of `verify`
 * @returns {Promise<number>} the exit code
 */
export async function proveLessons(args) {
  const started = performance.now();
  const first = args.findIndex(one => one.startsWith('-'));
  const names = first < 0 ? args : args.slice(0, first);
  const options = first < 0 ? [] : args.slice(first);
  if (names.length === 0) {
    console.error('Which lesson? For example: npm run lesson 7');
    return 2;
  }
  const built = await run('scripts/build.mjs');
  if (built.code !== 0) return told('build', built);
  const { findLesson, UsageError } = await import(
    pathToFileURL(join(root, 'dist', 'course', 'index.js')).href
  );
  let ids;
  try {
    ids = names.map(name => findLesson(name).id);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
  const named = [...ids, ...Object.values(OF_ALL)].join('|');
  const files = [...OF_A_LESSON, ...Object.keys(OF_ALL)];
  const [tests, verify] = await Promise.all([
    run('node_modules/vitest/vitest.mjs', 'run', '-t', `(${named})`, ...files),
    run('bin/mqtt-course.js', 'verify', ...ids, '--quiet', ...options),
  ]);
  const codes = [told('texts, pictures, questions, edits', tests), told('programs', verify)];
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${ids.join(', ')}: ${codes.every(code => code === 0) ? 'proven' : 'not proven'} in ${seconds} s`,
  );
  return codes.find(code => code !== 0) ?? 0;
}

/** Says what came of one part: all of it where it failed, its count where it did not. */
function told(title, { code, out }) {
  const lines = out.trim().split('\n');
  const count = lines.findLast(line => /^\s*Tests\s|programs as they should be/.test(line));
  console.log(code === 0 ? `${title}: ${(count ?? 'done').trim()}` : `${title}:\n${out.trim()}\n`);
  return code;
}

/** @returns {Promise<{ code: number, out: string }>} */
function run(script, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, script), ...args], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', data => {
        out += data;
      });
    }
    child.on('error', reject);
    child.on('close', code => resolve({ code: code ?? 3, out }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await proveLessons(process.argv.slice(2));
}
