import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { lessonRefs, loadLesson, packageRoot } from '../../course/index.js';
import { temporaryFolder } from '../course/fixture.js';
import { workspacePlace } from '../place.js';
import { commandLine, run } from './command-line.js';

// Every test starts processes, and some a check: on a busy machine that takes long.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const cli = commandLine();
const [first, second] = lessonRefs();
if (!first || !second) throw new Error('the course has no lessons');
const last = lessonRefs().at(-1)?.id ?? '';
const stub = `exercises/${first.id}/typescript/main.ts`;

/** A workspace with nothing done in it. Copied, because making one takes a process. */
const pristine = workspacePlace();
beforeAll(async () => {
  const made = await cli(['start', '--yes'], { cwd: dirname(pristine) });
  expect(made.err).toBe('');
  expect(made.code).toBe(0);
});
afterAll(() => rmSync(dirname(pristine), { recursive: true, force: true }));

function workspace(): string {
  const folder = join(temporaryFolder(), 'mqtt-course');
  cpSync(pristine, folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}

const state = (folder: string) =>
  JSON.parse(readFileSync(join(folder, '.mqtt-course/state.json'), 'utf8'));

describe('start, without a terminal', () => {
  test('says what --yes would make, and makes nothing', async () => {
    const cwd = temporaryFolder();
    const { code, err } = await cli(['start', '--dir', 'mine'], { cwd });
    expect(code).toBe(2);
    expect(err).toContain('npx mqtt-course start --dir mine --yes');
    expect(err).toContain(join(cwd, 'mine'));
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('with --yes: makes it, and says where we are and what comes next', async () => {
    const cwd = temporaryFolder();
    const { code, out } = await cli(['start', '--yes', '--track', 'python'], { cwd });
    expect(code).toBe(0);
    expect(out).toContain(`You are at ${first.id}: ${loadLesson(first.id).title}`);
    expect(out).toContain('npx mqtt-course check 1');
    expect(out).toContain(join(cwd, 'mqtt-course/exercises', first.id, 'python/main.py'));
    expect(out).toContain('red: that is where everyone starts');
    expect(state(join(cwd, 'mqtt-course')).track).toBe('python');
  });

  test('a second time: opens it, from any folder in it', async () => {
    const folder = workspace();
    const { code, out, err } = await cli(['start'], { cwd: join(folder, 'exercises') });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Workspace: ${folder}`);
  });

  test('a folder with something else in it is refused, and --dir named', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'mqtt-course'));
    writeFileSync(join(cwd, 'mqtt-course/thesis.txt'), 'mine');
    const { code, err } = await cli(['start', '--yes'], { cwd });
    expect(code).toBe(2);
    expect(err).toContain('--dir');
    expect(readdirSync(join(cwd, 'mqtt-course'))).toEqual(['thesis.txt']);
  });

  test.skipIf(process.platform === 'win32')('a read-only folder is a sentence', async () => {
    const cwd = temporaryFolder();
    chmodSync(cwd, 0o555);
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const { code, err } = await cli(['start', '--yes'], { cwd, ...uid });
    expect(code).toBe(2);
    expect(err).toBe(
      `${join(cwd, 'mqtt-course')} cannot be written: it is read-only for you. Choose another folder: npx mqtt-course start --dir DIR\n`,
    );
  });

  test.skipIf(process.platform === 'win32')('so is a read-only workspace', async () => {
    const folder = workspace();
    chmodSync(dirname(folder), 0o755);
    chmodSync(join(folder, '.mqtt-course'), 0o555);
    chmodSync(folder, 0o555);
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const { code, err } = await cli(['hint'], { cwd: folder, ...uid });
    expect(code).toBe(2);
    expect(err).toMatch(/is read-only for you/);
    const reading = await cli(['list'], { cwd: folder, ...uid });
    expect(reading.code).toBe(0);
    chmodSync(folder, 0o755);
    chmodSync(join(folder, '.mqtt-course'), 0o755);
  });
});

describe('wrong use: what was wrong, and the command that would be right', () => {
  test.each([
    [
      ['check', '99'],
      `99 does not exist; the last lesson is ${last}. List them: npx mqtt-course list`,
    ],
    [['read', 'lesson-99'], `lesson-99 does not exist; the last lesson is ${last}.`],
    [
      ['check', '1', '--track', 'cobol'],
      'there is no track cobol; the tracks are typescript and python.',
    ],
    [['hint', '--level', '4'], 'there is no hint 4; the levels are 1, 2 and 3.'],
    [
      ['trace', '1'],
      `there is no trace of ${first.id} yet. Make one: npx mqtt-course check ${first.id}`,
    ],
    [['chekc'], "there is no command 'chekc'; did you mean check? See: npx mqtt-course --help"],
    [['clauses'], "there is no command 'clauses'. See: npx mqtt-course --help"],
    [
      ['check', '--sed', '1'],
      "unknown option '--sed'; did you mean --seed? See: npx mqtt-course check --help",
    ],
    [['read', '1', '2'], 'See: npx mqtt-course read --help'],
    [['run', '1', '--port', 'x'], 'x is not a port'],
    [['check', '1', '2', '--', 'true'], 'a command is checked against one lesson.'],
  ])('%j', async (args, sentence) => {
    const { code, err, out } = await cli(args, { cwd: workspace() });
    expect(err).toContain(sentence);
    expect(err).not.toMatch(/\n\s+at /);
    expect(err.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(code).toBe(2);
    expect(out).not.toContain('✗');
  });

  test('outside a workspace, commands that need one say how to make it', async () => {
    const cwd = temporaryFolder();
    for (const command of ['check', 'hint', 'solution', 'reset', 'trace']) {
      const { code, err } = await cli([command, '1'], { cwd });
      expect(err, command).toContain('Make one: npx mqtt-course start');
      expect(code, command).toBe(2);
    }
  });

  test('a deleted exercise: the command that brings it back', async () => {
    const folder = workspace();
    rmSync(join(folder, stub));
    const { code, err } = await cli(['check', '1'], { cwd: folder });
    expect(code).toBe(2);
    expect(err).toContain(`${stub} is missing. Get a fresh one: npx mqtt-course reset ${first.id}`);
    const reset = await cli(['reset', first.id, '--track', 'typescript', '--yes'], { cwd: folder });
    expect(reset.code).toBe(0);
    expect(existsSync(join(folder, stub))).toBe(true);
  });
});

describe('help', () => {
  test('names every command; each has an example', async () => {
    const cwd = temporaryFolder();
    const { code, out } = await cli(['--help'], { cwd });
    expect(code).toBe(0);
    const names = [
      'start',
      'list',
      'read',
      'check',
      'watch',
      'run',
      'demo',
      'hint',
      'solution',
      'trace',
      'reset',
      'doctor',
      'pub',
      'sub',
      'broker',
      'passwd',
      'certs',
      'grade',
      'regrade',
      'handout',
      'verify',
    ];
    const listed = out
      .slice(out.indexOf('Commands:'), out.indexOf('Begin here'))
      .match(/(?<=^ {2})[a-z-]+(?= )/gm);
    expect(listed).toEqual(names);
    const helps = await Promise.all(names.map(name => cli([name, '--help'], { cwd })));
    for (const help of helps) {
      expect(help.out).toMatch(/Examples?:\n {2}(?:npx )?mqtt-course/);
      expect(help.code).toBe(0);
    }
  });

  test('no command at all is the help; --version is the version', async () => {
    const cwd = temporaryFolder();
    expect((await cli([], { cwd })).out).toContain('npx mqtt-course start');
    expect((await cli(['--version'], { cwd })).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('list', () => {
  test('works without a workspace', async () => {
    const { code, out } = await cli(['list'], { cwd: temporaryFolder() });
    expect(code).toBe(0);
    for (const { id } of lessonRefs()) expect(out).toContain(id);
  });

  test('says the state in words', async () => {
    const folder = workspace();
    const value = state(folder);
    value.lessons[first.id] = {
      tracks: { typescript: { best: 'passed', last: 'passed', attempts: 2 } },
    };
    writeFileSync(join(folder, '.mqtt-course/state.json'), JSON.stringify(value));
    const { out } = await cli(['list', '--plain'], { cwd: folder });
    expect(out).toMatch(new RegExp(`^  passed  ${first.id} .*\\(2 attempts\\)$`, 'm'));
    expect(out).toMatch(new RegExp(`^> new     ${second.id} .*\\(you are here\\)$`, 'm'));
    expect(out).not.toMatch(/[✓✗·▶]/u);
    const json = await cli(['list', '--json'], { cwd: folder });
    expect(JSON.parse(json.out)[0]).toMatchObject({ id: first.id, status: 'passed', attempts: 2 });
  });
});

describe('read', () => {
  test('in a pipe: the whole text, no colour, no questions asked', async () => {
    const { code, out } = await cli(['read', '1'], { cwd: temporaryFolder() });
    expect(code).toBe(0);
    expect(out).toContain(loadLesson(first.id).title);
    expect(out).not.toContain('\u001B');
    expect(out).not.toContain('Answer: ');
    const open = await cli(['read', '1', '--answers'], { cwd: temporaryFolder() });
    expect(open.out).toContain('Answer: ');
  });

  test('knows the lesson from the folder', async () => {
    const folder = workspace();
    const cwd = join(folder, 'exercises', second.id, 'python');
    const { out } = await cli(['read', '--json'], { cwd });
    expect(JSON.parse(out).id).toBe(second.id);
  });

  test('FORCE_COLOR colours a pipe', async () => {
    const env = { FORCE_COLOR: '1' };
    const { out } = await cli(['read', '1'], { cwd: temporaryFolder(), env });
    expect(out).toContain('\u001B[1m');
  });
});

describe('hint', () => {
  test('each call shows the next of three, and remembers', async () => {
    const cwd = workspace();
    const { hints } = loadLesson(first.id);
    for (const level of [1, 2, 3, 3]) {
      const { out } = await cli(['hint', '1', '--json'], { cwd });
      const hint = hints.typescript[level - 1];
      expect(JSON.parse(out)).toEqual({
        lesson: first.id,
        track: 'typescript',
        level,
        of: 3,
        hint,
      });
    }
    expect(state(cwd).lessons[first.id].hintsShown).toEqual({ typescript: 3 });
    const again = await cli(['hint', '1', '--level', '1'], { cwd });
    expect(again.out).toContain('hint 1 of 3: a question');
    const python = await cli(['hint', '1', '--track', 'python'], { cwd });
    expect(python.out).toContain('hint 1 of 3');
  });
});

describe('solution', () => {
  test('before a pass it is a choice, and the choice is recorded', async () => {
    const cwd = workspace();
    const refused = await cli(['solution', '1'], { cwd });
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(`npx mqtt-course solution ${first.id} --show`);
    expect(refused.out).toBe('');
    const shown = await cli(['solution', '1', '--show'], { cwd });
    expect(shown.code).toBe(0);
    expect(shown.out).toContain(`--- yours: ${stub}`);
    expect(shown.out).toMatch(/^\+/m);
    expect(state(cwd).lessons[first.id].solutionShown.typescript).toMatch(/^\d{4}-/);
  });
});

describe('reset', () => {
  test('without a terminal it names the files and the flag, and changes nothing', async () => {
    const folder = workspace();
    writeFileSync(join(folder, stub), '// my work\n');
    const { code, err } = await cli(['reset', '1'], { cwd: folder });
    expect(code).toBe(2);
    expect(err).toContain(stub);
    expect(err).toContain('--yes');
    expect(readFileSync(join(folder, stub), 'utf8')).toBe('// my work\n');
  });

  test('saves first and says where', async () => {
    const folder = workspace();
    writeFileSync(join(folder, stub), '// my work\n');
    const { code, out } = await cli(['reset', '1', '--yes'], { cwd: folder });
    expect(code).toBe(0);
    const backup = /Yours is saved in (\S+)/.exec(out)?.[1] ?? '';
    expect(readFileSync(join(folder, backup, stub), 'utf8')).toBe('// my work\n');
    expect(readFileSync(join(folder, stub), 'utf8')).toBe(
      readFileSync(join(packageRoot(), stub), 'utf8'),
    );
    expect((await cli(['reset', '1', '--yes'], { cwd: folder })).out).toContain('nothing to reset');
  });
});

test('a damaged state is said, kept aside, and does not stop anything', async () => {
  const folder = workspace();
  writeFileSync(join(folder, '.mqtt-course/state.json'), '{"schema":"mqtt-co');
  const { code, err, out } = await cli(['list'], { cwd: folder });
  expect(code).toBe(0);
  expect(err).toContain('Your progress file was damaged. It is kept as ');
  expect(out).toContain(first.id);
  expect((await cli(['list'], { cwd: folder })).err).toBe('');
});

test('a fault of ours: one sentence, the details in a file, exit code 3', async () => {
  const folder = workspace();
  rmSync(join(folder, '.mqtt-course/state.json'));
  mkdirSync(join(folder, '.mqtt-course/state.json'));
  const { code, err } = await cli(['hint', '1'], { cwd: folder });
  expect(code).toBe(3);
  expect(err).toMatch(/^Something went wrong in the course, not in your work: /);
  expect(err.trim().split('\n')).toHaveLength(1);
  const file = /Details: (\S+)\. /.exec(err)?.[1] ?? '';
  expect(readFileSync(file, 'utf8')).toMatch(/\n\s+at /);
  const debug = await cli(['hint', '1'], { cwd: folder, env: { MQTT_COURSE_DEBUG: '1' } });
  expect(debug.err).toMatch(/\n\s+at /);
});

describe('the workspace on its own', () => {
  test('its shim runs the course from where it is', async () => {
    const folder = workspace();
    const { out } = await run(['.mqtt-course/bin.mjs', '--version'], { cwd: folder });
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('an npm script knows the folder it was called from', async () => {
    const folder = workspace();
    const env = { npm_lifecycle_event: 'read', INIT_CWD: join(folder, 'exercises', second.id) };
    const { out } = await cli(['read', '--json'], { cwd: folder, env });
    expect(JSON.parse(out).id).toBe(second.id);
  });
});

test('doctor: what is there, what to do, as words and as JSON', async () => {
  const folder = workspace();
  const { code, out } = await cli(['doctor', '--json'], { cwd: folder });
  const findings: { id: string; ok: boolean; todo?: string }[] = JSON.parse(out);
  expect(code).toBe(0);
  expect(findings.map(one => one.id)).toEqual([
    'node',
    'temporary',
    'handles',
    'loopback',
    'localhost',
    'clock',
    'python',
    'workspace',
    'mosquitto',
    'mosquitto_sub',
    'files',
    'environment',
    'editor',
    'terminal',
  ]);
  for (const one of findings) expect(one.ok || one.todo, one.id).toBeTruthy();
  expect(findings.find(one => one.id === 'workspace')?.ok).toBe(true);
  const words = await cli(['doctor', '--plain'], { cwd: folder, env: { EDITOR: 'vi' } });
  expect(words.out).toMatch(/^ok {6}Node: 2\d/m);
  expect(words.out).toContain('Editor: vi ($EDITOR)');
});

test('run: the wire as it happens, the output beside it, nothing judged', async () => {
  const folder = workspace();
  const program = `const s = require('net').connect(process.env.MQTT_PORT, process.env.MQTT_HOST, () => {
    console.log('dialled'); s.end() })`;
  const { code, out } = await cli(['run', '2', '--', process.execPath, '-e', program], {
    cwd: folder,
  });
  expect(code).toBe(0);
  expect(out).toMatch(/connection 1 opened/);
  expect(out).toContain('out │ dialled');
  expect(out).toContain('Your program ended with exit code 0.');
  expect(out).not.toMatch(/passed|failed/);
});

describe('check', () => {
  test('a stub: red, stored, and the next step said; exit code 1', async () => {
    const folder = workspace();
    const { code, out } = await cli(['check', second.id], { cwd: folder });
    expect(code).toBe(1);
    expect(out).toMatch(/✗ failed {2}T\d/);
    expect(out).toMatch(
      /\n {2}Expected {2}.*\n[\s\S]*\n {2}Seen {6}[\s\S]*\n {2}Why {7}[\s\S]*\n {2}Try {7}/,
    );
    expect(out).toContain('Red is where everyone starts');
    expect(out).toContain(`Next: change exercises/${second.id}/typescript/main.ts, then`);
    const kept = JSON.parse(
      readFileSync(join(folder, `.mqtt-course/results/${second.id}.typescript.json`), 'utf8'),
    );
    expect(kept).toMatchObject({ status: 'failed', trace: `.mqtt-course/last/${second.id}.json` });
    expect(state(folder)).toMatchObject({
      current: second.id,
      lessons: { [second.id]: { tracks: { typescript: { best: 'failed', attempts: 1 } } } },
    });
    const trace = await cli(['trace'], { cwd: folder });
    expect(trace.out).toMatch(/#1 .*CONNECT/);
    const packet = await cli(['trace', '--packet', '1'], { cwd: folder });
    expect(packet.out).toMatch(/^0000 {2}10 /m);
    const none = await cli(['trace', '--packet', '9999'], { cwd: folder });
    expect(none.code).toBe(2);
  });

  test('--json: one object with the traces stored; exit code 0 when passed', async () => {
    const folder = workspace();
    const path = `${second.id}/typescript/main.ts`;
    cpSync(join(packageRoot(), 'solutions', path), join(folder, 'exercises', path));
    const { code, out } = await cli(['check', '2', '--json', '--seed', 'abc'], { cwd: folder });
    const result = JSON.parse(out);
    expect(result).toMatchObject({ lesson: second.id, status: 'passed', seed: 'abc' });
    expect(code).toBe(0);
    const solution = await cli(['solution', '2'], { cwd: folder });
    expect(solution.out).toContain('yours is the same as the solution');
  });

  test('a broker that does not answer is no fault of the program: exit code 3', async () => {
    const cwd = temporaryFolder();
    const dead = ['--broker', 'mqtt://127.0.0.1:9'];
    const { code, out } = await cli(['check', '2', ...dead, '--', process.execPath, '-e', '0'], {
      cwd,
    });
    expect(code).toBe(3);
    expect(out).toContain('nobody answers at mqtt://127.0.0.1:9');
  });

  test('work in the other track is not overlooked', async () => {
    const folder = workspace();
    const python = 'exercises/02-publish-a-reading/python/main.py';
    appendFileSync(join(folder, python), '\n# begun\n');
    const { err } = await cli(['check', '2', '--json'], { cwd: folder });
    expect(err).toContain(`Your work is in ${python}: npx mqtt-course check 2 --track python`);
    const asked = await cli(['check', '2', '--json', '--track', 'typescript'], { cwd: folder });
    expect(asked.err).not.toContain('Your work is in');
  });

  test('a command in any language, even without a workspace', async () => {
    const cwd = temporaryFolder();
    const { code, out } = await cli(['check', '2', '--', process.execPath, '-e', '0'], { cwd });
    expect(code).toBe(1);
    expect(out).toContain('your command');
    expect(out).toContain(`npx mqtt-course check 2 -- ${process.execPath} -e 0`);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')(
    'interrupted: says so, and leaves no program of the learner behind',
    async () => {
      const cwd = temporaryFolder();
      const started = join(cwd, 'started');
      const program = `require('fs').appendFileSync(${JSON.stringify(started)}, process.pid + '\\n'); setInterval(() => {}, 1000)`;
      const { code, err } = await cli(['check', '2', '--', process.execPath, '-e', program], {
        cwd,
        interruptWhen: () => existsSync(started),
      });
      expect(err).toBe('Stopped.\n');
      expect(code).toBe(130);
      const pids = readFileSync(started, 'utf8').trim().split('\n').map(Number);
      for (const pid of pids) await gone(pid);
    },
  );
});

/** Resolves when a process has ended; the test's own deadline is the limit. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return;
    } catch {
      return;
    }
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
