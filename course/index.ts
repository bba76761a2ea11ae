/** The course as data: lessons, exercises, the learner's workspace, progress. No terminal here. */
export * from './catalogue.js';
export * from './contract.js';
export * from './errors.js';
export * from './files.js';
export { DEFAULT_FOLDER, findWorkspace, META, requireWorkspace, type Workspace } from './find.js';
export { type Due, dueText, HANDOUT_SCHEMA, type Handout, handout, lessonDue } from './handout.js';
export * from './lesson.js';
export { PACKAGE_NAME, packageRoot, packageVersion } from './package-root.js';
export * from './progress.js';
export { type Delivered, deliveredFiles } from './refresh.js';
export { planReset, type ResetDone, type ResetPlan, resetLesson } from './reset.js';
export {
  emptyState,
  type LessonProgress,
  readState,
  type State,
  type Status,
  updateState,
} from './state.js';
export * from './track.js';
export * from './workspace.js';
