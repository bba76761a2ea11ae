/** Moodle: the downloaded grading worksheet filled in, and a file for the gradebook's CSV import. */

import { UsageError } from '../../course/errors.js';
import { decisionLines } from '../decision-lines.js';
import {
  commentLine,
  type FeedbackOptions,
  isTold,
  lateLines,
  lessonWords,
  pointsWords,
  rubricLines,
} from '../feedback/phrases.js';
import type { ClassGrades, LearnerGrade, LessonGrade } from '../types.js';
import { type CsvValue, csv, type RawTable, readRaw } from './csv.js';
import {
  countingPoints,
  type Filled,
  type FillOptions,
  fill,
  isDecided,
  keyOf,
  nameKey,
  type Target,
  TOTAL,
} from './fill.js';
import { cleanLine, html } from './text.js';

export interface MoodleOptions extends FillOptions, FeedbackOptions {
  /** The lesson whose points the worksheet takes, or `total`. Default: the only lesson, else the sum. */
  readonly target?: Target;
  /** Heads of columns, where neither the language nor the order of columns tells them. */
  readonly heads?: {
    readonly identifier?: string;
    readonly grade?: string;
    readonly feedback?: string;
  };
}

/** Heads of the worksheet as Moodle translates them. Where none is known, the order of columns tells. */
const HEADS = {
  identifier: [
    ...['identifier', 'id', 'identifiant', 'identificador', 'identificativo', 'identificatie'],
    ...['identyfikator', 'identifikátor', 'идентификатор', 'tunniste', 'identifierare'],
  ],
  grade: [
    ...['grade', 'bewertung', 'note', 'calificación', 'valutazione', 'nota', 'cijfer', 'ocena'],
    ...['známka', 'оценка', 'arvosana', 'betyg', 'karakter', '成绩', '評点', 'qualificació'],
  ],
  maximum: [
    ...[
      'maximum grade',
      'bestwertung',
      'note maximale',
      'calificación máxima',
      'valutazione massima',
    ],
    ...['nota máxima', 'maximumcijfer', 'maksymalna ocena', 'maximální známka'],
  ],
  changeable: [
    ...['grade can be changed', 'bewertung kann geändert werden', 'la note peut être modifiée'],
    ...['la calificación puede ser cambiada', 'la valutazione può essere modificata'],
    ...['a nota pode ser alterada', 'cijfer kan worden gewijzigd'],
  ],
  feedback: [
    ...['feedback comments', 'feedback als kommentar', 'commentaires de feedback'],
    ...['comentarios de retroalimentación', 'commenti', 'comentários', 'feedback opmerkingen'],
  ],
  email: ['email address', 'e-mail-adresse', 'adresse de courriel', 'dirección de correo', 'email'],
  name: [
    'full name',
    'vollständiger name',
    'nom complet',
    'nombre completo',
    'nome completo',
    'nome',
  ],
  number: ['id number', 'id-nummer', "numéro d'identification", 'número de id'],
} as const;

const NO = new Set(['no', 'nein', 'non', 'nee', 'nie', 'não', 'ne', 'нет', 'ei', 'nej', 'nei']);

/**
 * Fills a grading worksheet in: the grade, and feedback where the worksheet has the column. `Last
 * modified (grade)` stays as it is: Moodle compares it, so that a grade changed meanwhile is not lost.
 * @throws UsageError when the file is no worksheet
 */
export function fillMoodle(
  grades: ClassGrades,
  worksheet: string,
  options: MoodleOptions = {},
): Filled {
  const table = readRaw(worksheet);
  const at = headsOf(table, options);
  const [only, ...more] = grades.lessons;
  const target = options.target ?? (only && more.length === 0 ? only.id : TOTAL);
  if (target !== TOTAL && !grades.lessons.some(one => one.id === target))
    throw new UsageError(
      `there is no lesson ${target} in this class; it has ${grades.lessons.map(one => one.id).join(', ')}`,
    );
  const comma = table.rows
    .slice(1)
    .some(row => /^\s*\d+,\d+\s*$/.test(row.cells[at.maximum]?.value ?? ''));
  const title = table.rows[0]?.cells[at.grade]?.value ?? '';
  return fill(
    grades,
    {
      table,
      first: 1,
      isLearner: value => /\d/.test(value(at.identifier)),
      nameOf: value => cleanLine((at.name < 0 ? '' : value(at.name)) || value(at.identifier)),
      rules: [
        {
          ofRow: value => participant(value(at.identifier)),
          ofLearner: one => [participant(one.ids?.['moodle'] ?? '')],
        },
        {
          ofRow: value => (at.email < 0 ? '' : keyOf(value(at.email))),
          ofLearner: one => [one.email === undefined ? undefined : keyOf(one.email)],
        },
        {
          ofRow: value => (at.number < 0 ? '' : keyOf(value(at.number))),
          ofLearner: one => [keyOf(one.ids?.['number'] ?? one.id), keyOf(one.id)],
        },
        {
          ofRow: value => (at.name < 0 ? '' : nameKey(value(at.name))),
          ofLearner: one => [one.name === undefined ? undefined : nameKey(one.name)],
        },
      ],
      columns: [
        {
          index: at.grade,
          title,
          target,
          possible: value => {
            const most = Number.parseFloat(value(at.maximum).replace(',', '.'));
            return Number.isFinite(most) ? most : undefined;
          },
          cell: points => (comma ? String(points).replace('.', ',') : points),
          locked: value =>
            at.changeable >= 0 && NO.has(keyOf(value(at.changeable)))
              ? 'Moodle says that this grade cannot be changed'
              : undefined,
          ...(at.feedback < 0
            ? {}
            : {
                beside: {
                  index: at.feedback,
                  cell: (learner: LearnerGrade) => feedbackCell(learner, target, options),
                },
              }),
        },
      ],
    },
    options,
  );
}

/** `Participant 12345` in any language: the number. */
const participant = (text: string) => /(\d+)\s*$/.exec(text)?.[1] ?? '';

function headsOf(table: RawTable, { heads = {} }: MoodleOptions) {
  const titles = (table.rows[0]?.cells ?? []).map(cell => keyOf(cell.value));
  const find = (known: readonly string[], wanted?: string) =>
    wanted === undefined
      ? titles.findIndex(title => known.includes(title))
      : titles.indexOf(keyOf(wanted));
  // Moodle writes the identifier first, and the maximum right behind the grade, in every language.
  const named = find(HEADS.identifier, heads.identifier);
  const identifier = named < 0 && heads.identifier === undefined ? 0 : named;
  const known = find(HEADS.maximum);
  const grade = find(HEADS.grade, heads.grade);
  const maximum = known >= 0 ? known : grade + 1;
  const rows = table.rows.slice(1).filter(row => row.cells.length > 1);
  const looksRight = rows.some(row => /\D\d+\s*$/.test(row.cells[identifier]?.value ?? ''));
  const byMaximum = grade < 0 && known > 0 ? known - 1 : grade;
  if (identifier < 0 || byMaximum < 0 || !looksRight)
    throw new UsageError(
      `this is no grading worksheet of Moodle: no column ${identifier < 0 || !looksRight ? 'Identifier with “Participant 123” in it' : 'Grade'} was found among ${titles.map(one => JSON.stringify(cleanLine(one))).join(', ')}. Download it in the assignment: View all submissions, Download grading worksheet`,
    );
  return {
    identifier,
    grade: byMaximum,
    maximum,
    changeable: find(HEADS.changeable),
    feedback: find(HEADS.feedback, heads.feedback),
    email: find(HEADS.email),
    name: find(HEADS.name),
    number: find(HEADS.number),
  };
}

/** What Moodle shows under the grade. It takes HTML, so that is what it gets, with every text escaped. */
function feedbackCell(learner: LearnerGrade, target: Target, options: FeedbackOptions): string {
  const lessons = learner.lessons.filter(one => target === TOTAL || one.lesson === target);
  const late = lateLines({ ...learner, lessons }).map(line => `<p>${html(line)}</p>`);
  const comments = (learner.comments ?? []).map(one => `<p>${html(commentLine(one))}</p>`);
  return [...comments, ...late, ...lessons.map(lesson => lessonHtml(lesson, options))].join('');
}

function lessonHtml(lesson: LessonGrade, options: FeedbackOptions): string {
  const result = `${lessonWords(lesson).text}, ${pointsWords(lesson.points, lesson.max)} points`;
  const item = (label: string, text: string | undefined) =>
    text ? `<li><em>${label}</em> ${html(text).replaceAll('\n', '<br>')}</li>` : '';
  const failures = lesson.checks
    .filter(check => isTold(check, options))
    .map(check => {
      const parts = [
        item('Expected', check.expected),
        item('Seen', check.seen),
        item('Why', check.why),
        item('Try', check.try),
      ];
      return `<p>failed: ${html(check.title)}</p><ul>${parts.join('')}</ul>`;
    });
  const byHand = [
    ...decisionLines(lesson),
    ...rubricLines(lesson),
    ...(lesson.comments ?? []).map(commentLine),
  ];
  const said = byHand.map(line => `<p>${html(line)}</p>`).join('');
  return `<p><strong>${html(lesson.title)}</strong>: ${result}.</p>${said}${failures.join('')}`;
}

/**
 * A file for Moodle's gradebook (Grades, Import, CSV file): learners by email address and id number,
 * a column for each lesson and one for the sum; `-` where there is no grade, so never a zero that
 * nobody gave.
 */
export function moodleGradebook(grades: ClassGrades, options: FillOptions = {}): string {
  const head = ['Email address', 'ID number', ...grades.lessons.map(one => one.title), 'Total'];
  const rows = grades.learners.map((one): CsvValue[] => {
    const none = one.submission === undefined && options.absent !== 'zero';
    const cells = [...grades.lessons.map(({ id }) => id), TOTAL].map(target =>
      none && !isDecided(one, target) ? null : countingPoints(grades, one, target),
    );
    return [one.learner.email ?? null, one.learner.ids?.['number'] ?? one.learner.id, ...cells];
  });
  // A dash is Moodle's own word for no grade; it stands bare, since it is ours.
  const table = csv([head, ...rows]);
  return table
    .split('\r\n')
    .map((line, at) => (at === 0 || line === '' ? line : dashes(line, grades.lessons.length + 1)))
    .join('\r\n');
}

/** The last `number` cells of a line are numbers or nothing: what is nothing becomes a dash. */
function dashes(line: string, number: number): string {
  const cells = line.split(',');
  const from = cells.length - number;
  return cells.map((cell, at) => (at >= from && cell === '' ? '-' : cell)).join(',');
}
