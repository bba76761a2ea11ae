import { describe, expect, test } from 'vitest';
import { findEditor } from '../../cli/home/editor.js';
import { columnsOf } from '../../cli/render/layout.js';
import { fitConsole, inOldSigns, showsAllSigns } from '../../cli/terminal/console.js';

describe('which terminals show all signs', () => {
  test.each([
    ['win32', {}, false],
    ['win32', { WT_SESSION: 'a-guid' }, true],
    ['win32', { TERM_PROGRAM: 'vscode' }, true],
    ['win32', { TERM: 'xterm-256color' }, true],
    ['win32', { TERMINAL_EMULATOR: 'JetBrains-JediTerm' }, true],
    ['darwin', { TERM: 'xterm-256color', TERM_PROGRAM: 'Apple_Terminal' }, true],
    ['linux', { TERM: 'xterm' }, true],
    ['linux', { TERM: 'linux' }, false],
  ] as const)('%s %j', (platform, env, all) => {
    expect(showsAllSigns({ platform, env })).toBe(all);
  });
});

/** The signs of WGL4 that are in use, besides those of Latin-1 and the box drawings. */
const wgl4 = new Set('√×►◄║○◊≡ØØ:│→←↑↓●•…─┼≤≥≠€–—’“”');

test('instead of a sign that old fonts lack comes one that they have, as wide', () => {
  for (const sign of '✓✗▶▸◀⏸⏲◇⧉∅⋮┊⇥') {
    const other = inOldSigns(sign);
    expect(wgl4, `${sign} as ${other}`).toContain(other);
    expect(columnsOf(other)).toBe(columnsOf(sign));
  }
  expect(inOldSigns('✓ passed · Zoë │ → 温室')).toBe('√ passed · Zoë │ → 温室');
});

test('only what goes to a console is changed', () => {
  const open = (isTTY: boolean) => {
    const written: unknown[] = [];
    const write = (chunk: unknown) => written.push(chunk) > 0;
    return { written, stream: { isTTY, write } as unknown as NodeJS.WriteStream };
  };
  const [console, pipe, terminal] = [open(true), open(false), open(true)];
  fitConsole([console.stream, pipe.stream], { platform: 'win32', env: {} });
  fitConsole([terminal.stream], { platform: 'win32', env: { WT_SESSION: '1' } });
  for (const { stream } of [console, pipe, terminal]) {
    stream.write('✓');
    stream.write(Buffer.from('✓'));
  }
  expect(console.written).toEqual(['√', Buffer.from('✓')]);
  expect(pipe.written).toEqual(['✓', Buffer.from('✓')]);
  expect(terminal.written).toEqual(['✓', Buffer.from('✓')]);
});

test('where an editor was found is said as the shell says it', () => {
  expect(findEditor({ VISUAL: 'code' }, 'win32')?.from).toBe('%VISUAL%');
  expect(findEditor({ VISUAL: 'code' }, 'darwin')?.from).toBe('$VISUAL');
});
