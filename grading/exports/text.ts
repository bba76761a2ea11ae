import { forbiddenName } from '../../course/system/index.js';

/**
 * What a learner wrote, made fit for a page, a spreadsheet, a terminal. Names, topics, payloads and
 * output are untrusted: nothing of them reaches a file of ours raw.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences are what is left out
const SEQUENCES = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]{0,2048}(?:\u0007|\u001B\\))/g;
/** Control and format characters (bidi overrides among them), halves of pairs, non-characters. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFE\uFFFF]/gu;
/** Joiners are part of how names and emoji are written. */
const JOINERS = new Set(['\u200C', '\u200D']);

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u{${code.toString(16).padStart(4, '0')}}`;
}

/**
 * Text of several lines: colours and other terminal sequences are left out, every other character
 * that acts instead of being seen is shown as an escape. Line breaks stay; a tab becomes spaces.
 */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(SEQUENCES, '')
    .replaceAll('\t', '    ')
    .replace(UNSAFE, character =>
      character === '\n' || JOINERS.has(character) ? character : escapeOf(character),
    );
}

/** As `cleanText`, in one line. */
export function cleanLine(text: string): string {
  return cleanText(text)
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const entities = (text: string) => text.replace(/[&<>"']/g, one => ENTITIES[one] ?? one);

/** Text for an element or a quoted attribute of HTML or XML 1.0. */
export function html(text: string): string {
  return entities(cleanText(text));
}

/** As `html`, in one line. */
export function htmlLine(text: string): string {
  return entities(cleanLine(text));
}

/**
 * Text in a line of Markdown, also at its beginning: no character of it marks anything up, and no
 * HTML comes through. What would mark nothing up stays, so that the source can be read as well.
 */
export function markdown(text: string): string {
  return cleanLine(text)
    .replace(/[\\`*_[\]|~$^]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/^[#+\-=>]/, '\\$&')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');
}

/** Text as a code block of Markdown; the fence is longer than any in the text. */
export function markdownBlock(text: string): string {
  const lines = cleanText(text).replace(/\n+$/, '');
  const longest = Math.max(2, ...[...lines.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${lines}\n${fence}`;
}

/** Text as code in a line of Markdown. */
export function markdownCode(text: string): string {
  const line = cleanLine(text);
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = line.startsWith('`') || line.endsWith('`') || line === '' ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A value as JSON: what would act in a terminal or an editor stands as an escape, the value is the same. */
export function jsonText(value: unknown): string {
  const escaped = (character: string) =>
    character
      .split('')
      .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
  return `${JSON.stringify(value, null, 2).replace(/[\u007F-\u009F\u2028\u2029\uFFFE\uFFFF]|\p{Cf}/gu, escaped)}\n`;
}

/** Points as people write them: at most two decimals, no zeros behind. */
export function points(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return String(Object.is(rounded, -0) ? 0 : rounded);
}

/** `1 check`, `3 checks`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** A text cut to so many characters, said with an ellipsis. */
export function cut(text: string, most: number): string {
  const points = [...text];
  return points.length <= most ? text : `${points.slice(0, most - 1).join('')}…`;
}

/** A piece of a file name: letters, digits, `.`, `_` and `-`; never empty, never hidden, no device of Windows. */
export function fileName(text: string): string {
  const plain = text.normalize('NFC').replace(/[^\p{L}\p{N}._-]+/gu, '_');
  const name = plain.replace(/^[.-]+/, '_').slice(0, 100) || '_';
  return forbiddenName(name) ? `_${name}` : name;
}
