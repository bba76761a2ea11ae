import { UsageError } from '../../course/index.js';
import { readTable } from '../csv.js';
import { laterOf, type Moment, parseMoment, TimeError } from '../time.js';

/** When learners handed in, in the instructor's words: by learner id, or name of the submission. */
export interface SubmissionTimes {
  readonly file: string;
  readonly times: ReadonlyMap<string, Moment>;
}

const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');

/**
 * Reads a CSV with the columns `id,submitted_at`. An id that is there more than once counts with its
 * latest time.
 * @param options.timeZone for times that name no zone
 * @throws UsageError naming the file and the line
 */
export async function readSubmissionTimes(
  file: string,
  options: { readonly timeZone?: string } = {},
): Promise<SubmissionTimes> {
  const { header, rows } = await readTable(file);
  const names = header.map(plain);
  const find = (...wanted: string[]) => names.findIndex(name => wanted.includes(name));
  const id = find('id', 'learner', 'student', 'submission', 'name', 'email', 'login');
  const at = find('submittedat', 'submitted', 'time', 'handedin');
  if (id < 0 || at < 0) {
    throw new UsageError(
      `${file}:1: the first line must name the columns id and submitted_at; it has ${header.join(', ')}.`,
    );
  }
  const times = new Map<string, Moment>();
  for (const { cells, line } of rows) {
    const who = (cells[id] ?? '').trim();
    const text = (cells[at] ?? '').trim();
    if (who === '' || text === '') continue;
    try {
      const time = parseMoment(text, { zone: options.timeZone });
      const before = times.get(who.toLowerCase());
      times.set(who.toLowerCase(), before ? laterOf(before, time) : time);
    } catch (error) {
      if (!(error instanceof TimeError)) throw error;
      throw new UsageError(`${file}:${line}: "${text}" ${error.message}.`);
    }
  }
  return { file, times };
}
