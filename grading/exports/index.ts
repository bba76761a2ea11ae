/** Everything that leaves the grader: tables, feedback, reports, and the files of other platforms. */
export { autograderZip, gradescopeAutograder } from './autograder.js';
export { gradeTable, type ScreenOptions } from './screen.js';
export {
  DEFAULT_FORMATS,
  type ExportOptions,
  FORMATS,
  type Format,
  writeExports,
} from './write.js';
