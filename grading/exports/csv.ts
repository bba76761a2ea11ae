/** Comma-separated values: written so that no spreadsheet runs them, and read without losing a byte. */
import { cleanText } from './text.js';

/**
 * Starts a formula in Excel, LibreOffice, Google Sheets or Numbers, also behind spaces and in full
 * width (as spreadsheets for Japanese and Chinese take it).
 */
const FORMULA = /^[\s"']*[=+\-@＝＋－＠]/u;

/** A text for a cell: shown as text by every spreadsheet, with what acts shown as escapes. */
export function safeCell(text: string): string {
  const clean = cleanText(text);
  return FORMULA.test(clean) ? `'${clean}` : clean;
}

export type CsvValue = string | number | null;

/** A cell as it stands in the file: RFC 4180; numbers are ours and stay numbers. */
export function csvCell(cell: CsvValue, delimiter = ','): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(Math.round(cell * 100) / 100);
  return quotedCell(safeCell(cell), delimiter);
}

function quotedCell(text: string, delimiter: string): string {
  const quote = text.includes(delimiter) || /["\r\n]|^\s|\s$/.test(text);
  return quote ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as CSV: commas, UTF-8, line ends as RFC 4180 wants them. */
export function csv(rows: readonly (readonly CsvValue[])[]): string {
  return rows.map(row => `${row.map(cell => csvCell(cell)).join(',')}\r\n`).join('');
}

/** One cell of a file that is to be given back unchanged. */
export interface RawCell {
  /** As it stands in the file, quotes included. */
  readonly raw: string;
  readonly value: string;
}

export interface RawRow {
  readonly cells: readonly RawCell[];
  /** How the line ends: `\r\n`, `\n`, `\r`, or nothing at the end of the file. */
  readonly end: string;
}

export interface RawTable {
  /** A byte order mark, where the file has one. */
  readonly mark: string;
  readonly delimiter: string;
  readonly rows: readonly RawRow[];
}

/** Reads a file so that `renderRaw` of an untouched table gives the same bytes. */
export function readRaw(source: string): RawTable {
  const mark = source.startsWith('\uFEFF') ? '\uFEFF' : '';
  const text = source.slice(mark.length);
  const delimiter = delimiterOf(text);
  const rows: RawRow[] = [];
  let at = 0;
  while (at < text.length) {
    const cells: RawCell[] = [];
    for (;;) {
      const end = cellEnd(text, at, delimiter);
      const raw = text.slice(at, end);
      cells.push({ raw, value: contentOf(raw) });
      at = end;
      if (text[at] !== delimiter) break;
      at++;
    }
    const end = text.startsWith('\r\n', at) ? '\r\n' : text.slice(at, at + 1);
    at += end.length;
    rows.push({ cells, end });
  }
  return { mark, delimiter, rows };
}

/** The delimiter that stands most often in the first line, outside of quotes. */
function delimiterOf(text: string): string {
  const [line = ''] = text.replace(/"[^"]*"/g, '').split(/\r|\n/, 1);
  const count = (one: string) => line.split(one).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

function cellEnd(text: string, from: number, delimiter: string): number {
  let at = from;
  if (text[at] === '"') {
    at++;
    while (at < text.length && (text[at] !== '"' || text[at + 1] === '"')) {
      at += text[at] === '"' ? 2 : 1;
    }
    at++;
  }
  while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
  return Math.min(at, text.length);
}

function contentOf(raw: string): string {
  return /^"[\s\S]*"$/.test(raw) && raw.length > 1 ? raw.slice(1, -1).replaceAll('""', '"') : raw;
}

/** The table as a file again. */
export function renderRaw({ mark, delimiter, rows }: RawTable): string {
  const line = ({ cells, end }: RawRow) => cells.map(cell => cell.raw).join(delimiter) + end;
  return mark + rows.map(line).join('');
}

/** A new cell for an existing file: quoted where its neighbours' way of quoting needs it. */
export function rawCell(cell: CsvValue, table: RawTable): RawCell {
  const raw = csvCell(cell, table.delimiter);
  return { raw, value: contentOf(raw) };
}
