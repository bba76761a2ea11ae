/** Everything that leaves the grader: tables, feedback, reports, and the files of other platforms. */
export { autograderZip, gradescopeAutograder } from './autograder.js';
export { DEFAULT_FORMATS, FORMATS, type Format } from './formats.js';
export { gradeTable, type ScreenOptions } from './screen.js';
export { type ExportOptions, writeExports } from './write.js';
