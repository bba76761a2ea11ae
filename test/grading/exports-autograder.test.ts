import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { autograderZip, gradescopeAutograder } from '../../grading/exports/autograder.js';
import { gradescopeResults } from '../../grading/exports/gradescope.js';
import { classGrades, learnerOf } from './class.js';

const tarball = new Uint8Array([31, 139, 8, 0]);
const options = {
  tarball,
  args: ['--lessons', '1,2', '--class', '{source}/class.yaml'],
  files: { 'class.yaml': 'title: x\n' },
};
const files = () => gradescopeAutograder(options);
const windows = process.platform === 'win32';

let root = '';
let home = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'gradescope-'));
  home = join(root, 'home');
  const course = join(home, 'course', 'node_modules', 'mqtt-course');
  // The course as it is installed, with a grader that tells what it was given.
  await build({
    entryPoints: [fileURLToPath(new URL('../../grading/exports/autograder.ts', import.meta.url))],
    outfile: join(course, 'dist', 'grading', 'exports', 'autograder.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: 'import * as nodeModule from "node:module"; const require = nodeModule.createRequire(import.meta.url);',
    },
    logLevel: 'error',
  });
  mkdirSync(join(course, 'bin'));
  writeFileSync(join(course, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(course, 'bin', 'mqtt-course.js'),
    `import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
const args = process.argv.slice(2);
const out = args[args.indexOf('--out') + 1];
writeFileSync(process.env.SEEN + '.json', JSON.stringify(args));
cpSync(args[1], process.env.SEEN, { recursive: true, verbatimSymlinks: true });
if (process.env.RESULT) {
  mkdirSync(out + '/gradescope', { recursive: true });
  writeFileSync(out + '/gradescope/one.json', process.env.RESULT);
}
process.exitCode = Number(process.env.CODE ?? 0);
`,
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('the zip has what Gradescope wants at its root, executable where it must be', () => {
  const zip = autograderZip(options);
  const inside = unzipSync(zip);
  expect(Object.keys(inside).sort()).toEqual([
    'autograder.json',
    'class.yaml',
    'mqtt-course.tgz',
    'run_autograder',
    'setup.sh',
  ]);
  expect(inside['mqtt-course.tgz']).toEqual(tarball);
  const start = new TextDecoder().decode(inside['run_autograder']?.slice(0, 20));
  expect(start).toMatch(/^#!\/usr\/bin\/env bash\n/);
  expect(modes(zip)).toEqual({
    'autograder.json': 0o644,
    'class.yaml': 0o644,
    'mqtt-course.tgz': 0o644,
    run_autograder: 0o755,
    'setup.sh': 0o755,
  });
});

/** Permissions from the central directory: `unzip` goes by them. */
function modes(zip: Uint8Array): Record<string, number> {
  const view = Buffer.from(zip);
  const found: Record<string, number> = {};
  for (
    let at = view.indexOf('PK\u0001\u0002');
    at >= 0;
    at = view.indexOf('PK\u0001\u0002', at + 4)
  ) {
    const name = view.subarray(at + 46, at + 46 + view.readUInt16LE(at + 28)).toString();
    expect(view.readUInt8(at + 5)).toBe(3);
    found[name] = (view.readUInt32LE(at + 38) >>> 16) & 0o7777;
  }
  return found;
}

test('the same files give the same bytes, in every time zone', () => {
  const zone = process.env['TZ'];
  try {
    const made = ['UTC', 'Asia/Kathmandu', 'America/St_Johns'].map(one => {
      process.env['TZ'] = one;
      return Buffer.from(autograderZip(options)).toString('base64');
    });
    expect(new Set(made).size).toBe(1);
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});

test('refuses files that would take the place of its own', () => {
  for (const name of ['setup.sh', '../x', 'a/b', '.env'])
    expect(() => gradescopeAutograder({ tarball, files: { [name]: '' } })).toThrow(
      /cannot be called/,
    );
});

test.skipIf(windows)('the scripts are scripts', () => {
  for (const { path, content, executable } of files()) {
    if (!executable || typeof content !== 'string') continue;
    const run = spawnSync('bash', ['-n'], { input: content, encoding: 'utf8' });
    expect(`${path}: ${run.stderr}`).toBe(`${path}: `);
  }
});

/** Lays `/autograder` out as Gradescope does, and runs what it runs. */
function autograde(name: string, env: Record<string, string>) {
  const here = join(root, name, 'autograder');
  const seen = join(root, name, 'seen');
  for (const { path, content } of files()) {
    mkdirSync(dirname(join(here, 'source', path)), { recursive: true });
    writeFileSync(join(here, 'source', path), content);
  }
  mkdirSync(join(here, 'submission'), { recursive: true });
  writeFileSync(join(here, 'submission', 'main.ts'), 'export {};\n');
  writeFileSync(
    join(here, 'submission_metadata.json'),
    JSON.stringify({
      id: 4711,
      created_at: '2026-03-02T01:29:59.365935+01:00',
      users: [{ id: 9, name: 'Wei "=1+1" Chen\n:x: y', email: 'chen-w@example.edu' }],
    }),
  );
  const script = join(here, 'run_autograder');
  writeFileSync(script, readFileSync(join(here, 'source', 'run_autograder')));
  chmodSync(script, 0o755);
  const run = spawnSync(script, {
    cwd: here,
    encoding: 'utf8',
    env: { ...process.env, AUTOGRADER_ROOT: here, MQTT_COURSE_HOME: home, SEEN: seen, ...env },
  });
  return { run, here, seen, results: join(here, 'results', 'results.json') };
}

test.skipIf(windows)('run_autograder grades the submission and writes results.json', () => {
  const results = gradescopeResults(learnerOf(classGrades(), 'chen-w'));
  const RESULT = JSON.stringify(results);
  const { run, here, seen, results: path } = autograde('good', { RESULT, CODE: '1' });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(RESULT));
  const args: string[] = JSON.parse(readFileSync(`${seen}.json`, 'utf8'));
  expect(args.filter((_, at) => at !== 1 && at !== 3)).toEqual([
    ...['grade', '--out', '--format', 'gradescope', '--lessons', '1,2'],
    ...['--class', join(here, 'source', 'class.yaml')],
  ]);
  // The time handed in is that of the platform, and a name is a name.
  expect(parse(readFileSync(join(seen, 'submission_metadata.yml'), 'utf8'))).toEqual({
    submission_4711: {
      ':submitters': [
        { ':name': 'Wei "=1+1" Chen\n:x: y', ':sid': '9', ':email': 'chen-w@example.edu' },
      ],
      ':created_at': '2026-03-02T01:29:59.365935+01:00',
    },
  });
  expect(readFileSync(join(seen, 'submission_4711', 'main.ts'), 'utf8')).toBe('export {};\n');
});

test.skipIf(windows)('what could not be told leaves no results.json, so no zero', () => {
  const RESULT = JSON.stringify(gradescopeResults(learnerOf(classGrades(), 'kowalska-z')));
  const { run, results } = autograde('open', { RESULT, CODE: '3' });
  expect(run.status).toBe(3);
  expect(run.stderr).toBe(
    'could not tell: 09-last-will. No points are given or taken; run it again.\n',
  );
  expect(existsSync(results)).toBe(false);
});

test.skipIf(windows)('a grader that leaves nothing is an error, also when it says 0', () => {
  const { run, results } = autograde('nothing', { CODE: '0' });
  expect(run.status).toBe(3);
  expect(run.stderr).toMatch(/left no result/);
  expect(existsSync(results)).toBe(false);
});
