/** A program at work without a verdict: `run` and `demo`. Loaded when asked for: it brings the broker and the tap. */
import type { DemoRequest } from './demo.js';
import type { PracticeRequest, PracticeSession, WorldMessage } from './practice.js';

export type { DemoRequest, PracticeRequest, PracticeSession, WorldMessage };

/** See `demo.ts`. */
export async function runDemo(request: DemoRequest): Promise<number | null> {
  return (await import('./demo.js')).runDemo(request);
}

/** See `practice.ts`. @throws ProgramUnavailable as `checkLesson` would tell it */
export async function practise(request: PracticeRequest): Promise<PracticeSession> {
  return (await import('./practice.js')).practise(request);
}
