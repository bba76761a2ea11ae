import { columnsOf } from '../../wire/draw/canvas.js';
import { wrap } from './wrap.js';

export { columnsOf } from '../../wire/draw/canvas.js';
export { FIRM, wrap } from './wrap.js';

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)));
}

/** Prose behind a first prefix, and behind another one in the lines that follow. */
export function hang(first: string, rest: string, text: string, width: number): string[] {
  const room = width - Math.max(columnsOf(first), columnsOf(rest));
  return wrap(text, room).map((line, index) => `${index === 0 ? first : rest}${line}`.trimEnd());
}

/**
 * Lines whose own shape counts (packets, code): each keeps its leading spaces; what is too long
 * goes on below, two columns further in.
 */
export function wrapKeeping(text: string, width: number): string[] {
  return text.split('\n').flatMap(line => {
    if (columnsOf(line) <= width) return [line.trimEnd()];
    const lead = /^ */.exec(line)?.[0] ?? '';
    const indent = lead.length < width / 2 ? lead : '';
    return hang(indent, `${indent}  `, line.trimStart(), width);
  });
}

/** The same, but never inside a word: what is wider than the line (a path, an address) stays whole. */
export function wrapWords(text: string, width: number): string[] {
  return text.split('\n').flatMap(line => {
    if (columnsOf(line) <= width) return [line];
    const lead = /^ */.exec(line)?.[0] ?? '';
    const indent = lead.length < width / 2 ? lead : '';
    const room = width - indent.length;
    return wrap(line.trimStart(), room, { whole: true }).map(part => `${indent}${part}`);
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const COLOURS = /\u001B\[[\d;:]*m/g;
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

export interface Printable {
  readonly text: string;
  /** How many characters are shown as escapes. */
  readonly escaped: number;
}

/**
 * Text of a program made fit for a terminal: colours are left out, every other character that a
 * terminal could act on is shown as an escape. Line breaks stay; a tab becomes spaces.
 */
export function printable(source: string): Printable {
  let escaped = 0;
  const text = source
    .replaceAll('\r\n', '\n')
    .replace(COLOURS, '')
    .replaceAll('\t', '    ')
    .replace(UNSAFE, character => {
      if (character === '\n' || character === '\u200D') return character;
      escaped++;
      const code = character.codePointAt(0) ?? 0;
      return code < 0x100
        ? `\\x${code.toString(16).padStart(2, '0')}`
        : `\\u{${code.toString(16)}}`;
    });
  return { text, escaped };
}

/** Characters of one line that are shown: more than this nobody reads, and a terminal wraps it for pages. */
const LONGEST_LINE = 1000;

/** A line of a program's output, cut where it is too long to be read; says how much is not shown. */
export function cutLine(line: string, plain: boolean, most = LONGEST_LINE): string {
  // A cut that hides less than it says is no help.
  if (line.length <= most + 100) return line;
  // Not between the two halves of a character.
  const end = /[\uD800-\uDBFF]/.test(line[most - 1] ?? '') ? most - 1 : most;
  return `${line.slice(0, end)} ${plain ? '...' : '…'} (${line.length - end} more characters in this line)`;
}

/** `1 check`, `3 checks`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
