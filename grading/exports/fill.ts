/** Filling in a file that the instructor brought: only our cells change, everything else keeps its bytes. */
import { decimal, proportion, rounded } from '../decimal.js';
import type { ClassGrades, Learner, LearnerGrade } from '../types.js';
import { type CsvValue, type RawTable, rawCell, renderRaw } from './csv.js';
import { count, points } from './text.js';

/** What goes into a column: the id of a lesson, or the sum of all. */
export type Target = string;
export const TOTAL: Target = 'total';

/** A cell, row or learner that was not filled, and why. */
export interface Left {
  readonly who: string;
  /** The lesson or `total`; absent when it is about the whole row. */
  readonly target?: Target;
  readonly why: string;
}

export interface Filled {
  readonly text: string;
  /** Which column was filled with what. */
  readonly columns: readonly { readonly column: string; readonly target: Target }[];
  /** Number of cells that were written. */
  readonly cells: number;
  readonly left: readonly Left[];
  /** What the instructor should know beside that. */
  readonly notes: readonly string[];
}

export interface FillOptions {
  /**
   * What to do for learners from whom nothing came at all: `leave` their cells as they are (they may
   * be excused, or in another section), or write `zero`. Default `leave`.
   */
  readonly absent?: 'leave' | 'zero';
  /** Scales points to what the platform says is possible. Default: points as they are. */
  readonly scale?: boolean;
}

export interface Score {
  readonly points: number | null;
  readonly max: number;
  /** It does not count for this learner. */
  readonly excused: boolean;
  /** Of a sum: lessons that are not in it, and what it was before it was put on the class's scale. */
  readonly without?: {
    readonly lessons: readonly string[];
    readonly points: number;
    readonly max: number;
  };
}

/**
 * Points and maximum for a column. The sum of who is excused from a lesson is put on the scale of the
 * class: 8 of 10 that count are 16 of 20, not 8 of 20.
 */
export function scoreOf(
  grades: ClassGrades,
  learner: LearnerGrade,
  target: Target,
): Score | undefined {
  const { points, max, lessons } = learner;
  if (target === TOTAL) {
    const without = lessons.filter(one => one.excused).map(one => one.lesson);
    const full = maxOf(grades, TOTAL);
    if (lessons.length > 0 && without.length === lessons.length) {
      return { points, max, excused: true };
    }
    if (without.length === 0 || points === null || max <= 0 || max >= full) {
      return { points, max, excused: false };
    }
    return {
      points: proportion(points, full, max),
      max: full,
      excused: false,
      without: { lessons: without, points, max },
    };
  }
  const lesson = lessons.find(one => one.lesson === target);
  return lesson && { points: lesson.points, max: lesson.max, excused: lesson.excused ?? false };
}

/** Points that count; null for what could not be told, and for what the learner is excused from. */
export function countingPoints(
  grades: ClassGrades,
  learner: LearnerGrade,
  target: Target,
): number | null {
  const score = scoreOf(grades, learner, target);
  return score && !score.excused ? score.points : null;
}

export function maxOf(grades: ClassGrades, target: Target): number {
  if (target === TOTAL) {
    return rounded(grades.lessons.reduce((sum, one) => sum.plus(one.max), decimal(0))).toNumber();
  }
  return grades.lessons.find(one => one.id === target)?.max ?? 0;
}

/** A key of a learner, by which a row can be found: alike whatever the case and spaces. */
export const keyOf = (text: string) =>
  text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();

/** `Novák, Petr` and `Petr Novák` are one name. */
export function nameKey(text: string): string {
  const [last, first, ...more] = text.split(',');
  return keyOf(first === undefined || more.length > 0 ? text : `${first} ${last}`);
}

/** How rows find their learner: in this order, the first column that has an answer decides. */
export interface MatchRule {
  /** The text in a row that this rule goes by; empty when the row has none. */
  readonly ofRow: (value: (column: number) => string) => string;
  readonly ofLearner: (learner: Learner) => readonly (string | undefined)[];
}

/**
 * Finds the learner of each row.
 * @returns a function from row to learner, `undefined` for nobody, or `ambiguous` where two learners share what the row goes by
 */
export function matcher(
  learners: readonly LearnerGrade[],
  rules: readonly MatchRule[],
): (value: (column: number) => string) => LearnerGrade | 'ambiguous' | undefined {
  const indexes = rules.map(rule => {
    const index = new Map<string, LearnerGrade | 'ambiguous'>();
    for (const one of learners) {
      const keys = rule.ofLearner(one.learner).filter(key => key !== undefined && key !== '');
      for (const key of new Set(keys)) {
        if (key !== undefined) index.set(key, index.has(key) ? 'ambiguous' : one);
      }
    }
    return index;
  });
  return value => {
    for (const [at, rule] of rules.entries()) {
      const key = rule.ofRow(value);
      const found = key === '' ? undefined : indexes[at]?.get(key);
      if (found) return found;
    }
    return undefined;
  };
}

/** Where things stand in the instructor's file. */
export interface GradebookLayout {
  readonly table: RawTable;
  /** Index of the first row that may be a learner's. */
  readonly first: number;
  readonly isLearner: (value: (column: number) => string) => boolean;
  /** How a row is called in what is left. */
  readonly nameOf: (value: (column: number) => string) => string;
  readonly rules: readonly MatchRule[];
  readonly columns: readonly Column[];
}

export interface Column {
  readonly index: number;
  readonly title: string;
  readonly target: Target;
  /** What the platform takes as the most; undefined when the file does not say. */
  readonly possible?: (value: (column: number) => string) => number | undefined;
  readonly cell: (points: number) => CsvValue;
  /** What says there that the lesson does not count; without it the cell stays as it is. */
  readonly excused?: CsvValue;
  /** Why this cell must stay as it is: it is locked or excused. */
  readonly locked?: (value: (column: number) => string) => string | undefined;
  /** A second cell that goes with it: a comment. */
  readonly beside?: { readonly index: number; readonly cell: (learner: LearnerGrade) => CsvValue };
}

const EXCUSED = 'excused in the course file, where this platform has no word for it';

/** Fills our cells in. The table that comes back differs from what was brought in nothing else. */
export function fill(
  grades: ClassGrades,
  layout: GradebookLayout,
  options: FillOptions = {},
): Filled {
  const { table } = layout;
  const find = matcher(grades.learners, layout.rules);
  const left: Left[] = [];
  const reached = new Set<string>();
  const oddMax = new Map<string, string>();
  const partly: string[] = [];
  let cells = 0;
  const rows = table.rows.map((row, at) => {
    const value = (column: number) => row.cells[column]?.value ?? '';
    if (at < layout.first || !layout.isLearner(value)) return row;
    const who = layout.nameOf(value);
    const learner = find(value);
    if (learner === 'ambiguous') {
      left.push({ who, why: 'two learners of this class could be meant' });
      return row;
    }
    if (!learner) {
      left.push({ who, why: 'in the file, and not in this class' });
      return row;
    }
    if (reached.has(learner.learner.id)) {
      left.push({ who, why: 'a second row for the same learner' });
      return row;
    }
    reached.add(learner.learner.id);
    const absent = learner.submission === undefined && options.absent !== 'zero';
    if (absent && !isDecided(learner, TOTAL)) {
      left.push({ who, why: 'nothing came from this learner' });
    }
    const changed = [...row.cells];
    const put = (index: number, cell: CsvValue) => {
      while (changed.length <= index) changed.push({ raw: '', value: '' });
      changed[index] = rawCell(cell, table);
    };
    for (const column of layout.columns) {
      const { target } = column;
      const score = scoreOf(grades, learner, target);
      if (absent && !score?.excused && !isDecided(learner, target)) continue;
      const reason =
        column.locked?.(value) ??
        (score?.excused && column.excused === undefined ? EXCUSED : undefined) ??
        (!score || score.points === null ? 'could not be told; a person has to look' : undefined);
      if (reason !== undefined || !score || score.points === null) {
        left.push({ who, target, why: reason ?? '' });
        continue;
      }
      if (score.excused && column.excused !== undefined) {
        put(column.index, column.excused);
        cells++;
        continue;
      }
      const possible = column.possible?.(value);
      if (possible !== undefined && Math.abs(possible - score.max) > 0.005) {
        oddMax.set(column.title, oddWords(column.title, possible, score.max, options));
      }
      if (score.without) partly.push(partlyWords(who, score));
      put(column.index, column.cell(scaled(score.points, score.max, possible, options)));
      cells++;
      if (column.beside) put(column.beside.index, column.beside.cell(learner));
    }
    return { ...row, cells: changed };
  });
  const missing = grades.learners
    .filter(one => !reached.has(one.learner.id))
    .map(({ learner }) => ({ who: learner.id, why: 'in this class, and not in the file' }));
  return {
    text: renderRaw({ ...table, rows }),
    columns: layout.columns.map(({ title, target }) => ({ column: title, target })),
    cells,
    left: [...left, ...missing],
    notes: [...oddMax.values(), ...partly],
  };
}

/** Whether a person gave points: then a cell is filled, whatever came or did not. */
export function isDecided({ lessons }: LearnerGrade, target: Target): boolean {
  return lessons.some(
    one => (target === TOTAL || one.lesson === target) && (one.overrides ?? []).length > 0,
  );
}

function partlyWords(who: string, { points: earned, max, without }: Score): string {
  return `${who}: excused from ${without?.lessons.join(', ')}, so ${points(without?.points ?? 0)} of ${points(without?.max ?? 0)} count as ${points(earned ?? 0)} of ${points(max)}`;
}

function scaled(
  earned: number,
  max: number,
  possible: number | undefined,
  { scale }: FillOptions,
): number {
  return scale && possible !== undefined && max > 0 ? proportion(earned, possible, max) : earned;
}

function oddWords(title: string, possible: number, max: number, { scale }: FillOptions): string {
  const differ = `${title}: ${points(possible)} points are possible there, ${points(max)} here`;
  return scale
    ? `${differ}; the points were scaled`
    : `${differ}; the points were written as they are, not scaled`;
}

/** What was filled and what was not, as lines of text to go with the file. */
export function filledWords(file: string, filled: Filled): string[] {
  const { columns, cells, left, notes } = filled;
  const put = columns.map(({ column, target }) => `  ${target} -> ${column}`);
  return [
    `${file}: ${count(cells, 'cell')} filled`,
    ...put,
    ...notes.map(note => `note: ${note}`),
    ...(left.length > 0 ? ['', 'Left as it was:'] : []),
    ...left.map(({ who, target, why }) => `  ${who}${target ? `, ${target}` : ''}: ${why}`),
  ];
}
