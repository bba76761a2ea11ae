import { type Document, isMap, type LineCounter, type Node } from 'yaml';
import { z } from 'zod';
import { UsageError, wordDistance } from '../course/index.js';

/** A place in the file: names of fields and numbers of items. */
export type Path = readonly (string | number)[];

const amount = z.number('is not a number').min(0, 'is less than 0').max(1_000_000, 'is too large');
const percent = z.number('is not a number').min(0, 'is less than 0').max(100, 'is more than 100');
const words = z.string('is not a text').trim().min(1, 'is empty');
/** YAML may have made a number of `5`, and of a login that is all digits. */
const idText = z
  .union([z.string(), z.number()], {
    error: issue => (issue.input === undefined ? 'is missing' : 'is not a name'),
  })
  .transform(String);
const lessonList = z.array(idText, 'is not a list of lessons').optional();

/** What may stand in a course file, before its names and times are looked up. */
export const courseFileSchema = z.strictObject({
  title: words.optional(),
  'time-zone': words.optional(),
  points: amount.optional(),
  deadline: words.nullish(),
  lessons: z
    .record(
      z.string(),
      z.strictObject(
        {
          points: amount.optional(),
          deadline: words.nullish(),
          public: z.array(idText, 'is not a list of checks').nullish(),
          checks: z.record(z.string(), amount, 'is not a table of checks').nullish(),
          rubric: z.record(z.string(), amount, 'is not a table of points').nullish(),
        },
        'is not a table, as in { points: 20 }',
      ),
      'is not a table of lessons',
    )
    .nullish(),
  late: z
    .strictObject(
      {
        'grace-minutes': amount.optional(),
        'percent-per-day': percent.optional(),
        'max-percent': percent.optional(),
        'max-days': amount.int('is not a whole number').nullish(),
        cutoff: z.union([amount, words], 'is neither a time nor a number of days').nullish(),
      },
      'is not a table, as in { percent-per-day: 10 }',
    )
    .nullish(),
  extensions: z
    .array(
      z.strictObject(
        {
          learner: idText,
          lessons: lessonList,
          until: words.optional(),
          days: amount.optional(),
        },
        'is not a table, as in { learner: ada, days: 3 }',
      ),
      'is not a list',
    )
    .nullish(),
  excused: z
    .array(
      z.strictObject(
        { learner: idText, lessons: lessonList },
        'is not a table, as in { learner: ada }',
      ),
      'is not a list',
    )
    .nullish(),
});

const SHOWN = 5;

/** At most a handful of problems, a line each. */
export function usage(problems: readonly string[]): UsageError {
  const more = problems.length > SHOWN ? [`… and ${problems.length - SHOWN} more`] : [];
  return new UsageError([...problems.slice(0, SHOWN), ...more].join('\n'));
}

/** The line where a field is written; of a field that is not there, that of what it belongs to. */
export function lineOf(document: Document, lines: LineCounter, path: Path): number {
  let line = 1;
  let node: unknown = document.contents;
  const note = (value: unknown) => {
    const at = (value as Node | null | undefined)?.range?.[0];
    if (at !== undefined) line = lines.linePos(at).line;
  };
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        item => String((item.key as { value?: unknown })?.value) === String(part),
      );
      if (!pair) break;
      note(pair.key);
      node = pair.value;
    } else {
      const items = (node as { items?: readonly unknown[] } | null)?.items;
      const item = typeof part === 'number' ? items?.[part] : undefined;
      if (item === undefined) break;
      note(item);
      node = item;
    }
  }
  return line;
}

/** The fields at each place of a course file, for the nearest name. */
const fields: readonly { readonly at: RegExp; readonly names: readonly string[] }[] = [
  { at: /^$/, names: Object.keys(courseFileSchema.shape) },
  { at: /^lessons\.[^.]+$/, names: ['points', 'deadline', 'checks', 'rubric', 'public'] },
  {
    at: /^late$/,
    names: ['grace-minutes', 'percent-per-day', 'max-percent', 'max-days', 'cutoff'],
  },
  { at: /^extensions\.\d+$/, names: ['learner', 'lessons', 'until', 'days'] },
  { at: /^excused\.\d+$/, names: ['learner', 'lessons'] },
];

/** Says what a schema found in words for the person who wrote the file. */
export function explain(
  issue: z.core.$ZodIssue,
  complain: (path: Path, what: string) => void,
): void {
  const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part));
  const where = path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const names = fields.find(one => one.at.test(where))?.names ?? [];
    for (const key of issue.keys) {
      const place = where ? ` in ${where}` : '';
      complain(
        [...path, key],
        `${key} is not a field${place}${didYouMean(key, names)} Its fields: ${names.join(', ')}`,
      );
    }
    return;
  }
  const said = /^(is|has|needs) /.test(issue.message);
  const what = said ? issue.message : `is not right (${issue.message})`;
  complain(path, `${where || 'the file'} ${what}`);
}

/** `; did you mean T3?` and the end of the sentence; only that when nothing is near. */
export function didYouMean(word: string, names: readonly string[]): string {
  const [best] = names
    .map(name => ({ name, distance: wordDistance(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return best && best.distance <= Math.max(1, word.length / 3)
    ? `; did you mean ${best.name}?`
    : '';
}
