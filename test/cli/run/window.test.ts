import { cpSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { children } from '../../../cli/children.js';
import { lessonRefs, packageRoot } from '../../../course/index.js';
import { workspacePlace } from '../../place.js';
import { builtCommandLine } from '../command-line.js';
import { hasTmux, openTmux, type Tmux } from '../terminal/tmux.js';

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

describe.skipIf(!hasTmux)('in a terminal of 80 by 24', () => {
  let tmux: Tmux;
  beforeAll(() => {
    tmux = openTmux(folder);
  });
  afterAll(() => tmux.close());

  test('a fault typed is drawn where it was applied; Ctrl-C gives the terminal back and leaves no process', async () => {
    tmux.type(
      `echo before; '${process.execPath}' '${bin}' run ${lesson}; echo "left with $?"`,
      'Enter',
    );
    await tmux.shows('SUBACK');
    tmux.type('events off', 'Enter');
    await tmux.shows("the lesson's own events wait");
    tmux.type('withh', 'Tab', 'PUBA', 'Tab', 'Enter');
    await tmux.shows('withhold: the next PUBACK');
    tmux.type('in 1', 'Enter');
    await tmux.shows('written to the input');
    const topic = /SUBSCRIBE (\S+)/.exec(tmux.call('capture-pane', '-p'))?.[1] ?? '';
    tmux.type(topic.slice(0, 4), 'Tab', 'c', 'Tab', '{"device":"d","seq":1,"temp":20}', 'Enter');
    await tmux.shows(/⏸ +withheld: PUBACK|⏸ withheld: PUBACK/);
    tmux.type('release', 'Enter');
    await tmux.shows('passed on: 1 packet');
    tmux.type('nonsense', 'Enter');
    await tmux.shows('there is no command nonsense');
    tmux.call('resize-window', '-x', '120', '-y', '30');
    await tmux.shows(/ │ +your program has written nothing| │ your program has written/);
    tmux.type('C-c', '');
    const after = await tmux.shows('left with 0');
    expect(after).toContain('before');
    expect(after).not.toContain('help: the commands');
    expect(children(tmux.shell)).toEqual([]);
  });

  test('the window closed: the program is ended with it', async () => {
    tmux.type('clear', 'Enter');
    tmux.type(`'${process.execPath}' '${bin}' run ${lesson}`, 'Enter');
    await tmux.shows('SUBACK');
    const [run = 0] = children(tmux.shell);
    const program = children(run);
    expect(program.length).toBeGreaterThan(0);
    tmux.call('kill-session');
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
