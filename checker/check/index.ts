/** Checks one program on the wire: sessions, Vitest as the host of the hidden tests, its workers. */
export * from './check-program.js';
export type { EngineLoad } from './program-stream.js';
export {
  type CheckSession,
  checkLesson,
  expectCheck,
  openCheckSession,
  openSharedSession,
} from './session.js';
export { type CheckFacts, hiddenTestFile, lessonChecks, loadLesson } from './test-host.js';
