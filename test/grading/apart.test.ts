import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { limitedProcess, TooMuch } from '../../grading/apart/limited-process.js';
import { collectPrograms } from '../../grading/similar/collect.js';
import { similarPairs } from '../../grading/similar/index.js';
import type { Token } from '../../grading/similar/tokens.js';
import type { TokensQuestion } from '../../grading/similar/tokens-process.js';
import { listSubmissions, openUnpacker } from '../../grading/submissions/index.js';
import { solution, submission, temporary, write } from './handed-in.js';

const lesson = '01-first-connection';
const honest = solution(lesson, 'typescript', 'main.ts');
const place = (who: string) => `${who}/exercises/${lesson}/typescript/main.ts`;

describe('what strangers wrote is read in processes with limits of their own', () => {
  test('a .tar of nothing but zeros is refused at once', { timeout: 60_000 }, async () => {
    const folder = temporary();
    const zeros = join(folder, 'eve.tar');
    const file = openSync(zeros, 'w');
    ftruncateSync(file, 160 << 20);
    closeSync(file);
    await write(folder, { [place('ada')]: honest });
    const unpacker = openUnpacker();
    const options = { lessons: [lesson], into: temporary() };
    try {
      const before = await unpacker.unpack(submission(join(folder, 'ada'), 'folder'), options);
      const began = performance.now();
      await expect(unpacker.unpack(submission(zeros, 'tar'), options)).rejects.toThrow(/broken/);
      expect(performance.now() - began).toBeLessThan(10_000);
      const after = await unpacker.unpack(submission(join(folder, 'ada'), 'folder'), options);
      expect(after.exercises.get(lesson)?.hash).toBe(before.exercises.get(lesson)?.hash);
    } finally {
      unpacker.close();
    }
  });

  test('what takes too much memory or time is ended, and the next is read', async () => {
    for (const [limits, says] of [
      [{ seconds: 20, memoryMiB: 16 }, /MiB/],
      [{ seconds: 0.5, memoryMiB: 4000 }, /0.5 s/],
    ] as const) {
      const parser = limitedProcess<TokensQuestion, Token[]>('similar/tokens-process', limits);
      const asked = parser.ask({ source: '('.repeat(3_000_000), track: 'typescript' });
      await expect(asked).rejects.toThrow(TooMuch);
      await expect(asked).rejects.toThrow(says);
      parser.close();
    }
    const parser = limitedProcess<TokensQuestion, Token[]>('similar/tokens-process', {
      seconds: 20,
      memoryMiB: 400,
    });
    const failed = parser.ask({ source: '(1+'.repeat(200_000), track: 'typescript' });
    const next = parser.ask({ source: honest, track: 'typescript' });
    await expect(failed).rejects.toThrow();
    expect((await next).length).toBeGreaterThan(20);
    parser.close();
  }, 60_000);

  test('programs that nest for ever are left out of a comparison, by name', {
    timeout: 120_000,
  }, async () => {
    const folder = temporary();
    await write(folder, {
      [place('ada')]: honest,
      [place('bob')]: honest.replaceAll('client', 'other'),
      [place('eve')]: `${honest}\nexport const x = ${'['.repeat(60_000)}${']'.repeat(60_000)};\n`,
      [place('mal')]: `${honest}\nexport const y = ${'!'.repeat(200_000)}0;\n`,
      [place('zoe')]:
        `${honest}\nexport const z = ${'a?'.repeat(50_000)}1${':0'.repeat(50_000)};\n`,
    });
    const { handed, unreadable } = await collectPrograms(await listSubmissions(folder), [lesson]);
    const names = handed.map(one => one.learner);
    expect(names).toEqual(expect.arrayContaining(['ada', 'bob']));
    expect(unreadable.map(one => one.submission)).toEqual(
      ['eve', 'mal', 'zoe'].filter(name => !names.includes(name)),
    );
    for (const { reason } of unreadable) expect(reason).toMatch(/cannot be compared: .+/);
    expect(unreadable.length).toBeGreaterThan(0);
    const began = performance.now();
    const pairs = similarPairs(handed, { stub: () => undefined });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(pairs.map(pair => [pair.left.learner, pair.right.learner])).toContainEqual([
      'ada',
      'bob',
    ]);
  });
});
