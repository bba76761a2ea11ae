import type { DemoRequest } from './practice/demo.js';
import type { PracticeRequest, PracticeSession, WorldMessage } from './practice/practice.js';
import type { Differing, RepeatOutcome, RepeatRequest } from './prove/repeat.js';
import type { VerifyOutcome, VerifyRequest } from './prove/verify.js';

export * from './check/check-program.js';
export { type CheckSession, checkLesson, expectCheck, openCheckSession } from './check/session.js';
export { hiddenTestFile, lessonChecks } from './check/test-host.js';
export * from './harness/result.js';
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
export type { CorpusProblem, CorpusProgram, Role } from './prove/corpus.js';
export type { Proof } from './prove/verify.js';
export { type StoredBundle, sealBundle, type Versions, versionsOf } from './replay/bundle.js';
export type {
  DemoRequest,
  Differing,
  PracticeRequest,
  PracticeSession,
  RepeatOutcome,
  RepeatRequest,
  VerifyOutcome,
  VerifyRequest,
  WorldMessage,
};

// A check needs none of these; they load the broker and the tap into this process.

/** See `demo.ts`. */
export async function runDemo(request: DemoRequest): Promise<number | null> {
  return (await import('./practice/demo.js')).runDemo(request);
}

/** See `practice.ts`. @throws ProgramUnavailable as `checkLesson` would tell it */
export async function practise(request: PracticeRequest): Promise<PracticeSession> {
  return (await import('./practice/practice.js')).practise(request);
}

/** See `verify.ts`. */
export async function verifyLessons(request: VerifyRequest): Promise<VerifyOutcome> {
  return (await import('./prove/verify.js')).verifyLessons(request);
}

/** See `rounds.ts`. */
export async function verifyRepeatedly(request: RepeatRequest): Promise<RepeatOutcome> {
  return (await import('./prove/repeat.js')).verifyRepeatedly(request);
}
