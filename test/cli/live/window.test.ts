import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { children } from '../../../cli/children.js';
import { lessonRefs, packageRoot } from '../../../course/index.js';
import { workspacePlace } from '../../place.js';
import { builtCommandLine } from '../command-line.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { run: cli, bin } = builtCommandLine();
const folder = workspacePlace();
const lesson = lessonRefs()[2]?.id ?? '';

beforeAll(async () => {
  await cli(['start', '--yes'], { cwd: dirname(folder) });
  const path = `${lesson}/typescript/main.ts`;
  cpSync(join(packageRoot(), 'solutions', path), join(folder, 'exercises', path));
});
afterAll(() => rmSync(dirname(folder), { recursive: true, force: true }));

describe('without a terminal', () => {
  const run = (input: string, ...args: string[]) =>
    cli(['run', lesson, '--plain', ...args], { cwd: folder, input });

  test('commands are lines on standard input, done in order, each when it can be', async () => {
    const { code, out, err } = await run('events off\nwait SUBACK\ncut\nwait SUBACK\nquit\n');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^you \| cut$/m);
    expect(out).toMatch(/^ {4}\| cut: connection 1$/m);
    expect(out).toMatch(/^!! .*fault cut: connection cut$/m);
    expect(out).toContain('program connection 2 opened');
    expect(out).toContain('Your program ended with exit code 0.');
    expect(out).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('a line that is no command: said, the others are done, exit code 2', async () => {
    const { code, out } = await run('blackhol\nwait SUBACK\nstop\nwait PUBLISH\n');
    expect(code).toBe(2);
    expect(out).toContain('Did you mean blackhole?');
    expect(out).toContain('no PUBLISH came, and your program is not running');
    expect(out).toContain('Your program ended with exit code 0.');
  });

  test('after a crash the program can be started again', async () => {
    const { code, out } = await run('wait SUBACK\ncrash\nagain\nwait SUBACK\nquit\n');
    expect(code).toBe(0);
    expect(out.match(/the program was started$/gm)).toHaveLength(2);
    expect(out).toContain('was killed');
  });
});

const tmux = spawnSync('tmux', ['-V']).status === 0;
if (!tmux) console.warn('tmux is not on this machine: the window of run is not tested here');

describe.skipIf(!tmux)('in a terminal of 80 by 24', () => {
  const server = `mqtt-course-${process.pid}`;
  const call = (...args: string[]) =>
    execFileSync('tmux', ['-u', '-L', server, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  const screen = () => call('capture-pane', '-p');
  const type = (...keys: string[]) => call('send-keys', ...keys);
  const shows = (wanted: RegExp | string) =>
    vi.waitFor(
      () => {
        const shown = screen();
        expect(shown).toMatch(wanted);
        return shown;
      },
      { timeout: 60_000, interval: 50 },
    );
  let shell = 0;

  beforeAll(() => {
    call(
      'new-session',
      '-d',
      '-x',
      '80',
      '-y',
      '24',
      '-c',
      folder,
      'env -i PATH="$PATH" HOME="$HOME" TMPDIR="$TMPDIR" LANG=C.UTF-8 TERM=screen sh',
    );
    shell = Number(call('display-message', '-p', '#{pane_pid}'));
  });
  afterAll(() => void spawnSync('tmux', ['-L', server, 'kill-server']));

  test('a fault typed is drawn where it struck; Ctrl-C gives the terminal back and leaves no process', async () => {
    type(`echo before; '${process.execPath}' '${bin}' run ${lesson}; echo "left with $?"`, 'Enter');
    await shows('SUBACK');
    type('events off', 'Enter');
    await shows("the lesson's own events wait");
    type('withh', 'Tab', 'PUBA', 'Tab', 'Enter');
    await shows('withhold: the next PUBACK');
    type('in 1', 'Enter');
    await shows('written to the input');
    const topic = /SUBSCRIBE (\S+)/.exec(screen())?.[1] ?? '';
    type(topic.slice(0, 4), 'Tab', 'c', 'Tab', '{"device":"d","seq":1,"temp":20}', 'Enter');
    await shows(/⏸ +withheld: PUBACK|⏸ withheld: PUBACK/);
    type('release', 'Enter');
    await shows('passed on: 1 packet');
    type('nonsense', 'Enter');
    await shows('there is no command nonsense');
    call('resize-window', '-x', '120', '-y', '30');
    await shows(/ │ +your program has written nothing| │ your program has written/);
    type('C-c', '');
    const after = await shows('left with 0');
    expect(after).toContain('before');
    expect(after).not.toContain('help: the commands');
    expect(children(shell)).toEqual([]);
  });

  test('the window closed: the program is ended with it', async () => {
    type('clear', 'Enter');
    type(`'${process.execPath}' '${bin}' run ${lesson}`, 'Enter');
    await shows('SUBACK');
    const [run = 0] = children(shell);
    const program = children(run);
    expect(program.length).toBeGreaterThan(0);
    call('kill-session');
    await vi.waitFor(
      () => {
        for (const pid of [run, ...program]) expect(() => process.kill(pid, 0)).toThrow();
      },
      { timeout: 30_000, interval: 50 },
    );
    const reports = readdirSync(join(folder, '.mqtt-course')).filter(name => /^error/.test(name));
    expect(reports).toEqual([]);
  });
});
