import { relative } from 'node:path';
import { decisionLines } from '../../grading/decision-lines.js';
import type { ClassGrades, LearnerGrade } from '../../grading/index.js';
import { learnerText } from '../../grading/learner-text.js';
import { currentFolder } from '../invocation.js';
import { count, hang, printable } from '../render/layout.js';
import { type Style, separator } from '../render/style.js';

/** Lines of one kind that are shown; the report has them all. */
const SHOWN = 8;

export interface TellInput {
  readonly grades: ClassGrades;
  /** The table, as the exports draw it. */
  readonly table: readonly string[];
  /** Files written, relative to `out`. */
  readonly files: readonly string[];
  readonly out: string;
  /** What a person should know beside the grades. */
  readonly notices: readonly string[];
}

/** The end of a grading: the table, what a person has to look at, and where everything is. */
export function tellGrades(input: TellInput, style: Style): string[] {
  const { grades, files, out } = input;
  const looks = toLookAt(grades, input.notices);
  return [
    '',
    ...input.table,
    ...looks.flatMap(({ title, lines }) => [
      '',
      style.bold(title),
      ...lines
        .slice(0, SHOWN)
        .flatMap(line => hang('  ', '    ', printable(line).text, style.width)),
      ...(lines.length > SHOWN ? [`  and ${lines.length - SHOWN} more: see the report`] : []),
    ]),
    '',
    ...hang(
      '',
      '  ',
      `written to ${shownFolder(out)}: ${folded(files).join(separator(style))}`,
      style.width,
    ),
  ];
}

/** Whether somebody has to look before these grades are final. */
export function isOpen(grades: ClassGrades): boolean {
  return grades.unreadable.length > 0 || grades.learners.some(one => one.points === null);
}

function toLookAt(grades: ClassGrades, notices: readonly string[]) {
  const readable = new Set(grades.unreadable.map(one => one.submission));
  const unknown = grades.learners
    .filter(one => one.submission === undefined || !readable.has(one.submission))
    .flatMap(one => unknownOf(one));
  const called = new Map(grades.learners.map(one => [one.learner.id, learnerText(one.learner)]));
  const names = (ids: readonly string[]) =>
    ids.length > 0 ? [ids.map(id => called.get(id) ?? id).join(', ')] : [];
  const byHand = grades.learners.flatMap(({ learner, lessons }) =>
    lessons.flatMap(one =>
      decisionLines(one).map(line => `${learnerText(learner)}, ${one.lesson}: ${line}`),
    ),
  );
  const untouched = grades.lessons
    .filter(({ id }) =>
      grades.learners.every(
        one => one.lessons.find(lesson => lesson.lesson === id)?.status === 'missing',
      ),
    )
    .map(one => one.id);
  return [
    { title: 'Could not be told; a person has to look', lines: unknown },
    {
      title: 'Could not be read',
      lines: [
        ...grades.unreadable.map(one => `${whose(grades, one.submission)}: ${one.reason}`),
        ...unreadOf(grades),
      ],
    },
    { title: 'Decided by a person', lines: byHand },
    { title: 'Worth a look', lines: oddities(grades) },
    { title: 'On the roster, and nothing came', lines: names(grades.absent) },
    { title: 'Not on the roster', lines: names(grades.unexpected) },
    {
      title: 'Lessons that nobody handed in; --lessons leaves them out',
      lines: untouched.length < grades.lessons.length ? names(untouched) : [],
    },
    { title: 'Good to know', lines: [...notices] },
  ].filter(one => one.lines.length > 0);
}

/** A file or folder with the learner that it is from. */
function whose({ learners }: ClassGrades, submission: string): string {
  const one = learners.find(other => other.submission === submission);
  return one && one.learner.id !== submission
    ? `${learnerText(one.learner)}, ${submission}`
    : submission;
}

/** Lessons for which something came that is not known as the exercise. */
function unreadOf({ learners, unreadable }: ClassGrades): string[] {
  const whole = new Set(unreadable.map(one => one.submission));
  return learners
    .filter(one => one.submission === undefined || !whole.has(one.submission))
    .flatMap(({ learner, lessons }) => {
      const reasons = new Map<string, string[]>();
      for (const { lesson, unreadable: reason } of lessons) {
        if (reason !== undefined) reasons.set(reason, [...(reasons.get(reason) ?? []), lesson]);
      }
      return [...reasons].map(
        ([reason, ids]) =>
          `${learnerText(learner)}, ${ids.length > 3 ? count(ids.length, 'lesson') : ids.join(', ')}: ${reason}`,
      );
    });
}

function unknownOf({ learner, lessons }: LearnerGrade): string[] {
  const open = lessons.filter(one => one.points === null && one.unreadable === undefined);
  const reasons = new Map<string, string[]>();
  for (const one of open) {
    const reason = reasonOf(one);
    reasons.set(reason, [...(reasons.get(reason) ?? []), one.lesson]);
  }
  return [...reasons].map(
    ([reason, ids]) =>
      `${learnerText(learner)}, ${ids.length > 3 ? count(ids.length, 'lesson') : ids.join(', ')}: ${reason}`,
  );
}

/** What stands out, the rarest first: limits that programs ran into, refused files, the solution handed in. */
function oddities({ learners }: ClassGrades): string[] {
  const found = new Map<string, string[]>();
  for (const { learner, lessons } of learners) {
    for (const { lesson, notices } of lessons) {
      const where = `${learnerText(learner)} ${/^\d+/.exec(lesson)?.[0] ?? lesson}`;
      for (const notice of notices.filter(one => ODD.test(one))) {
        found.set(notice, [...(found.get(notice) ?? []), where]);
      }
    }
  }
  return [...found]
    .sort(([, a], [, b]) => a.length - b.length)
    .map(([notice, who]) => {
      const rest = who.length > WHO ? ` and ${who.length - WHO} more` : '';
      return `${notice}: ${who.slice(0, WHO).join(', ')}${rest}`;
    });
}

/** Learners named in one line. */
const WHO = 6;
const ODD = /^refused|^the program (?!is)|course's own solution/;

function reasonOf({ status, notices }: LearnerGrade['lessons'][number]): string {
  if (status === 'graded') return 'a line of its rubric waits for a person (overrides.csv)';
  const said = notices.find(one =>
    /^(could not be told|could not be read|not graded yet)/.test(one),
  );
  return said?.replace(/^could not be told: /, '') ?? 'a check could not tell';
}

/** `feedback/ (40 files)` for many files of one folder. */
function folded(files: readonly string[]): string[] {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const folder = file.includes('/') ? file.slice(0, file.indexOf('/') + 1) : file;
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders].map(([folder, inside]) =>
    folder.endsWith('/') ? `${folder} (${count(inside.length, 'file')})` : folder,
  );
}

/** A folder as the person would type it. */
export function shownFolder(folder: string): string {
  const near = relative(currentFolder(), folder);
  return near === '' ? '.' : near.startsWith('..') ? folder : near;
}
