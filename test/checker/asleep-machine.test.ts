import { expect, test } from 'vitest';
import { check, fail } from '../../checker/harness/check.js';
import { defineLesson } from '../../checker/harness/lesson.js';
import { runLesson } from '../../checker/harness/run.js';
import { scenario } from '../../checker/harness/scenario.js';
import type { ProgramSpec } from '../../checker/program/spec.js';

const spec: ProgramSpec = {
  id: 'none',
  lesson: 'x',
  track: 'typescript',
  seed: 'asleep',
  source: '',
  command: process.execPath,
  args: ['-e', ''],
  cwd: process.cwd(),
  env: {},
};

/** Nothing of this process runs meanwhile: as when a lid is closed. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function play(stillMs: number) {
  let plays = 0;
  const on = scenario('still', {
    facts: () => ({}),
    run: async stage => {
      plays += 1;
      stage.tap.note('counted', `play ${plays}`);
      if (plays === 1) standStill(stillMs);
      await stage.protocolTime(60);
    },
  });
  const first = check({
    id: 'T1',
    title: 'it is the first play',
    clauses: [],
    on,
    verify: ({ trace }) => {
      const note = trace.entries.find(entry => entry.kind === 'note' && entry.note === 'counted');
      if (note?.kind === 'note' && note.text === 'play 1') return;
      fail({ mistake: 'again', expected: 'play 1', seen: 'play 2', why: 'w', try: 't' });
    },
  });
  const lesson = defineLesson({ id: 'x', checks: [first], practice: { env: () => ({}) } });
  const [verdict] = await runLesson(lesson, spec).verdicts();
  return { plays, status: verdict?.status };
}

test('a scenario in which the machine stood still is played again, whatever it told', async () => {
  expect(await play(2300)).toEqual({ plays: 2, status: 'failed' });
});

test('a scenario in which it ran is played once', async () => {
  expect(await play(0)).toEqual({ plays: 1, status: 'passed' });
});

/** A check that fails at its first play, on a machine that stands still for a while; `apart`: for a grade. */
async function playStrained(stillMs: number, apart: boolean) {
  let plays = 0;
  const on = scenario('strained', {
    facts: () => ({}),
    run: async stage => {
      plays += 1;
      if (plays === 1) standStill(stillMs);
      await stage.protocolTime(120);
      stage.tap.note('counted', `play ${plays}`);
    },
  });
  const only = check({
    id: 'T1',
    title: 'it is the second play',
    clauses: [],
    on,
    verify: ({ trace }) => {
      const note = trace.entries.find(entry => entry.kind === 'note' && entry.note === 'counted');
      if (note?.kind === 'note' && note.text === 'play 2') return;
      fail({ mistake: 'first', expected: 'play 2', seen: 'play 1', why: 'w', try: 't' });
    },
  });
  const lesson = defineLesson({ id: 'x', checks: [only], practice: { env: () => ({}) } });
  const launcher = {
    module: `data:text/javascript,${encodeURIComponent('export const openLauncher = async () => ({ launch() {}, close: async () => {} });')}`,
    options: {},
  };
  const [verdict] = await runLesson(lesson, apart ? { ...spec, launcher } : spec).verdicts();
  return { plays, status: verdict?.status };
}

test('for a grade, a failure on a strained machine is played once more; a learner tries again', async () => {
  expect(await playStrained(700, true)).toEqual({ plays: 2, status: 'passed' });
  expect(await playStrained(700, false)).toEqual({ plays: 1, status: 'failed' });
});
