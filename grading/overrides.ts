/** What a person decides over the checks: `overrides.csv`, applied last, with a reason and a name. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findLesson, UsageError } from '../course/index.js';
import { didYouMean } from './course-file-schema.js';
import { readTable } from './csv.js';
import { cleanLine } from './exports/text.js';
import type { GradedLesson } from './points.js';
import { sameNameKey, shown } from './submissions/paths.js';
import type { Learner } from './types.js';

/** One line of the file. */
export interface Override {
  /** Any id by which the class knows the learner. */
  readonly learner: string;
  /** Lesson id; only a comment may be about the whole. */
  readonly lesson?: string;
  /** A check of the lesson, or a line of its rubric; without it, the points of the whole lesson. */
  readonly check?: string;
  /** Undefined for a check that counts as passed, and for a comment alone. */
  readonly points?: number;
  readonly reason?: string;
  readonly who?: string;
  /** For the learner. */
  readonly comment?: string;
}

export const OVERRIDES_FILE = 'overrides.csv';
const COLUMNS = ['learner', 'lesson', 'check', 'points', 'reason', 'who', 'comment'] as const;

export interface OverrideContext {
  /** The whole class; undefined when only a part of it is known here. */
  readonly learners?: readonly Learner[];
  readonly lessons: readonly GradedLesson[];
}

/**
 * Reads the decisions of a person.
 * @throws UsageError naming the file, the line, and what would be right
 */
export async function readOverrides(file: string, context: OverrideContext): Promise<Override[]> {
  const { header, rows } = await readTable(file);
  const names = header.map(one => one.trim().toLowerCase());
  const wrong = names.find(one => !COLUMNS.some(known => known === one));
  if (wrong !== undefined || !names.includes('learner')) {
    const what = wrong === undefined ? 'no column learner' : `a column ${shown(wrong)}`;
    throw new UsageError(
      `${file}:1: there is ${what}. Its columns are ${COLUMNS.join(', ')}, in any order.`,
    );
  }
  const made: Override[] = [];
  const seen = new Map<string, number>();
  for (const { cells, line } of rows) {
    const cell = (name: (typeof COLUMNS)[number]) =>
      cleanLine(cells[names.indexOf(name)] ?? '').trim();
    const fail = (what: string): never => {
      throw new UsageError(`${file}:${line}: ${what}.`);
    };
    const one = overrideOf(cell, context, fail);
    if (!one) continue;
    if (one.points !== undefined || one.reason !== undefined) {
      const key = sameNameKey(`${one.learner}\n${one.lesson ?? ''}\n${one.check ?? ''}`);
      const before = seen.get(key);
      if (before !== undefined) fail(`${one.learner} has this already, in line ${before}`);
      seen.set(key, line);
    }
    made.push(one);
  }
  return made;
}

function overrideOf(
  cell: (name: (typeof COLUMNS)[number]) => string,
  { learners, lessons }: OverrideContext,
  fail: (what: string) => never,
): Override | undefined {
  const learner = cell('learner');
  const [check, points, reason, who, comment] = [
    cell('check'),
    cell('points'),
    cell('reason'),
    cell('who'),
    cell('comment'),
  ];
  if (learner === '') return fail('no learner is named');
  if (learners && !learners.some(one => isMeant(learner, one))) {
    const near = didYouMean(
      learner,
      learners.map(one => one.id),
    );
    return fail(`${learner} is not in this class${near}`);
  }
  const decides = check !== '' || points !== '';
  if (!decides && comment === '') return fail('neither points nor a comment is given');
  const lesson = lessonOf(cell('lesson'), fail);
  const all = lessons.find(one => one.id === lesson);
  if (lesson === undefined && decides) return fail('no lesson is named');
  // Of a lesson that is not graded now: it waits.
  if (lesson !== undefined && !all) return undefined;
  const ids = all
    ? [...all.checks.map(one => one.id), ...(all.rubric ?? []).map(one => one.id)]
    : [];
  const known = ids.find(one => one.toLowerCase() === check.toLowerCase());
  if (check !== '' && known === undefined) {
    return fail(
      `${check} is not a check of ${lesson}${didYouMean(check, ids)} It has ${ids.join(', ')}`,
    );
  }
  const value = points === '' ? undefined : Number(points.replace(',', '.'));
  if (value !== undefined && !(value >= 0 && value <= 1_000_000)) {
    return fail(`${points} is not a number of points`);
  }
  if (value === undefined && all?.rubric?.some(one => one.id === known)) {
    return fail(`${known} is judged by a person: give the points`);
  }
  if (decides && (reason === '' || who === '')) {
    return fail(`a change of points needs a reason, and who decided it`);
  }
  return {
    learner,
    ...(lesson === undefined ? {} : { lesson }),
    ...(known === undefined ? {} : { check: known }),
    ...(value === undefined ? {} : { points: value }),
    ...(decides ? { reason, who } : who === '' ? {} : { who }),
    ...(comment === '' ? {} : { comment }),
  };
}

function lessonOf(name: string, fail: (what: string) => never): string | undefined {
  if (name === '') return undefined;
  try {
    return findLesson(name).id;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return fail(error.message.replace(/ List them:.*$/s, '').replace(/\.$/, ''));
  }
}

/** Whether a file of the instructor's that names `who` means this learner: by any id or the address. */
export function isMeant(who: string, learner: Learner): boolean {
  const wanted = sameNameKey(who.trim());
  const names = [learner.id, learner.email, ...Object.values(learner.ids ?? {})];
  return names.some(name => name !== undefined && sameNameKey(name) === wanted);
}

/** The decisions that stay with a folder of results, whatever is graded again. */
export async function storedOverrides(
  folder: string,
  context: OverrideContext,
): Promise<readonly Override[]> {
  const file = join(folder, OVERRIDES_FILE);
  return existsSync(file) ? readOverrides(file, context) : [];
}

/** Puts a file of decisions to the results: from then on it counts for them. */
export function keepOverrides(file: string, folder: string): void {
  const to = join(folder, OVERRIDES_FILE);
  if (resolve(file) === resolve(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(file, to);
}
