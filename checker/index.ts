export * from './check.js';
export { type CorpusProgram, corpus, type Role } from './corpus.js';
export { type DemoRequest, runDemo } from './demo.js';
export { hiddenTestFile, lessonChecks } from './engine.js';
export {
  PRACTICE_LANES,
  type PracticeRequest,
  type PracticeSession,
  practise,
  type WorldMessage,
} from './practice.js';
export { findPython, type Python } from './program/python.js';
export * from './result.js';
export {
  type Differing,
  type RoundsOutcome,
  type RoundsRequest,
  verifyRounds,
} from './rounds.js';
export { type CheckSession, openCheckSession } from './session.js';
export { type Proof, type VerifyOutcome, type VerifyRequest, verifyLessons } from './verify.js';
