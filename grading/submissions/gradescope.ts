import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { UsageError } from '../../course/index.js';
import { type Moment, parseMoment } from '../time.js';

export const GRADESCOPE_FILE = 'submission_metadata.yml';

export interface GradescopeEntry {
  /** The folder of the submission, `submission_4567`. */
  readonly folder: string;
  readonly submitters: readonly {
    readonly name?: string;
    readonly email?: string;
    readonly sid?: string;
  }[];
  readonly createdAt?: Moment;
}

/**
 * Reads the list that a Gradescope export has beside its folders. The platform wrote it; learners
 * cannot put a file there.
 * @returns undefined when the folder holds no such list
 * @throws UsageError when it cannot be read
 */
export async function readGradescope(folder: string): Promise<GradescopeEntry[] | undefined> {
  const file = join(folder, GRADESCOPE_FILE);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let data: unknown;
  try {
    // Failsafe: an id 0123 stays what it is.
    data = parse(text, { schema: 'failsafe', logLevel: 'error', maxAliasCount: 10_000 });
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message.split('\n')[0]}.`);
  }
  if (!isRecord(data)) throw new UsageError(`${file} names no submissions.`);
  return Object.entries(data).map(([key, value]) => {
    const entry = isRecord(value) ? value : {};
    const submitters = field(entry, 'submitters');
    const createdAt = timeOf(field(entry, 'created_at'));
    return {
      folder: key.replace(/^:/, ''),
      submitters: (Array.isArray(submitters) ? submitters : []).filter(isRecord).map(one => ({
        ...textOf(one, 'name'),
        ...textOf(one, 'email'),
        ...textOf(one, 'sid'),
      })),
      ...(createdAt ? { createdAt } : {}),
    };
  });
}

type Plain = Record<string, unknown>;
const isRecord = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keys are Ruby symbols: `:created_at`. */
function field(record: Plain, name: string): unknown {
  return record[`:${name}`] ?? record[name];
}

function textOf<Name extends string>(record: Plain, name: Name): { [K in Name]?: string } {
  const value = field(record, name);
  const text = typeof value === 'number' ? String(value) : value;
  return (typeof text === 'string' && text.trim() !== '' ? { [name]: text.trim() } : {}) as {
    [K in Name]?: string;
  };
}

function timeOf(value: unknown): Moment | undefined {
  // Older exports hold the time as a Ruby object.
  const text = isRecord(value) ? field(value, 'utc') : value;
  if (typeof text !== 'string') return undefined;
  try {
    return parseMoment(text);
  } catch {
    return undefined;
  }
}
