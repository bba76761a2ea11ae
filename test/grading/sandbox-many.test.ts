import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPython, type Track } from '../../checker/index.js';
import { type CorpusProgram, corpus, layOut } from '../../checker/prove/corpus.js';
import { prove } from '../../checker/prove/expectation.js';
import { packageRoot } from '../../course/package-root.js';
import type { Job, JobRunner, Outcome } from '../../grading/index.js';
import { probeIsolation } from '../../grading/sandbox/index.js';

/*
 * Many programs in one engine at once, on a machine that others keep busy: each verdict is the one
 * that the program gets alone. Admission is told that there is always room, so that far more runs at
 * once than in a grading.
 */

type Proven = Parameters<typeof prove>[1];

const built = join(packageRoot(), 'dist', 'grading', 'index.js');
const { tier, reason } = await probeIsolation();
if (tier !== 'bwrap') console.warn(`skipped: ${reason}`);
const tracks: readonly Track[] = (await findPython())?.paho
  ? ['typescript', 'python']
  : ['typescript'];

/** Lessons whose checks rest on absence, on protocol timers, or on many messages. */
const LESSONS = ['01-first-connection', '02-publish-a-reading', '05-wildcards', '09-last-will'];

/** A thread for each of 300 readings: in the sandbox it runs into the limit, and fails by that. */
const OVER_A_LIMIT = 'mutant/background-publish';

const programs = LESSONS.flatMap(lesson =>
  tracks.flatMap(track => {
    const all = corpus(lesson, track);
    const of = (role: CorpusProgram['role']) =>
      all.filter(one => one.role === role && one.name !== OVER_A_LIMIT);
    return [...of('solution'), ...of('variant').slice(0, 1), ...of('mutant').slice(0, 2)];
  }),
);

describe.skipIf(tier !== 'bwrap')('many at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-many-'));
  const busy: ChildProcess[] = [];
  const outcomes = new Map<CorpusProgram, Promise<Outcome | undefined>>();
  let runner: JobRunner;

  async function judged(one: CorpusProgram): Promise<Outcome | undefined> {
    const laid = await layOut(one);
    const job: Job = {
      lesson: one.lesson,
      track: one.track,
      folder: join(laid.path, '..'),
      entry: laid.path,
      seed: 'many',
      waits: false,
      wallSeconds: 200,
    };
    try {
      const outcome = await runner.run(job, () => true);
      // As in a grading: what could not be told is asked once more.
      return outcome?.type === 'judged' && outcome.result.status === 'unknown'
        ? await runner.run(job, () => true)
        : outcome;
    } finally {
      await laid.dispose();
    }
  }

  beforeAll(async () => {
    const grading = (await import(
      pathToFileURL(built).href
    )) as typeof import('../../grading/index.js');
    runner = grading.openEngines({
      engines: 1,
      machine: () => ({ idle: 1, freeMiB: 8000 }),
      sandbox: () =>
        grading.openSandbox({
          tier: 'bwrap',
          limits: grading.defaultLimits,
          tmp: folder,
          salt: 'many',
        }),
    });
    for (const one of programs) outcomes.set(one, judged(one));
    busy.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  });
  afterAll(async () => {
    for (const one of busy) one.kill('SIGKILL');
    await runner.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(programs.map(one => ({ one, title: `${one.lesson} ${one.track} ${one.name}` })))(
    '$title',
    { timeout: 230_000 },
    async ({ one }) => {
      const outcome = await outcomes.get(one);
      expect(outcome?.type).toBe('judged');
      if (outcome?.type !== 'judged') return;
      const spec = { id: 'x', lesson: one.lesson, track: one.track } as Proven['spec'];
      expect(prove(one, { spec, verdicts: outcome.result.checks }).problem).toBeUndefined();
    },
  );
});
