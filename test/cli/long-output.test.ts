import { describe, expect, test } from 'vitest';
import { readCrash } from '../../checker/harness/stderr.js';
import type { CheckResult } from '../../checker/index.js';
import { printable, wrap } from '../../cli/render/layout.js';
import { renderOutput } from '../../cli/render/output.js';
import { makeStyle } from '../../cli/render/style.js';
import { allPassed } from './results.js';

const style = (plain = false) => makeStyle({ env: {}, width: 80, plain });

function printed(stdout: string, stderr = ''): CheckResult {
  const bytes = (text: string) => Buffer.byteLength(text);
  const program = { exitCode: 0, stdout, stderr };
  const counts = { stdoutBytes: bytes(stdout), stderrBytes: bytes(stderr) };
  return { ...allPassed, program: { ...program, ...counts } };
}

/** Milliseconds of processor time. */
function cost(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('one line without an end', () => {
  const long = 'x'.repeat(256 * 1024);

  test('is shown cut, and says how much is not shown', () => {
    const text = renderOutput(printed(long), style()).join('\n');
    expect(text.length).toBeLessThan(3000);
    expect(text.replace(/\s+│?\s*/g, ' ')).toContain('… (261144 more characters in this line)');
    const plain = renderOutput(printed(long), style(true)).join('\n');
    expect(plain).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('is not cut between the halves of a character', () => {
    const text = renderOutput(printed(`${'x'.repeat(999)}${'🌡'.repeat(1000)}`), style()).join('');
    expect(Buffer.from(text).toString()).toBe(text);
  });

  // Before, four times the text took thirty times as long: minutes for what a program may print.
  test.each([
    ['wrapped', (text: string) => wrap(text, 76)],
    ['made printable', (text: string) => printable(text)],
    ['read as a crash', (text: string) => readCrash(`${text}\nTypeError: no\n    at ${text}\n`)],
  ])('%s in time that grows with its length', (_, work) => {
    work(long);
    for (const text of [long, '🌡'.repeat(128 * 1024), 'main.ts'.repeat(37_000)]) {
      expect(cost(() => work(text))).toBeLessThan(2000);
    }
  });

  test('wrapped in pieces as it is wrapped whole: no character is torn', () => {
    const family = '👨‍👩‍👧‍👦';
    const text = `${'a'.repeat(253)}${family}${'e\u0301'.repeat(400)}${'🇩🇪'.repeat(300)}`;
    const lines = wrap(text, 10);
    expect(lines.join('')).toBe(text);
    const segments = (one: string) => [...new Intl.Segmenter().segment(one)].length;
    expect(lines.map(segments).reduce((sum, size) => sum + size, 0)).toBe(segments(text));
  });
});

test('bytes that are no text are shown as what they are not, on lines of the terminal’s width', () => {
  const binary = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7) % 256));
  const lines = renderOutput(printed(binary.toString('utf8')), style());
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may be there
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  expect(lines[0]).toMatch(/output on stdout/);
});
