import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { children } from '../../cli/children.js';
import { createWorkspace, packageRoot } from '../../course/index.js';
import { temporaryFolder } from '../course/fixture.js';
import { programFile } from '../programs.js';
import { builtCommandLine } from './command-line.js';

// Every test starts processes and checks: on a busy machine that takes long.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const PATIENT = { timeout: 120_000, interval: 30 };

const cli = builtCommandLine();
const lesson = '02-publish-a-reading';
const shown = `exercises/${lesson}/typescript/main.ts`;
const ofCourse = (path: string) => join(packageRoot(), path);
const solution = ofCourse(`solutions/${lesson}/typescript/main.ts`);
const mutant = (name: string) => programFile(lesson, `mutant/${name}`);

function workspace() {
  const folder = join(temporaryFolder(), 'mqtt-course');
  createWorkspace(folder);
  const file = join(folder, shown);
  return {
    folder,
    /** As many editors save: a new file is renamed over the old one. */
    save: (from: string) => {
      copyFileSync(from, `${file}.tmp`);
      renameSync(`${file}.tmp`, file);
    },
    file,
    state: () =>
      JSON.parse(readFileSync(join(folder, '.mqtt-course/state.json'), 'utf8')).lessons[lesson],
  };
}

/** A running `watch`, with its input open. */
function start(command: string, args: readonly string[], cwd: string) {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  const child = spawn(command, [...args], {
    cwd,
    env: { PATH, HOME, TMPDIR, TERM: 'xterm-256color', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString('utf8');
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString('utf8');
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<{ code: number | null; signal: string | null }>(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    child.stdin.destroy();
    await ended;
  });
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    sees: (text: string | RegExp) => vi.waitFor(() => expect(out).toMatch(text), PATIENT),
  };
}

const watch = (args: readonly string[], cwd: string) =>
  start(process.execPath, [cli.bin, 'watch', ...args], cwd);

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

describe('without a terminal', () => {
  test('each save is checked, printed and counted; the end of the input ends it', async () => {
    const { folder, save, state } = workspace();
    const { child, sees, ended, out, err } = watch(['2'], folder);
    await sees(/T1 each reading is published/);
    await sees(/and save\s+it:\s+the check runs by itself/);
    save(solution);
    await sees(/main\.ts changed: checking/);
    await sees(/12 passed/);
    child.stdin.end();
    expect((await ended).code).toBe(0);
    expect(err()).toContain(`Watching exercises/${lesson}/typescript: every save is checked.`);
    expect(err()).toContain('The input of this command ended');
    expect(out()).not.toContain('\u001B');
    expect(state().tracks.typescript).toMatchObject({ attempts: 2, best: 'passed' });
    const stored = readFileSync(join(folder, '.mqtt-course/last', `${lesson}.json`), 'utf8');
    expect(JSON.parse(stored)).toMatchObject({
      schema: 'mqtt-course/bundle/1',
      files: [{ path: shown }],
      versions: { node: process.version },
    });
    expect(stored).not.toContain(dirname(folder));
  });

  test('--json: a newer save stops the older check; one object a line', async () => {
    const { folder, save, state } = workspace();
    const { child, ended, out, err } = watch(['2', '--json', '--seed', '7f3a'], folder);
    await vi.waitFor(() => expect(out().split('\n')).toHaveLength(2), PATIENT);
    // Its check takes three seconds: the program never ends.
    save(mutant('never-ends'));
    await vi.waitFor(() => expect(children(child.pid ?? 0).length).toBeGreaterThan(1), PATIENT);
    save(solution);
    await vi.waitFor(() => expect(out().split('\n')).toHaveLength(3), PATIENT);
    child.stdin.end();
    expect((await ended).code).toBe(0);
    const results = out()
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(results.map(one => one.status)).toEqual(['failed', 'passed']);
    expect(results.map(one => one.seed)).toEqual(['7f3a', '7f3a']);
    expect(state().tracks.typescript.attempts).toBe(2);
    expect(err()).toBe('');
  });

  test('half-typed, gone, and back: said in words, and watching goes on', async () => {
    const { folder, save, file } = workspace();
    save(solution);
    const { child, sees, ended } = watch(['2', '--poll'], folder);
    await sees(/12 passed/);
    writeFileSync(file, "import mqtt from 'mqtt';\nconst client = mqtt.connect(");
    await sees(/the file is a program/);
    renameSync(file, `${file}.away`);
    await sees(/is not there: it was deleted or renamed\. Watching goes on/);
    renameSync(`${file}.away`, file);
    save(solution);
    await sees(/12 passed[\s\S]*12 passed/);
    child.stdin.end();
    expect((await ended).code).toBe(0);
  });

  test.skipIf(process.platform === 'win32')(
    'SIGTERM in the middle of a check: no program goes on',
    async () => {
      const { folder, save } = workspace();
      save(mutant('never-ends'));
      const { child, sees, ended } = watch(['2'], folder);
      await sees(/checking/);
      const programs = await vi.waitFor(() => {
        const found = children(child.pid ?? 0);
        expect(found.length).toBeGreaterThan(1);
        return found;
      }, PATIENT);
      child.kill('SIGTERM');
      expect((await ended).code).toBe(143);
      await vi.waitFor(() => expect(programs.filter(alive)).toEqual([]), PATIENT);
    },
  );

  test('a command in any language: the files of its folder are watched', async () => {
    const { folder } = workspace();
    const own = join(folder, 'mine');
    mkdirSync(own);
    writeFileSync(join(own, 'program.go'), '1');
    const { child, ended, out } = watch(
      ['2', '--json', '--', process.execPath, '-e', 'process.stdin.resume()'],
      own,
    );
    await vi.waitFor(() => expect(out().split('\n')).toHaveLength(2), PATIENT);
    writeFileSync(join(own, 'program.go'), '22');
    await vi.waitFor(() => expect(out().split('\n')).toHaveLength(3), PATIENT);
    child.stdin.end();
    expect((await ended).code).toBe(1);
    const results = out()
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(results.map(one => one.track)).toEqual(['command', 'command']);
    expect(results[1].checks[0]).toMatchObject({ id: 'U1', mistake: 'never-connected' });
  });

  test('wrong use: what was wrong, and the command that would be right', async () => {
    const { folder } = workspace();
    const wrong = await cli.run(['watch', '99'], { cwd: folder });
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain('99 does not exist');
    const other = await cli.run(['watch', '2', '--track', 'cobol'], { cwd: folder });
    expect(other.code).toBe(2);
  });
});

/** util-linux has it; the one of BSD takes its command in another way. */
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'util-linux',
);

describe.skipIf(!hasScript)('on a terminal (script of util-linux)', () => {
  const onTerminal = (args: readonly string[], cwd: string) => {
    const command = [process.execPath, cli.bin, ...args].map(word => `'${word}'`).join(' ');
    const size = 'stty rows 24 cols 80';
    const after = 'code=$?; echo; stty -a | grep -o -- "-\\?icanon"; exit $code';
    return start('script', ['-qec', `${size}; ${command}; ${after}`, '/dev/null'], cwd);
  };

  test('keys, a save, q: the terminal is as it was', async () => {
    const { folder, save } = workspace();
    const { child, sees, ended, out } = onTerminal(['watch', '2'], folder);
    await sees(/checking …/);
    child.stdin.write('t');
    await sees(/one by one[\s\S]*broker/);
    child.stdin.write('\u001B');
    await sees(/T1[\s\S]*each reading is published/);
    save(solution);
    await sees(/main\.ts changed/);
    await sees(/12 passed/);
    child.stdin.write('q');
    expect((await ended).code).toBe(0);
    const end = out().slice(out().lastIndexOf('\u001B[?1049l'));
    expect(end).toMatch(/✓ passed[\s\S]*02-publish-a-reading/);
    expect(end).toContain('npx mqtt-course watch 2');
    expect(end).toMatch(/\r\nicanon/);
    expect(out()).toContain('\u001B[?2004l\u001B[?25h\u001B[?1049l');
  });

  test('Ctrl-C in the middle of a check', async () => {
    const { folder, save } = workspace();
    save(mutant('never-ends'));
    const { child, sees, ended, out } = onTerminal(['watch', '2'], folder);
    await sees(/passed[\s\S]*T1/);
    child.stdin.write('\u0003');
    expect((await ended).code).toBe(130);
    expect(out().slice(out().lastIndexOf('\u001B[?1049l'))).toMatch(/\r\nicanon/);
  });

  test('the terminal goes away: so does the watching, with its programs', async () => {
    const { folder, save } = workspace();
    save(mutant('never-ends'));
    const { child, sees, ended } = onTerminal(['watch', '2'], folder);
    await sees(/checking …/);
    const below = (pid: number): number[] => children(pid).flatMap(one => [one, ...below(one)]);
    const programs = await vi.waitFor(() => {
      const found = below(child.pid ?? 0);
      // The shell, the watching, and a program of the check.
      expect(found.length).toBeGreaterThan(3);
      return found;
    }, PATIENT);
    child.kill('SIGKILL');
    await ended;
    await vi.waitFor(() => expect(programs.filter(alive)).toEqual([]), PATIENT);
  });
});

test('npm run watch is in the workspace', () => {
  const { folder } = workspace();
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(scripts.watch).toContain('watch');
  expect(existsSync(join(folder, '.mqtt-course'))).toBe(true);
});
