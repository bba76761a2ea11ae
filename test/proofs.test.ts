import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Proofs, runProof } from '../checker/prove/proofs/lab.js';
import { lessonIds, loadLesson } from '../course/index.js';

const here = join(import.meta.dirname, '..', 'checker', 'prove', 'proofs');

/** No answer in the course is only believed: each is what came of the exchange it speaks of. */
describe.concurrent.each(lessonIds())('the questions of %s', id => {
  const lesson = loadLesson(id);
  const questions = [
    ...(lesson.predict ? [{ ...lesson.predict, id: 'predict' }] : []),
    ...(lesson.quiz ?? []),
  ];

  test('there are a prediction and three questions', () => {
    expect(questions.map(one => one.id)).toHaveLength(4);
  });

  test.each(questions)('$id', async ({ proof, answer, options }) => {
    expect(existsSync(join(here, `${id}.ts`))).toBe(true);
    const { proofs } = (await import(join(here, `${id}.ts`))) as { proofs: Proofs };
    const run = proof === undefined ? undefined : proofs[proof];
    if (!run) throw new Error(`${id}: there is no proof called ${proof}`);
    const came = await runProof(run);
    expect(options?.[came - 1]).toBe(options?.[Number(answer) - 1]);
  });
});
