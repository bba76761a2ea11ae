import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { lessonRefs, loadLesson, packageRoot } from '../../../course/index.js';
import { temporaryFolder } from '../../course/fixture.js';
import { builtCommandLine } from '../command-line.js';
import { hasTmux, openTmux, type Tmux } from './tmux.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cli = builtCommandLine();
const lesson = lessonRefs()[0]?.id ?? '';

describe.skipIf(!hasTmux)('a lesson in a terminal of 80 by 24', () => {
  let tmux: Tmux;
  beforeAll(() => {
    tmux = openTmux(packageRoot());
  });
  afterAll(() => tmux?.close());

  const read = () =>
    tmux.type(`clear; '${process.execPath}' '${cli.bin}' read 1; echo "left $?"`, 'Enter');

  test('page by page, back, a line, and out: the terminal echoes again', async () => {
    read();
    const first = await tmux.shows(/ \d+ % {2}space: on, b: back, q: leave/);
    expect(first).toContain(loadLesson(lesson).title);
    const percent = (shown: string) => Number(/ (\d+) % /.exec(shown)?.[1]);
    const at = percent(first);
    tmux.type('Space', '');
    const second = await tmux.shows(new RegExp(` (?!${at} )\\d+ % `));
    expect(percent(second)).toBeGreaterThan(at);
    tmux.type('b', '');
    await tmux.shows(new RegExp(` ${at} % `));
    const top = () => tmux.call('capture-pane', '-p').split('\n').slice(0, 8);
    const before = top();
    tmux.type('Down', '');
    await vi.waitFor(() => expect(top().slice(0, 7)).toEqual(before.slice(1)), 60_000);
    tmux.type('q', '');
    const after = await tmux.shows('left 0');
    expect(after).not.toContain('b: back');
    tmux.type('echo it echoes', 'Enter');
    await tmux.shows(/^it echoes$/m);
  });

  test('G goes to the end, which ends it; ESC and Ctrl-C leave', async () => {
    for (const key of ['G', 'Escape', 'C-c']) {
      read();
      await tmux.shows('space: on, b: back, q: leave');
      tmux.type(key, '');
      await tmux.shows('left 0');
    }
  });
});

test.skipIf(!hasTmux)(
  'the home takes no keys while it checks, and Ctrl-C stops the check',
  async () => {
    const folder = join(temporaryFolder(), 'mqtt-course');
    expect((await cli.run(['start', '--yes', '--dir', folder], { cwd: packageRoot() })).code).toBe(
      0,
    );
    // A check that takes its time.
    writeFileSync(join(folder, 'exercises', lesson, 'typescript/main.ts'), 'for (;;) {}\n');
    const tmux = openTmux(folder);
    try {
      tmux.type(`'${process.execPath}' '${cli.bin}' start; echo "left $?"`, 'Enter');
      await tmux.shows('What now?');
      // Read, predict, open, check.
      tmux.type('Down', 'Down', 'Down', '');
      await tmux.shows(/● Check my work/);
      tmux.type('Enter');
      await tmux.shows(/checking/);
      tmux.type('q', 'C-c', '');
      await tmux.shows(/left 130/);
    } finally {
      tmux.close();
    }
  },
);
