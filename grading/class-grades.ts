import { NOTHING } from './cache-key.js';
import type { CourseFile } from './course-file.js';
import { cents as centsOf } from './decimal.js';
import { isMeant, type Override } from './overrides.js';
import { checkPoints, type GradedLesson, gradeLearner, gradeLesson, rubricOf } from './points.js';
import type { Member, Run, StoredRecord } from './store.js';
import {
  type ClassGrades,
  GRADE_SCHEMA,
  type GradeRecord,
  type GradeStatus,
  type Isolation,
  type LessonGrade,
} from './types.js';

export interface ClassInput {
  readonly run: Run;
  readonly records: readonly Pick<StoredRecord, 'record'>[];
  readonly lessons: readonly GradedLesson[];
  readonly courseFile: CourseFile;
  /** Decisions of a person, applied last. */
  readonly overrides?: readonly Override[];
}

/**
 * The grades of a class from its stored records: nothing is run, so points and deadlines can be
 * changed afterwards. The same inputs give the same value.
 */
export function buildClass({
  run,
  records,
  lessons,
  courseFile,
  overrides = [],
}: ClassInput): ClassGrades {
  const byKey = new Map(
    records.map(({ record }) => [`${record.learner}\n${record.lesson}`, record]),
  );
  const isolation = new Set<Isolation>();
  const learners = run.members.map(member => {
    const grades = lessons.map((lesson, at) => {
      const stored = byKey.get(`${member.learner.id}\n${lesson.id}`);
      const record = recordFor(member, lesson.id, stored, run);
      if (record === stored && record.track !== null) isolation.add(record.inputs.isolation);
      const grade = gradeLesson(told(record), lesson, courseFile, member, overrides);
      return at === 0 ? withNotices(grade, member.notices) : grade;
    });
    const comments = overrides.flatMap(({ learner, lesson, comment, who }) =>
      lesson === undefined && comment !== undefined && isMeant(learner, member.learner)
        ? [{ text: comment, ...(who ? { who } : {}) }]
        : [],
    );
    return { ...gradeLearner(member, grades), ...(comments.length > 0 ? { comments } : {}) };
  });
  const absent = run.members.filter(one => isAbsent(one)).map(one => one.learner.id);
  const unreadable = [
    ...run.unreadable,
    ...run.members.flatMap(({ submission, unreadable: reason }) =>
      reason !== undefined && submission !== undefined ? [{ submission, reason }] : [],
    ),
  ];
  return {
    schema: 'mqtt-course/class/1',
    title: courseFile.title,
    course: run.course,
    tests: run.tests,
    isolation: [...isolation].sort(),
    lessons: lessons.map(lesson => {
      const points = checkPoints(lesson, courseFile);
      const checks = lesson.checks.map(({ id, title, clauses }) => ({
        id,
        title,
        clauses,
        max: points.get(id) ?? 0,
      }));
      const lines = rubricOf(lesson, courseFile);
      const cents =
        checks.reduce((sum, one) => sum + centsOf(one.max), 0) +
        lines.reduce((sum, one) => sum + centsOf(one.points), 0);
      return { id: lesson.id, title: lesson.title, max: cents / 100, checks };
    }),
    learners,
    absent,
    unexpected: [...run.unexpected].sort(),
    unreadable: unreadable.sort((a, b) => (a.submission < b.submission ? -1 : 1)),
  };
}

/** On the roster, and nothing came. */
export function isAbsent({ submission, unreadable }: Member): boolean {
  return submission === undefined && unreadable === undefined;
}

/** The stored record, or one that says why there is none. */
function recordFor(
  member: Member,
  lesson: string,
  stored: GradeRecord | undefined,
  run: Run,
): GradeRecord {
  const { unreadable } = member;
  if (stored && unreadable === undefined && !isAbsent(member)) return stored;
  const made = (
    status: GradeStatus,
    notices: readonly string[],
    problem?: string,
  ): GradeRecord => ({
    schema: GRADE_SCHEMA,
    key: '',
    learner: member.learner.id,
    lesson,
    track: null,
    status,
    checks: [],
    inputs: {
      submission: NOTHING,
      tests: run.tests,
      seed: '',
      limits: NO_LIMITS,
      isolation: run.isolation,
      course: run.course,
      runtime: '',
    },
    attempts: 0,
    notices,
    ...(problem === undefined ? {} : { unreadable: problem }),
  });
  if (unreadable !== undefined) {
    return made('unknown', [`could not be read: ${unreadable}`], unreadable);
  }
  return isAbsent(member) ? made('missing', []) : made('unknown', ['not graded yet']);
}

const NO_LIMITS = {
  memoryMiB: 0,
  processes: 0,
  fileMiB: 0,
  cpuSeconds: 0,
  wallSeconds: 0,
  connections: 0,
  packetBytes: 0,
  retainedBytes: 0,
  queuedMessages: 0,
};

/**
 * Where checks were judged, the points say whether what is open matters: a check without points may
 * stay open.
 */
function told(record: GradeRecord): GradeRecord {
  const judged = record.status === 'unknown' && record.checks.length > 0;
  return judged ? { ...record, status: 'graded' } : record;
}

/** What is to be known of the submission as a whole stands at its first lesson. */
function withNotices(grade: LessonGrade, notices: readonly string[]): LessonGrade {
  return notices.length === 0 ? grade : { ...grade, notices: [...notices, ...grade.notices] };
}
