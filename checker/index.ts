import type { DemoRequest } from './demo.js';
import type { PracticeRequest, PracticeSession, WorldMessage } from './practice.js';
import type { Differing, RoundsOutcome, RoundsRequest } from './rounds.js';
import type { VerifyOutcome, VerifyRequest } from './verify.js';

export { type StoredBundle, sealBundle, type Versions, versionsOf } from './bundle.js';
export * from './check.js';
export { type CorpusProgram, corpus, type Role } from './corpus.js';
export { hiddenTestFile, lessonChecks } from './engine.js';
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
export * from './result.js';
export { type CheckSession, checkLesson, expectCheck, openCheckSession } from './session.js';
export type { Proof } from './verify.js';
export type {
  DemoRequest,
  Differing,
  PracticeRequest,
  PracticeSession,
  RoundsOutcome,
  RoundsRequest,
  VerifyOutcome,
  VerifyRequest,
  WorldMessage,
};

// A check needs none of these; they load the broker and the tap into this process.

/** See `demo.ts`. */
export async function runDemo(request: DemoRequest): Promise<number | null> {
  return (await import('./demo.js')).runDemo(request);
}

/** See `practice.ts`. @throws ProgramUnavailable as `checkLesson` would tell it */
export async function practise(request: PracticeRequest): Promise<PracticeSession> {
  return (await import('./practice.js')).practise(request);
}

/** See `verify.ts`. */
export async function verifyLessons(request: VerifyRequest): Promise<VerifyOutcome> {
  return (await import('./verify.js')).verifyLessons(request);
}

/** See `rounds.ts`. */
export async function verifyRounds(request: RoundsRequest): Promise<RoundsOutcome> {
  return (await import('./rounds.js')).verifyRounds(request);
}
