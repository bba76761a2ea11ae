/** A command in any language: its build, its environment, and that the workspace remembers it. */
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { forCommands } from '../../course/environment.js';
import { temporaryFolder } from '../course/fixture.js';
import { workspacePlace } from '../place.js';
import { commandLine } from './command-line.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const cli = commandLine();
const pristine = workspacePlace();
beforeAll(async () => {
  await cli(['start', '--yes'], { cwd: dirname(pristine) });
});
afterAll(() => rmSync(dirname(pristine), { recursive: true, force: true }));

function workspace(): string {
  const folder = join(temporaryFolder(), 'mqtt-course');
  cpSync(pristine, folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}

const remembered = (folder: string) =>
  JSON.parse(readFileSync(join(folder, '.mqtt-course/state.json'), 'utf8')).lessons[
    '04-topic-names'
  ]?.command;

test('the environment of a command is that of the person, without what is for others', () => {
  const env = {
    GOPATH: '/go',
    PERL5LIB: '/p',
    CLASSPATH: 'a.jar',
    JAVA_HOME: '/j',
    PYTHONUNBUFFERED: '1',
    NODE_OPTIONS: '-r x',
    https_proxy: 'http://p',
    MQTT_URL: 'mqtt://elsewhere',
    npm_config_x: 'y',
    INIT_CWD: '/x',
  };
  expect(Object.keys(forCommands(env)).sort()).toEqual([
    'CLASSPATH',
    'GOPATH',
    'JAVA_HOME',
    'PERL5LIB',
    'PYTHONUNBUFFERED',
  ]);
});

describe.skipIf(process.platform === 'win32')('check -- command', () => {
  test('builds once, and all of it sees the environment', async () => {
    const folder = workspace();
    const program = join(folder, 'p.sh');
    writeFileSync(program, '#!/bin/sh\necho "classes in $CLASSPATH" >&2\ncat >/dev/null\n');
    chmodSync(program, 0o755);
    const build = 'echo "built with $CLASSPATH" >> built.txt';
    const { code, out } = await cli(['check', '4', '--build', build, '--', './p.sh'], {
      cwd: folder,
      env: { CLASSPATH: 'mine.jar' },
    });
    expect(code).toBe(1);
    expect(readFileSync(join(folder, 'built.txt'), 'utf8')).toBe('built with mine.jar\n');
    expect(out).toContain('classes in mine.jar');
    expect(out).toMatch(/change your program, then[\s\S]*--build "echo/);
    expect(remembered(folder)).toMatchObject({ words: ['./p.sh'], build });
  });

  test('a build that fails is told with what the compiler said, and nothing is started', async () => {
    const folder = workspace();
    const args = ['check', '4', '--build', 'echo "p.c:1: no such thing" >&2; exit 3', '--', './p'];
    const { code, out } = await cli(args, { cwd: folder });
    expect(code).toBe(1);
    expect(out).toContain('p.c:1: no such thing');
    expect(out).toContain('exit code 3');
    expect(out).toContain('U0');
  });

  test('the command is the lesson’s program from then on, until a track is named', async () => {
    const folder = workspace();
    await cli(['check', '4', '--', 'false'], { cwd: folder });
    const again = await cli(['check', '4'], { cwd: folder });
    expect(again.err).toContain('This checks your command false');
    expect(again.err).toContain('npx mqtt-course check 4 --track typescript');
    expect(again.out).toContain('your command');
    const back = await cli(['check', '4', '--track', 'typescript'], { cwd: folder });
    expect(back.out).toContain('TypeScript');
    expect(remembered(folder)).toBeUndefined();
  });

  test('npm takes the -- away: a path behind the lesson is a command', async () => {
    const folder = workspace();
    const env = { npm_lifecycle_event: 'check', INIT_CWD: folder };
    const { out } = await cli(['check', 'lesson-4', './nothing-here'], { cwd: folder, env });
    expect(out).toContain('your command');
    expect(out).toContain('./nothing-here');
  });

  test('--build without a command is wrong use', async () => {
    const { code, err } = await cli(['check', '4', '--build', 'make'], { cwd: workspace() });
    expect(code).toBe(2);
    expect(err).toContain('a command after --');
  });
});

test('the contract is printed: the map, and what a program must do', async () => {
  const cwd = temporaryFolder();
  const map = await cli(['list', '--contract', '1'], { cwd });
  expect(map.out).toMatch(/C6 .*exit code 1[\s\S]*judged by T6/);
  const whole = await cli(['read', '1', '--contract', '--no-pager'], { cwd });
  expect(whole.out).toContain('MQTT_KEEPALIVE');
  expect(whole.out).toMatch(/G1\*? It connects to the broker in/);
  expect(whole.out).toContain('SIGTERM');
});
