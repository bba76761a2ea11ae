/** The grades as a table for a terminal. */
import stringWidth from 'fast-string-width';
import { renamedFile } from '../renamed.js';
import type { ClassGrades, LearnerGrade, LessonGrade } from '../types.js';
import { cleanLine, count, points } from './text.js';

export interface ScreenOptions {
  /** Columns; default 80. Below 40 it is drawn as for 40. */
  readonly width?: number;
  /** ASCII, and in words what a table says by its columns. */
  readonly plain?: boolean;
}

const NAME = { least: 10, most: 28 };

interface TableSigns {
  readonly missing: string;
  readonly line: string;
  readonly dot: string;
  readonly more: string;
  /** The key explains signs. */
  readonly signs: boolean;
}

/**
 * One line for each learner and a column for each lesson, with a key below; lessons for which there
 * is no room stand in further blocks. Text without colours, no line wider than asked.
 */
export function gradeTable(grades: ClassGrades, options: ScreenOptions = {}): string[] {
  const width = Math.max(40, options.width ?? 80);
  const words: TableSigns = options.plain
    ? { missing: '-', line: '-', dot: ', ', more: '...', signs: false }
    : { missing: '–', line: '─', dot: ' · ', more: '…', signs: true };
  if (options.plain) return [...inWords(grades, width), ...key(grades, words, width)];
  const cells = grades.learners.map(one =>
    grades.lessons.map(({ id }) =>
      cell(
        one.lessons.find(it => it.lesson === id),
        words,
      ),
    ),
  );
  const sums = grades.learners.map(sum);
  const sumWidth = Math.max('points'.length, ...sums.map(text => text.length));
  const sizes = grades.lessons.map((lesson, at) =>
    Math.max(number(lesson.id).length, ...cells.map(row => (row[at] ?? '').length)),
  );
  const names = grades.learners.map(one => cleanLine(one.learner.id));
  const wanted = Math.max('learner'.length, ...names.map(name => stringWidth(name)));
  const all = sizes.reduce((total, size) => total + size + 2, 0) + sumWidth + 2;
  const name = Math.min(NAME.most, wanted, Math.max(NAME.least, width - all));

  const blocks = split(sizes, width - name - 2, sumWidth + 2);
  const lines = blocks.flatMap((block, index) => {
    const last = index === blocks.length - 1;
    const row = (first: string, of: (at: number) => string, end: string) =>
      [
        padEnd(first, name, words),
        ...block.map(at => of(at).padStart(sizes[at] ?? 0)),
        ...(last ? [end.padStart(sumWidth)] : []),
      ]
        .join('  ')
        .trimEnd();
    const head = row('learner', at => number(grades.lessons[at]?.id ?? ''), 'points');
    return [
      ...(index > 0 ? [''] : []),
      head,
      words.line.repeat(stringWidth(head)),
      ...names.map((text, at) => row(text, one => cells[at]?.[one] ?? '', sums[at] ?? '')),
    ];
  });
  return [...lines, ...key(grades, words, width)];
}

/** Each learner's points, lesson by lesson: whoever hears a table does not hear its columns. */
function inWords(grades: ClassGrades, width: number): string[] {
  return grades.learners.flatMap(one => {
    const lessons = grades.lessons.map(({ id }) => {
      const lesson = one.lessons.find(it => it.lesson === id);
      return `${number(id)}: ${pointsInWords(lesson)}`;
    });
    const all = one.points === null ? 'points not known yet' : `${sum(one)} points`;
    return [
      `${cleanLine(one.learner.id)}: ${all}`,
      ...inLines(lessons, ', ', width - 2).map(line => `  ${line}`),
    ];
  });
}

function pointsInWords(lesson: LessonGrade | undefined): string {
  if (!lesson || lesson.status === 'missing') return 'nothing handed in';
  return lesson.points === null ? 'could not be told' : points(lesson.points);
}

/** Lessons by block: what fits beside the name; the sum needs room in the last one. */
function split(sizes: readonly number[], room: number, sum: number): number[][] {
  const blocks: number[][] = [[]];
  let left = room;
  for (const [at, size] of sizes.entries()) {
    const need = size + 2 + (at === sizes.length - 1 ? sum : 0);
    if (need > left && blocks.at(-1)?.length) {
      blocks.push([]);
      left = room;
    }
    blocks.at(-1)?.push(at);
    left -= size + 2;
  }
  return blocks;
}

const number = (lesson: string) => /^\d+/.exec(lesson)?.[0] ?? lesson.slice(0, 6);

function cell(lesson: LessonGrade | undefined, words: TableSigns): string {
  if (!lesson || lesson.status === 'missing') return words.missing;
  return lesson.points === null ? '?' : points(lesson.points);
}

const sum = (one: LearnerGrade) =>
  `${one.points === null ? '?' : points(one.points)}/${points(one.max)}`;

function padEnd(text: string, width: number, words: TableSigns): string {
  let shown = text;
  if (stringWidth(text) > width) {
    const letters = [...text];
    while (stringWidth(letters.join('')) > width - words.more.length) letters.pop();
    shown = letters.join('') + words.more;
  }
  return shown + ' '.repeat(Math.max(0, width - stringWidth(shown)));
}

/** Zero points for a file that was only renamed are worth a look. */
function renamed(grades: ClassGrades, width: number): string[] {
  const found = grades.learners.flatMap(({ learner, lessons }) =>
    lessons.flatMap(lesson => {
      const why = renamedFile(lesson);
      return why === undefined ? [] : [`${learner.id}: ${why}`];
    }),
  );
  if (found.length === 0) return [];
  return [
    '',
    'Not handed in under its name',
    ...found.flatMap(line => folded(cleanLine(line), width - 2).map(part => `  ${part}`)),
  ];
}

/** Prose in lines of a width; a word that is wider is cut into pieces. */
function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').flatMap(one => one.match(/.{1,30}/gu) ?? [])) {
    const last = lines.at(-1);
    if (last !== undefined && stringWidth(`${last} ${word}`) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function key(grades: ClassGrades, words: TableSigns, width: number): string[] {
  const lessons = grades.learners.flatMap(one => one.lessons);
  const unknown = lessons.filter(one => one.status === 'unknown').length;
  const missing = lessons.filter(one => one.status === 'missing').length;
  const sign = (text: string) => (words.signs ? `${text}  ` : '');
  const parts = [
    ...(unknown > 0 ? [`${sign('?')}could not be told: a person has to look (${unknown})`] : []),
    ...(missing > 0 ? [`${sign(words.missing)}nothing was handed in (${missing})`] : []),
  ];
  const facts = [
    count(grades.learners.length, 'learner'),
    ...(grades.absent.length > 0 ? [`${grades.absent.length} handed in nothing`] : []),
    ...(grades.unexpected.length > 0 ? [`${grades.unexpected.length} not on the roster`] : []),
    ...(grades.unreadable.length > 0 ? [`${grades.unreadable.length} could not be read`] : []),
  ];
  return [
    ...(parts.length > 0 ? ['', ...parts] : []),
    ...renamed(grades, width),
    '',
    ...inLines(facts, words.dot, width),
  ];
}

/** Short facts beside each other, as many in a line as there is room for; none is broken. */
function inLines(facts: readonly string[], between: string, width: number): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const last = lines.at(-1);
    const joined = last === undefined ? fact : `${last}${between}${fact}`;
    if (last === undefined || stringWidth(joined) > width) lines.push(fact);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}
