import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../../course/index.js';
import { readTable } from '../csv.js';
import { laterOf, type Moment, parseMoment, parseMoodleTime, TimeError } from '../time.js';
import { shown } from './paths.js';

/** When learners handed in, in the instructor's words: by learner id, or name of the submission. */
export interface SubmissionTimes {
  readonly file: string;
  readonly times: ReadonlyMap<string, Moment>;
}

const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');

/** What Canvas answers when its API is asked for the submissions of an assignment. */
const canvasSubmissions = z.array(
  z.looseObject({
    user_id: z.union([z.number(), z.string()]),
    submitted_at: z.string().nullish(),
  }),
);

async function canvasTimes(file: string): Promise<SubmissionTimes> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read.`);
  });
  try {
    const entries = canvasSubmissions.parse(JSON.parse(text)).flatMap(one => {
      const at = one.submitted_at;
      return at ? [[String(one.user_id), parseMoment(at)] as const] : [];
    });
    return { file, times: new Map(entries) };
  } catch {
    throw new UsageError(
      `${file} is no list of submissions as the API of Canvas gives it: user_id and submitted_at of each.`,
    );
  }
}

/**
 * Reads when learners handed in: a CSV with the columns `id,submitted_at`, Moodle's grading worksheet, or what the API of Canvas answers (.json). An
 * id that is there more than once counts with its latest time.
 * @param options.timeZone for times that name no zone
 * @throws UsageError naming the file and the line
 */
export async function readSubmissionTimes(
  file: string,
  options: { readonly timeZone?: string } = {},
): Promise<SubmissionTimes> {
  if (/\.json$/i.test(file)) return canvasTimes(file);
  const { header, rows } = await readTable(file);
  const names = header.map(plain);
  const find = (...wanted: string[]) => names.findIndex(name => wanted.includes(name));
  const id = find('id', 'learner', 'student', 'submission', 'identifier', 'name', 'email', 'login');
  const at = find('submittedat', 'submitted', 'time', 'handedin', 'lastmodifiedsubmission');
  if (id < 0 || at < 0) {
    throw new UsageError(
      `${file}:1: the first line must name the columns id and submitted_at; it has ${header.join(', ')}.`,
    );
  }
  const times = new Map<string, Moment>();
  for (const { cells, line } of rows) {
    const who = (cells[id] ?? '').trim().replace(/^\p{L}+(?:\/\p{L}+)? (?=\d+$)/u, '');
    const text = (cells[at] ?? '').trim();
    if (who === '' || text === '' || text === '-') continue;
    try {
      const zone = options.timeZone;
      const moodle = zone === undefined ? undefined : parseMoodleTime(text, zone);
      const time = moodle ?? parseMoment(text, { zone });
      const before = times.get(who.toLowerCase());
      times.set(who.toLowerCase(), before ? laterOf(before, time) : time);
    } catch (error) {
      if (!(error instanceof TimeError)) throw error;
      throw new UsageError(`${file}:${line}: "${shown(text)}" ${error.message}.`);
    }
  }
  return { file, times };
}
