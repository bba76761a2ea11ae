/** Everything of an export that can be wrong before a program runs. */
import { readFileSync } from 'node:fs';
import { buildClass } from '../class-grades.js';
import type { CourseFile } from '../course-file.js';
import { gradedLessons } from '../graded-lesson.js';
import { openPseudonyms } from '../pseudonyms.js';
import { type Member, RUN_SCHEMA } from '../store.js';
import { fillCanvas } from './canvas.js';
import { fillMoodle } from './moodle.js';
import type { ExportOptions } from './write.js';

export interface Rehearsal {
  readonly members: readonly Member[];
  readonly lessons: readonly string[];
  readonly courseFile: CourseFile;
  readonly exports: ExportOptions;
}

/**
 * Fills the instructor's own files in for a class without grades, and throws that away: a column that
 * is not there is said now, not after an hour.
 * @throws UsageError
 */
export async function rehearse({
  members,
  lessons,
  courseFile,
  exports,
}: Rehearsal): Promise<void> {
  const run = {
    ...{
      schema: RUN_SCHEMA as typeof RUN_SCHEMA,
      course: '',
      tests: '',
      seed: '',
      isolation: 'process' as const,
    },
    ...{ unexpected: [], unreadable: [], notices: [] },
    lessons,
    members,
  };
  const grades = buildClass({
    run,
    records: [],
    lessons: await gradedLessons(lessons),
    courseFile,
  });
  const { canvas, moodle, moodleTarget, pseudonyms } = exports;
  const text = (path: string) => readFileSync(path, 'utf8');
  if (canvas !== undefined) fillCanvas(grades, text(canvas), exports);
  if (moodle !== undefined) {
    fillMoodle(grades, text(moodle), {
      ...exports,
      ...(moodleTarget === undefined ? {} : { target: moodleTarget }),
    });
  }
  if (pseudonyms !== undefined) openPseudonyms(pseudonyms);
}
