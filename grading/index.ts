/** Grades a class: what was handed in, run in a sandbox, stored, put together, exported. */

export { inShard, newRunSeed, type Shard, saltOf, testsHash } from './cache-key.js';
export { buildClass, gradedLessons, isAbsent } from './class-grades.js';
export {
  type CourseFile,
  defaultCourseFile,
  exampleCourseFile,
  lessonsNamed,
  readCourseFile,
  unknownLearners,
} from './course-file.js';
export {
  DEFAULT_FORMATS,
  type ExportOptions,
  FORMATS,
  type Format,
  gradeTable,
  writeExports,
} from './exports/index.js';
export { type Move, type MovedCheck, type Moves, movesBetween } from './grade-changes.js';
export { type Merged, mergeFolders } from './merge.js';
export { isMeant } from './points.js';
export { type MustRun, type Regraded, regradeClass } from './regrade.js';
export { type Roster, readRoster } from './roster.js';
export type { GradeEvent } from './run/events.js';
export { type Graded, type GradeRequest, gradeClass } from './run/grade.js';
export type { Job, Outcome, Runner } from './run/job.js';
export { type Plan, planClass } from './run/plan.js';
export { openPool, type PoolOptions, workersHere } from './run/pool.js';
export { defaultLimits, openSandbox, probeIsolation } from './sandbox/index.js';
export * from './store.js';
export { listSubmissions, type SubmissionList } from './submissions/index.js';
export * from './types.js';
