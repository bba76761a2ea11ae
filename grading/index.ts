/**
 * Grades a class: what was handed in, run in a sandbox, stored, put together, exported. Whoever needs
 * the grader enters here; `handout/` and `similar/`, which need little of it, have faces of their own.
 */

export { testsHash } from './cache-key.js';
export { buildClass, isAbsent } from './class-grades.js';
export {
  type CourseFile,
  defaultCourseFile,
  exampleCourseFile,
  lessonsNamed,
  readCourseFile,
  unknownLearners,
} from './course-file.js';
export {
  autograderZip,
  DEFAULT_FORMATS,
  type ExportOptions,
  FORMATS,
  type Format,
  gradeTable,
  writeExports,
} from './exports/index.js';
export {
  type ChangedVerdict,
  type GradeChange,
  type GradeChanges,
  gradeChanges,
} from './grade-changes.js';
export { gradedLessons } from './graded-lesson.js';
export { type Merged, mergeFolders } from './merge.js';
export { isMeant } from './points.js';
export { openPseudonyms } from './pseudonyms.js';
export { type MustRun, type Regraded, regradeClass } from './regrade.js';
export { type Roster, readRoster } from './roster.js';
export { enginesHere } from './run/admission.js';
export { type EnginesOptions, openEngines } from './run/engines.js';
export type { GradeEvent } from './run/events.js';
export { type Graded, type GradeRequest, gradeClass } from './run/grade.js';
export type { Job, JobRunner, Outcome } from './run/job.js';
export { type ClassPlan, planClass } from './run/plan.js';
export { openPool, type PoolOptions } from './run/pool.js';
export { defaultLimits, openSandbox, probeIsolation, sealContainer } from './sandbox/index.js';
export { newRunSeed, saltOf } from './seeds.js';
export { inShard, type Shard } from './shard.js';
export * from './store.js';
export { listSubmissions, type SubmissionList } from './submissions/index.js';
export * from './types.js';
