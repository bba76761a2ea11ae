import { expect, test } from 'vitest';
import { differences } from '../../checker/prove/repeat.js';
import type { Proof } from '../../checker/prove/verify.js';

const proof = (name: string, ids: readonly string[], more: Partial<Proof> = {}): Proof =>
  ({
    program: {
      lesson: '02-publish-a-reading',
      track: 'typescript',
      role: 'mutant',
      name,
      files: new Map(),
    },
    run: {
      spec: {},
      verdicts: ids.map(id => ({ id, status: 'failed', mistake: `m-${id}` })),
    },
    status: 'failed',
    ...more,
  }) as unknown as Proof;

test('the same verdicts in every round differ in nothing', () => {
  const proofs = [proof('mutant/a', ['T1']), proof('mutant/b', [])];
  expect(
    differences([
      { seed: 's1', proofs },
      { seed: 's2', proofs },
    ]),
  ).toEqual([]);
});

test('another check that fails is a difference, with the seeds of its rounds', () => {
  const rounds = [
    { seed: 's1', proofs: [proof('mutant/a', ['T1'])] },
    { seed: 's2', proofs: [proof('mutant/a', ['T2'])] },
    { seed: 's3', proofs: [proof('mutant/a', ['T1'])] },
  ];
  expect(differences(rounds)).toEqual([
    {
      program: '02-publish-a-reading typescript mutant/a',
      seen: [
        { verdicts: 'T1 failed m-T1', seeds: ['s1', 's3'] },
        { verdicts: 'T2 failed m-T2', seeds: ['s2'] },
      ],
    },
  ]);
});

test('what came out right only when it was played again differs', () => {
  const [only] = differences([
    { seed: 's1', proofs: [proof('mutant/a', ['T1'])] },
    { seed: 's2', proofs: [proof('mutant/a', ['T1'], { unsteady: 'should fail T1' })] },
  ]);
  expect(only?.seen.map(one => one.seeds)).toEqual([['s1'], ['s2']]);
});
