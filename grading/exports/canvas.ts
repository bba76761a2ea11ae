/** Canvas: the instructor's exported gradebook with our columns filled in, ready to be imported again. */
import { UsageError } from '../../course/errors.js';
import type { ClassGrades } from '../types.js';
import { type RawTable, readRaw } from './csv.js';
import {
  type Column,
  type Filled,
  type FillOptions,
  fill,
  keyOf,
  type MatchRule,
  nameKey,
  type Target,
  TOTAL,
} from './fill.js';
import { cleanLine } from './text.js';

export interface CanvasOptions extends FillOptions {
  /**
   * Which column a lesson goes into, or the sum under `total`: the number of the assignment, its
   * exact title, or the whole head of the column. Without it, a lesson goes into the column that
   * has its id or title (also `Lesson 5` or `5`), and the sum into the one with the title of the
   * class.
   */
  readonly columns?: Readonly<Record<Target, string>>;
}

const SHAPE =
  'a Canvas gradebook begins with the columns Student, ID, … Section. Export it in Canvas: Grades, Export, Export Entire Gradebook';

/**
 * Fills an exported gradebook in. Every byte outside the cells that are written stays: other
 * columns, `Points Possible`, delimiter, byte order mark, line ends.
 * @throws UsageError when the file is no gradebook, or no column is for this class
 */
export function fillCanvas(
  grades: ClassGrades,
  gradebook: string,
  options: CanvasOptions = {},
): Filled {
  const table = readRaw(gradebook);
  const head = (table.rows[0]?.cells ?? []).map(cell => cell.value.trim());
  const at = (title: string) => head.findIndex(one => keyOf(one) === keyOf(title));
  const student = head.findIndex(one => /student/i.test(one));
  const [last, first] = [at('LastName'), at('FirstName')];
  const id = at('ID');
  const section = at('Section');
  if ((student < 0 && last < 0) || id < 0 || section < 0) throw new UsageError(SHAPE);
  const [sis, login] = [at('SIS User ID'), at('SIS Login ID')];
  const nameOf = (value: (column: number) => string) =>
    student >= 0 ? value(student).trim() : `${value(first)} ${value(last)}`.trim();

  const columns = columnsOf(grades, table, head, section, options);
  const rules: MatchRule[] = [
    { ofRow: value => keyOf(value(id)), ofLearner: one => [key(one.ids?.['canvas'])] },
    {
      ofRow: value => (sis < 0 ? '' : keyOf(value(sis))),
      ofLearner: one => [key(one.ids?.['sis']), key(one.ids?.['sis_user_id']), key(one.id)],
    },
    {
      ofRow: value => (login < 0 ? '' : keyOf(value(login))),
      ofLearner: one => [
        key(one.ids?.['login']),
        key(one.ids?.['sis_login_id']),
        key(one.id),
        key(one.email),
      ],
    },
    {
      ofRow: value => nameKey(nameOf(value)),
      ofLearner: one => [one.name === undefined ? undefined : nameKey(one.name)],
    },
  ];
  return fill(
    grades,
    {
      table,
      first: 1,
      isLearner: value => nameOf(value) !== '' && !isHeadRow(nameOf(value)),
      nameOf: value => cleanLine(nameOf(value)),
      rules,
      columns,
    },
    options,
  );
}

const key = (text: string | undefined) => (text === undefined ? undefined : keyOf(text));

/** Rows under the head that are no learner's; `Student, Test` is Canvas's test student. */
const isHeadRow = (name: string) =>
  /^(points possible|manual posting)$/i.test(name) || /^student, test$/i.test(name);

function columnsOf(
  grades: ClassGrades,
  table: RawTable,
  head: readonly string[],
  section: number,
  options: CanvasOptions,
): Column[] {
  const assignments = head
    .map((title, index) => ({ title, index, ...titleOf(title) }))
    .filter(({ index, title }) => index > section && title !== '' && !/\(read only\)/i.test(title));
  const possibleRow = table.rows.find(row =>
    /^\s*points possible\s*$/i.test(row.cells[0]?.value ?? ''),
  );
  const targets: Target[] = [...grades.lessons.map(one => one.id), TOTAL];
  for (const target of Object.keys(options.columns ?? {})) {
    if (!targets.includes(target))
      throw new UsageError(
        `there is no lesson ${target} in this class; it has ${targets.join(', ')}`,
      );
  }
  const columns = targets.flatMap(target => {
    const wanted = options.columns?.[target];
    const names = wanted === undefined ? defaultNames(grades, target) : [wanted];
    const found = assignments.filter(one =>
      names.some(name =>
        [one.title, one.bare, ...(wanted === undefined ? [] : [one.number])].some(
          it => it !== undefined && keyOf(it) === keyOf(name),
        ),
      ),
    );
    if (wanted !== undefined && found.length === 0)
      throw new UsageError(
        `the gradebook has no column ${JSON.stringify(wanted)}; its assignments are ${shown(assignments)}`,
      );
    if (found.length > 1)
      throw new UsageError(
        `${target} could go into ${shown(found)}; name the number of the assignment that is meant`,
      );
    return found.map(({ title, index }) => ({
      index,
      title,
      target,
      possible: () => number(possibleRow?.cells[index]?.value),
      cell: (points: number) => points,
      excused: 'EX',
      locked: (value: (column: number) => string) =>
        /^\s*ex\s*$/i.test(value(index)) ? 'excused in Canvas' : undefined,
    }));
  });
  const twice = columns.find((one, at) =>
    columns.some((it, i) => i < at && it.index === one.index),
  );
  if (twice) throw new UsageError(`two targets want the column ${JSON.stringify(twice.title)}`);
  if (columns.length === 0)
    throw new UsageError(
      `no column of the gradebook is for this class; its assignments are ${shown(assignments)}. Say which one is meant, such as total=12345`,
    );
  return columns;
}

function defaultNames(grades: ClassGrades, target: Target): string[] {
  if (target === TOTAL) return [grades.title, 'mqtt-course'];
  const title = grades.lessons.find(one => one.id === target)?.title ?? target;
  const number = Number(/^\d+/.exec(target)?.[0]);
  return [
    target,
    title,
    `Lesson ${number}`,
    `lesson-${number}`,
    `${number}. ${title}`,
    `Lesson ${number}: ${title}`,
  ];
}

/** `Wildcards (12345)`: the title and the number of the assignment. */
function titleOf(title: string): { readonly bare: string; readonly number?: string } {
  const [, bare, number] = /^(.*?)\s*\((\d+)\)$/s.exec(title) ?? [];
  return bare === undefined || number === undefined ? { bare: title } : { bare, number };
}

const shown = (assignments: readonly { readonly title: string }[]) =>
  assignments.length === 0
    ? 'none'
    : assignments.map(one => JSON.stringify(cleanLine(one.title))).join(', ');

function number(text: string | undefined): number | undefined {
  const value = Number.parseFloat((text ?? '').replace(',', '.'));
  return Number.isFinite(value) ? value : undefined;
}
