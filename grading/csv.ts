import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { UsageError } from '../course/index.js';

/** A row of a table with the line of the file it begins at. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
  readonly delimiter: string;
}

/**
 * Reads a CSV as spreadsheets and platforms write it: `,`, `;` or tabs, with or without a BOM.
 * @throws UsageError naming the file and the line
 */
export async function readTable(file: string): Promise<Table> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      error.code === 'ENOENT'
        ? `there is no file ${file}.`
        : `${file} cannot be read (${error.code}).`,
    );
  });
  return parseTable(decode(bytes, file), file);
}

/** Excel also saves UTF-16, and what older programs save is rarely UTF-8. */
function decode(bytes: Buffer, file: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${file} is not in UTF-8. In a spreadsheet, save it as "CSV UTF-8".`);
  }
}

/** @throws UsageError */
export function parseTable(text: string, file: string): Table {
  const clean = text.replace(/^\ufeff/, '');
  const first = clean.split(/\r?\n/).find(line => line.trim() !== '') ?? '';
  const delimiter = [',', ';', '\t'].reduce((best, one) =>
    first.split(one).length > first.split(best).length ? one : best,
  );
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(clean, {
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as typeof records;
  } catch (error) {
    const { message } = error as Error;
    const line = /line (\d+)/.exec(message)?.[1];
    throw new UsageError(
      `${file}${line ? `:${line}` : ''} is not a CSV that can be read: ${message}.`,
    );
  }
  const [header, ...rows] = records;
  if (!header) throw new UsageError(`${file} is empty; its first line names the columns.`);
  return {
    header: header.record,
    delimiter,
    rows: rows
      .filter(({ record }) => record.some(cell => cell !== ''))
      // `lines` counts to the end of a record, of which most have one line.
      .map(({ record, info }) => ({
        line: info.lines - record.reduce((sum, cell) => sum + (cell.match(/\n/g)?.length ?? 0), 0),
        cells: record,
      })),
  };
}
