import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  BUNDLE_SCHEMA,
  type Bundle,
  type PracticeSession,
  RESULT_SCHEMA,
  type Track,
} from '../../checker/index.js';
import { writeAtomic } from '../../course/atomic.js';
import { packageVersion } from '../../course/package-root.js';

/** The file with the packets of the last practice run of a lesson. `meta`: the `.mqtt-course/`. */
export function runFile(meta: string, lesson: string): string {
  return join(meta, 'last', `${lesson}.run.json`);
}

/** Keeps the packets of a practice run, in the shape of a check's, so that `trace` can draw them. */
export function keepRun(session: PracticeSession, track: Track | 'command', meta: string): void {
  const trace = session.tap.trace();
  const bundle: Bundle = {
    schema: BUNDLE_SCHEMA,
    result: {
      schema: RESULT_SCHEMA,
      lesson: session.lesson,
      track,
      status: 'unknown',
      seed: session.seed,
      broker: session.brokerKind,
      durationMs: Math.round(trace.entries.at(-1)?.t ?? 0),
      course: packageVersion(),
      checks: [],
      notice: 'a practice run, nothing is judged',
    },
    recordings: {
      run: {
        scenario: 'run',
        facts: session.env,
        trace,
        programs: [session.program.record()],
        stalls: [],
      },
    },
    files: [],
  };
  const file = runFile(meta, session.lesson);
  mkdirSync(dirname(file), { recursive: true });
  writeAtomic(file, `${JSON.stringify(bundle)}\n`);
}
