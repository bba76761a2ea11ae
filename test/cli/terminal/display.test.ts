import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeStyle } from '../../../cli/render/style.js';
import { createDisplay } from '../../../cli/terminal/display.js';
import { createScreen } from '../../../cli/terminal/screen.js';
import { emulator } from './emulator.js';

const { red } = makeStyle({ color: true, env: {} });

test('takes the window, and gives it back as it was, once', () => {
  const terminal = emulator();
  const display = createDisplay(terminal);
  display.draw({ lines: ['before it is taken, nothing is written'] });
  expect(terminal.written).toBe('');
  display.enter();
  display.enter();
  display.draw({ lines: ['one'] });
  expect(terminal.inside).toBe(true);
  expect(terminal.cursor.visible).toBe(false);
  display.leave();
  display.leave();
  expect(terminal.inside).toBe(false);
  expect(terminal.cursor.visible).toBe(true);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences themselves
  expect(terminal.written.match(/\u001B\[\?1049[hl]/g)).toHaveLength(2);
});

test('the cursor stands where it is wanted, and is shown only there', () => {
  const terminal = emulator();
  const display = createDisplay(terminal);
  display.enter();
  display.draw({ lines: ['> cut'], cursor: { row: 0, column: 5 } });
  expect(terminal.cursor).toEqual({ row: 0, column: 5, visible: true });
  display.draw({ lines: ['> cut'] });
  expect(terminal.cursor.visible).toBe(false);
});

test('only what changed is written; after forget or in another window everything', () => {
  const terminal = emulator();
  const display = createDisplay(terminal);
  display.enter();
  const since = (draw: () => void) => {
    const before = terminal.written.length;
    draw();
    return terminal.written.slice(before);
  };
  display.draw({ lines: ['one', 'two'] });
  expect(since(() => display.draw({ lines: ['one', '2'] }))).not.toContain('one');
  expect(since(() => display.forget())).toContain('\u001B[2J');
  expect(since(() => display.draw({ lines: ['one', '2'] }))).toContain('one');
  terminal.columns = 100;
  expect(since(() => display.draw({ lines: ['one', '2'] }))).toContain('one');
  display.gone();
  expect(since(() => display.draw({ lines: ['three'] }))).toBe('');
  expect(since(() => display.leave())).toBe('');
});

test('whatever is drawn after whatever: what is on the window is the last frame', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '│'), maxLength: 20 });
  const frame = fc.array(line, { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 5 }), frames => {
      const terminal = emulator(6, 20);
      const display = createDisplay(terminal);
      display.enter();
      for (const lines of frames) display.draw({ lines: lines.map(one => red(one)) });
      const wanted = (frames.at(-1) ?? []).map(one => one.trimEnd()).join('\n');
      expect(terminal.shown().trimEnd()).toBe(wanted.trimEnd());
    }),
  );
});

test('a page that is too long scrolls, and its keys stay in view', () => {
  const terminal = emulator(10, 40);
  const screen = createScreen(terminal, false);
  screen.enter();
  const lines = Array.from({ length: 30 }, (_, at) => `line ${at}`);
  screen.show({ name: 'long', lines, status: 'watching', keys: ['h hint', 'q quit'] });
  expect(terminal.lines()).toHaveLength(10);
  expect(terminal.lines()[0]).toBe('line 0');
  expect(terminal.lines().slice(-3)).toEqual([
    '↓ 23 more lines: space or arrows',
    'watching',
    'h hint · q quit',
  ]);
  screen.scroll('page-down');
  expect(terminal.lines()[0]).toBe('line 6');
  screen.scroll('end');
  expect(terminal.shown()).toContain('line 29');
  expect(terminal.shown()).toContain('↑ 23 lines above: arrows');
  screen.show({ name: 'short', lines: ['one line'], status: '', keys: [] });
  expect(terminal.lines()[0]).toBe('one line');
  expect(terminal.shown()).not.toContain('line 29');
  terminal.rows = 6;
  screen.resized();
  expect(terminal.lines()[0]).toBe('one line');
});
