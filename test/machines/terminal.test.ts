import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { wrapWords } from '../../cli/render/layout.js';
import { makeStyle } from '../../cli/render/style.js';
import { renderTable } from '../../cli/render/table.js';
import { builtCommandLine } from '../cli/command-line.js';
import { hasTmux, openTmux, type Tmux } from '../cli/terminal/tmux.js';
import { learner, PUBLISH } from './lab.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const { bin, run: cli } = builtCommandLine();
const { folder } = learner(PUBLISH);
const command = `'${process.execPath}' '${bin}'`;

describe('words', () => {
  test('a line breaks between them, never inside; a path stays whole', () => {
    const path = '/home/ada/a-folder-with-a-long-name/mqtt-course/exercises/main.ts';
    const text = `  The course keeps it as ${path} and goes on here`;
    const lines = wrapWords(text, 30);
    expect(lines.join(' ').replaceAll(/\s+/g, ' ').trim()).toBe(text.trim());
    expect(lines.filter(line => line.length > 30)).toEqual([`  ${path}`]);
  });

  test('the width is asked at each drawing', () => {
    const stream = { isTTY: true, columns: 100 };
    const style = makeStyle({ env: {}, stream });
    expect(style.width).toBe(100);
    stream.columns = 50;
    expect(style.width).toBe(50);
  });

  test('plain: what the columns of a table say by their place is said by name', () => {
    const lines = renderTable(
      ['name', 'meaning'],
      [
        ['A', 'one'],
        ['B', 'two'],
      ],
      makeStyle({ env: {}, plain: true }),
      80,
    );
    expect(lines).toEqual(['name: A', 'meaning: one', '', 'name: B', 'meaning: two']);
  });
});

describe.skipIf(!hasTmux)('in a window', () => {
  let tmux: Tmux;
  beforeAll(() => {
    tmux = openTmux(folder);
  });
  afterAll(() => tmux?.close());

  const longest = (shown: string) => Math.max(...shown.split('\n').map(line => line.length));

  test('read: another width draws the text anew, and what was read stays in sight', async () => {
    tmux.type(`clear; ${command} read 3; echo "left $?"`, 'Enter');
    await tmux.shows('space: on, b: back, q: leave');
    tmux.call('resize-window', '-x', '50', '-y', '24');
    const narrow = await vi.waitFor(() => {
      const shown = tmux.call('capture-pane', '-p', '-J');
      expect(shown).toMatch(/ \d+ % {2}space: on/);
      expect(longest(shown)).toBeLessThanOrEqual(50);
      return shown;
    }, 30_000);
    const [first = ''] = narrow.split('\n').filter(line => /^[A-Z].{20}/.test(line));
    tmux.type('q', '');
    const after = await tmux.shows('left 0');
    expect(after).toContain(first.trim());
    tmux.call('resize-window', '-x', '80', '-y', '24');
  });

  test.skipIf(spawnSync('less', ['--version']).status !== 0)(
    'read through less, with settings of one’s own: the page stays in sight',
    async () => {
      tmux.type(`clear; PAGER=less LESS=-R ${command} read 3; echo "left $?"`, 'Enter');
      const shown = await tmux.shows(/^:/m);
      tmux.type('q', '');
      const after = await tmux.shows('left 0');
      const [line = ''] = shown
        .split('\n')
        .filter(one => /^\w.{30}/.test(one))
        .slice(-1);
      expect(after).toContain(line.trim());
    },
  );

  test('a message is broken between words', async () => {
    tmux.call('resize-window', '-x', '40', '-y', '24');
    tmux.type(`clear; ${command} check 99; echo "left $?"`, 'Enter');
    const shown = await tmux.shows('left 2');
    const words = shown.replaceAll(/\s+/g, ' ');
    expect(words).toMatch(/does not exist; the last lesson is/);
    tmux.call('resize-window', '-x', '80', '-y', '24');
  });
});

/** Starts a command on a terminal of its own, and takes the terminal away after a while. */
const hangUp = `
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ['TERM'] = 'xterm'
    os.execv(sys.argv[1], sys.argv[1:])
seen = b''
until = time.time() + 20
os.set_blocking(fd, False)
while time.time() < until and len(seen) < 40:
    try: seen += os.read(fd, 65536)
    except BlockingIOError: time.sleep(0.02)
    except OSError: break
time.sleep(0.3)
os.close(fd)
until = time.time() + 30
while time.time() < until:
    done, status = os.waitpid(pid, os.WNOHANG)
    if done: sys.exit(0)
    time.sleep(0.05)
os.kill(pid, 9)
sys.exit(9)
`;
const python = spawnSync('python3', ['-c', 'import pty']).status === 0;
if (!python) console.warn('python3 is not here: closed terminals are not tested');

describe.skipIf(!python)(
  'a terminal that is closed: the command ends, and leaves no error file',
  () => {
    test.each([
      ['start'],
      ['read', '3'],
      ['check', '12'],
      ['watch', '2'],
      ['run', '3'],
      ['demo'],
      ['reset', '1'],
      ['passwd', '-c', 'pw', 'ada'],
    ])('%s %s', async (...args) => {
      const script = join(folder, 'hang-up.py');
      writeFileSync(script, hangUp);
      const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
      const child = spawn('python3', [script, process.execPath, bin, ...args.filter(Boolean)], {
        cwd: folder,
        env: { PATH, HOME, TMPDIR },
        stdio: 'ignore',
      });
      const code = await new Promise(resolve => child.once('close', resolve));
      expect(code).toBe(0);
      const left = [join(folder, '.mqtt-course'), tmpdir()].flatMap(place =>
        readdirSync(place).filter(name => /^error-/.test(name)),
      );
      expect(left).toEqual([]);
    });
  },
);

describe('without a terminal every command ends', () => {
  test.each([['run', '2'], ['run', '3', '--observe'], ['watch', '2'], ['demo']])(
    '%s %s %s',
    async (...args) => {
      const { code } = await cli(args.filter(Boolean), { cwd: folder });
      expect(code).toBe(0);
    },
  );

  test('the program was asked to stop, and the reason is said', async () => {
    const { out } = await cli(['run', '2', '--no-events', '--plain'], { cwd: folder });
    expect(out).toContain('nobody can type here any more: the program is asked to stop');
    expect(out).toContain('Your program ended with exit code 0.');
  });
});
