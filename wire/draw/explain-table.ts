/** The bytes of a packet as a table for a terminal. */
import type { SafeOptions } from '../safe.js';
import { columnsOf, wrapped } from './canvas.js';
import type { BitPart, BytePart } from './explain.js';

export interface TableOptions extends SafeOptions {
  /** Columns; default 80. */
  readonly width?: number;
}

/** Bytes in one line, and lines of bytes that are shown of one field. */
const PER_LINE = 8;
const MOST_LINES = 16;

function hexLines(bytes: Buffer, perLine: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += perLine) {
    if (lines.length === MOST_LINES && bytes.length - at > perLine) {
      lines.push(`+ ${bytes.length - at} more`);
      break;
    }
    lines.push([...bytes.subarray(at, at + perLine)].map(hex).join(' '));
  }
  return lines;
}

/** A version and its first id stay in one line, for whoever searches for them. */
const firm = (citation: string) =>
  citation.replaceAll(' MQTT', '\u00A0MQTT').replaceAll(',\u00A0', ', ');
const hex = (byte: number) => byte.toString(16).padStart(2, '0');
const pad = (text: string, columns: number) =>
  text + ' '.repeat(Math.max(0, columns - columnsOf(text)));

function bitLines(one: BitPart, indent: number, width: number, end: string): string[] {
  const place = one.at.includes('-') ? `bits ${one.at}` : `bit ${one.at}`;
  const head = `${' '.repeat(indent)}${place.padEnd(8)}  ${one.bits.padStart(6)}  `;
  const clauses = one.clauses === '' ? '' : ` ${firm(`[${one.clauses}]`)}`;
  return wrapped(one.meaning + clauses, Math.max(12, width - head.length), 8, end).map(
    (text, at) => (at === 0 ? head : ' '.repeat(head.length)) + text,
  );
}

/**
 * The parts of a packet as lines: number of the first byte, bytes, field, value and meaning. No
 * line is wider than `width` (but at least 40).
 */
export function explainTable(
  bytes: Uint8Array,
  parts: readonly BytePart[],
  options: TableOptions = {},
): string[] {
  const buffer = Buffer.from(bytes);
  const width = Math.max(40, options.width ?? 80);
  const perLine = width >= 72 ? PER_LINE : 4;
  const offset = Math.max(4, String(buffer.length).length);
  const hexColumns = perLine * 3 - 1;
  const longest = Math.max(5, ...parts.map(part => part.field.length));
  const field = Math.min(longest, width >= 72 ? 18 : 10);
  const texts = width - offset - hexColumns - field - 6;
  const end = options.ascii ? '...' : '…';
  const row = (cells: readonly [string, string, string, string]) =>
    [pad(cells[0], offset), pad(cells[1], hexColumns), pad(cells[2], field), cells[3]]
      .join('  ')
      .trimEnd();

  const lines = [row(['byte', 'bytes', 'field', texts < 17 ? 'value' : 'value and meaning'])];
  for (const part of parts) {
    const raw = hexLines(buffer.subarray(part.from, part.to), perLine);
    const names = wrapped(part.field, field, 4, end);
    const mark = part.problem ? (options.ascii ? '> ' : '✗ ') : '';
    const value = mark + part.value;
    const joined = [value, part.meaning].filter(Boolean).join(options.ascii ? ': ' : ' · ');
    const said = [
      ...(columnsOf(joined) <= texts
        ? [joined]
        : [...wrapped(value, texts, 12, end), ...wrapped(part.meaning, texts, 12, end)]),
      ...(part.clauses === '' ? [] : wrapped(firm(`[${part.clauses}]`), texts, 4, end)),
    ].filter(Boolean);
    const count = Math.max(1, raw.length, names.length, said.length);
    for (let at = 0; at < count; at++) {
      lines.push(
        row([at === 0 ? String(part.from) : '', raw[at] ?? '', names[at] ?? '', said[at] ?? '']),
      );
    }
    for (const one of part.bits ?? []) lines.push(...bitLines(one, offset + 2, width, end));
  }
  return lines.map(line => line.replaceAll('\u00A0', ' '));
}
