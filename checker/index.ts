export { type StoredBundle, sealBundle, type Versions, versionsOf } from './bundle.js';
export * from './check.js';
export { type CorpusProgram, corpus, type Role } from './corpus.js';
export { type DemoRequest, runDemo } from './demo.js';
export { hiddenTestFile, lessonChecks } from './engine.js';
export { offence, offendingPacket } from './fields.js';
export { type PracticeRequest, type PracticeSession, practise } from './practice.js';
export { kitFolder } from './program/prepare.js';
export { findPython, type Python } from './program/python.js';
export type {
  Guards,
  Launched,
  Launcher,
  LauncherRef,
  LaunchRequest,
  OpenLauncher,
} from './program/spec.js';
export {
  type Difference,
  NotABundle,
  parseBundle,
  type Replayed,
  replayBundle,
} from './replay.js';
export * from './result.js';
export {
  type Differing,
  type RoundsOutcome,
  type RoundsRequest,
  verifyRounds,
} from './rounds.js';
export { type CheckSession, openCheckSession } from './session.js';
export { type Proof, type VerifyOutcome, type VerifyRequest, verifyLessons } from './verify.js';
