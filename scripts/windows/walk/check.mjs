/** Verdicts on Windows: those of solutions, stubs, wrong programs, and programs in other languages. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, withCrlf } from '../place.mjs';
import { ends, must, says, saysNot, until } from '../steps.mjs';

/** Several results of `check --json`, one object after another. */
function results(text) {
  const parsed = JSON.parse(
    text.trim().startsWith('[') ? text : `[${text.replace(/\}\s*\n\{/g, '},{')}]`,
  );
  return parsed.flat();
}

/** What was found wrong with each lesson: the check, and the mistake it names. */
const findings = list =>
  list.map(({ lesson, status, checks, notice }) => ({
    lesson,
    status,
    failed: checks
      .filter(one => one.status === 'failed' || one.status === 'unknown')
      .map(one => `${one.id} ${one.mistake ?? one.status}`),
    ...(notice ? { notice } : {}),
  }));

/** The same stubs, judged on this machine. */
async function onThisSystem() {
  const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-here-'));
  const bin = join(root, 'bin', 'mqtt-course.js');
  // `npm run windows` is no command of the course, and its folder not the learner's.
  const { npm_lifecycle_event: _, INIT_CWD: __, ...env } = process.env;
  // A check that is red ends with 1: its output is what counts.
  const course = (args, cwd) =>
    new Promise(resolve => {
      execFile(process.execPath, [bin, ...args], { cwd, env, maxBuffer: 1 << 26 }, (_, out) =>
        resolve(out),
      );
    });
  await course(['start', '--yes'], folder);
  const words = ['check', '--all', '--json', '--seed', 'windows'];
  const text = await course(words, join(folder, 'mqtt-course'));
  rmSync(folder, { recursive: true, force: true });
  return findings(results(text));
}

export async function check({ step, place, wine }) {
  const { workspace } = place;
  const seed = ['--seed', 'windows'];

  await step('every stub is red, with the message that it has on Linux', async () => {
    // Most of both is waiting for what does not come: they may wait together.
    const [outcome, there] = await Promise.all([
      place.run(['check', '--all', '--json', ...seed], { timeout: 480_000 }),
      onThisSystem(),
    ]);
    ends(outcome, 1);
    const here = findings(results(outcome.out));
    must(
      here.length === place.lessons().length && here.every(one => one.status === 'failed'),
      'all are red',
      here,
    );
    must(JSON.stringify(here) === JSON.stringify(there), 'as on Linux', {
      windows: here,
      linux: there,
    });
  });

  await step('every solution is green, with the line ends of Windows', async () => {
    for (const lesson of place.lessons()) place.solve(lesson);
    withCrlf(join(workspace, 'exercises'));
    const outcome = await place.run(['check', '--all', '--json', ...seed], { timeout: 480_000 });
    const here = findings(results(outcome.out));
    must(
      here.length === place.lessons().length && here.every(one => one.status === 'passed'),
      'all are green',
      here,
    );
    ends(outcome, 0);
  });

  await step('a red check: paths and commands of Windows', async () => {
    const file = join(place.exercise('01-first-connection'), 'main.ts');
    const right = readFileSync(file, 'utf8');
    writeFileSync(file, right.replace(/^import/m, "throw new Error('on purpose');\r\nimport"));
    const outcome = await place.run(['check', '1']);
    writeFileSync(file, right);
    ends(outcome, 1);
    says(outcome.out, 'Error: on purpose', /main\.ts:\d+/);
    says(outcome.out, 'change exercises\\01-first-connection\\typescript\\main.ts');
    saysNot(outcome.out, 'exercises/01', '\\x0d', /~\/\S*\\/);
  });

  await step('a file that does not parse: its place', async () => {
    const file = join(place.exercise('02-publish-a-reading'), 'main.ts');
    const right = readFileSync(file, 'utf8');
    writeFileSync(file, 'const = 1;\r\n');
    const outcome = await place.run(['check', '2']);
    writeFileSync(file, right);
    ends(outcome, 1);
    says(outcome.out, 'U0', 'exercises\\02-publish-a-reading\\typescript\\main.ts:1');
  });

  await step('check -- program.exe, built with mingw: green', async () => {
    cpSync(join(wine.rig.folder, 'program.exe'), join(workspace, 'program.exe'));
    const outcome = await place.run(['check', '1', '--', 'program.exe']);
    ends(outcome, 0);
    says(outcome.out, '8 passed');
  });

  await step(
    'check -- batch file, found without its ending: words arrive whole; green',
    async () => {
      mkdirSync(join(workspace, 'my tools'), { recursive: true });
      writeFileSync(
        join(workspace, 'my tools', 'run it.cmd'),
        '@echo off\r\n"%~dp0..\\program.exe" %*\r\n',
      );
      const words = ['--say', 'two words', 'a&b', 'quo"te', 'end\\', '(p)', 'ca^ret', 'ü'];
      const outcome = await place.run(['check', '1', '--', '.\\my tools\\run it', ...words]);
      ends(outcome, 0);
      const { out } = await place.run(['trace', '1', '--output']);
      for (const word of words.slice(1)) must(out.includes(`word: ${word}`), `gets ${word}`, out);
    },
  );

  await step('what cannot be started says what can', async () => {
    writeFileSync(join(workspace, 'other.py'), 'print(1)\r\n');
    const python = await place.run(['check', '1', '--', 'other.py']);
    ends(python, 1);
    says(python.out, 'name what runs it: py other.py');
    const nothing = await place.run(['check', '1', '--', '.\\not there.exe']);
    ends(nothing, 1);
    says(nothing.out, 'it could not be started', 'check 1 -- ".\\not there.exe"');
  });

  await step('in PowerShell -- is taken away: said, with what helps', async () => {
    const outcome = await place.run(['check', '1', 'program.exe']);
    ends(outcome, 2);
    says(outcome.err, 'npx.cmd mqtt-course check');
  });

  await step('what a program leaves behind is gone after the check', async () => {
    const outcome = await place.run(['check', '1', '--', 'program.exe', '--leave']);
    ends(outcome, 0);
    await until(
      () => wine.running().length === 0,
      'nothing is left',
      () => wine.running(),
      15_000,
    );
  });

  await step('a TypeScript program leaves nothing behind either', async () => {
    const file = join(place.exercise('01-first-connection'), 'main.ts');
    const right = readFileSync(file, 'utf8');
    const child =
      "spawn('..\\\\..\\\\..\\\\program.exe', ['--sleep'], { detached: true, stdio: 'ignore' })";
    writeFileSync(
      file,
      `import { spawn } from 'node:child_process';\r\n${child}.unref();\r\n${right}`,
    );
    const outcome = await place.run(['check', '1']);
    writeFileSync(file, right);
    ends(outcome, 0);
    await until(
      () => wine.running().length === 0,
      'nothing is left',
      () => wine.running(),
      15_000,
    );
  });

  await step(
    'paths longer than Windows once allowed: all but the start of a program in them',
    async () => {
      const name = 'a long name of a folder, as people give them'.repeat(5);
      const made = await place.run(['start', '--yes', '--dir', name], { cwd: place.folder });
      ends(made, 0);
      const deep = join(place.folder, name);
      const exercise = wine.path(join(deep, 'exercises', '01-first-connection', 'typescript'));
      must(exercise.length > 260, 'the folder of the exercise has a long path', exercise.length);
      ends(await place.run(['list'], { cwd: deep }), 0);
      const outcome = await place.run(['check', '1'], { cwd: deep });
      ends(outcome, 3);
      says(outcome.err + outcome.out, 'lies too deep', 'nearer to the drive');
      rmSync(deep, { recursive: true });
    },
  );
}

export async function python({ step, place, wine }) {
  await step('the Python track: py -3 is found, and given UTF-8 and the kit', async () => {
    const folder = join(wine.rig.prefix, 'drive_c', 'windows', 'system32');
    cpSync(join(wine.rig.folder, 'program.exe'), join(folder, 'py.exe'));
    try {
      const doctor = await place.run(['doctor']);
      says(doctor.out, 'Python: 3.12.1 (py -3), paho-mqtt 2.1.0');
      place.solve('01-first-connection', 'python');
      const outcome = await place.run(['check', '1', '--track', 'python']);
      ends(outcome, 0);
      says(outcome.out, 'output utf-8');
      must(
        /python exercises\\.*\\python\\main\.py, output utf-8, kit ?C:\\.*\\exercises\\kit/.test(
          outcome.out.replace(/\s*\n\s*│ */g, ''),
        ),
        'starts main.py',
        outcome.out,
      );
    } finally {
      rmSync(join(folder, 'py.exe'));
    }
  });

  await step('the Python of the workspace comes first: .venv\\Scripts\\python.exe', async () => {
    const scripts = join(place.workspace, '.venv', 'Scripts');
    mkdirSync(scripts, { recursive: true });
    cpSync(join(wine.rig.folder, 'program.exe'), join(scripts, 'python.exe'));
    const doctor = await place.run(['doctor']);
    rmSync(join(place.workspace, '.venv'), { recursive: true });
    says(doctor.out.replace(/\s+/g, ''), '.venv\\Scripts\\python.exe),paho-mqtt2.1.0');
  });
}
