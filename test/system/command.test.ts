import { describe, expect, test } from 'vitest';
import { findOnWindows, quotedForCmd, startable } from '../../course/system/command.js';

const files = new Set([
  'C:\\work\\program.exe',
  'C:\\work\\run it.cmd',
  'C:\\work\\main.py',
  'C:\\work\\tool',
  'C:\\work\\tool.bat',
  'C:\\nodejs\\npm.cmd',
  'C:\\nodejs\\npm',
  'C:\\nodejs\\node.exe',
  'D:\\elsewhere\\x.exe',
]);
const place = {
  platform: 'win32',
  cwd: 'C:\\work',
  env: { Path: 'C:\\windows;"C:\\nodejs"', PATHEXT: '.COM;.EXE;.BAT;.CMD', ComSpec: 'C:\\cmd.exe' },
  isFile: (path: string) => files.has(path),
} as const;

describe('what a command of Windows means', () => {
  test.each([
    ['program.exe', 'C:\\work\\program.exe'],
    ['program', 'C:\\work\\program.exe'],
    ['.\\program', 'C:\\work\\program.exe'],
    ['./program.exe', 'C:\\work\\program.exe'],
    ['run it', 'C:\\work\\run it.cmd'],
    // The script for another system, which npm puts beside, is not it.
    ['npm', 'C:\\nodejs\\npm.cmd'],
    ['tool', 'C:\\work\\tool.bat'],
    ['node', 'C:\\nodejs\\node.exe'],
    ['D:\\elsewhere\\x', 'D:\\elsewhere\\x.exe'],
    ['.\\npm', undefined],
    ['nothing', undefined],
  ])('%s', (command, file) => {
    expect(findOnWindows(command, place)).toBe(file);
  });
});

describe('how it is started', () => {
  test('a program as it is', () => {
    expect(startable('program', ['a b'], place)).toEqual({
      command: 'C:\\work\\program.exe',
      args: ['a b'],
    });
  });

  test('a batch file by cmd, with words that cmd leaves alone', () => {
    expect(startable('.\\run it', ['a b', 'x&y', '100%'], place)).toEqual({
      command: 'C:\\cmd.exe',
      args: ['/d', '/s', '/c', '""C:\\work\\run it.cmd" ^"a^ b^" ^"x^&y^" ^"100^%^""'],
      verbatim: true,
    });
  });

  test('a script says what runs it', () => {
    expect(startable('main.py', [], place).problem).toContain('name what runs it: py main.py');
  });

  test('what is not there is left to the system to refuse', () => {
    expect(startable('nothing', ['x'], place)).toEqual({ command: 'nothing', args: ['x'] });
  });

  test('on other systems all stays as it is', () => {
    const args = ['a b', 'x&y'];
    expect(startable('./run it', args, { ...place, platform: 'linux' })).toEqual({
      command: './run it',
      args,
    });
  });
});

/** How the libraries of Windows take a command line apart, for one word in quotes. */
function unquoted(line: string): string {
  const inside = line.replace(/\^(.)/g, '$1').slice(1, -1);
  return inside.replace(
    /(\\*)(")/g,
    (_, slashes: string) => `${'\\'.repeat(slashes.length >> 1)}"`,
  );
}

test.each(['a "b" c', '\\"', 'C:\\x\\"y"', '"', 'plain', '<>&|^%!()'])(
  'the word %j arrives',
  word => {
    expect(unquoted(quotedForCmd(word))).toBe(word);
  },
);

test('a backslash at the end does not take the quote with it', () => {
  expect(quotedForCmd('C:\\dir\\')).toBe('^"C:\\dir\\\\^"');
});
