import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { startBroker } from '../../broker/index.js';
import type { verifyLessons } from '../../checker/index.js';
import { packageRoot } from '../../course/package-root.js';

const entry = join(packageRoot(), 'dist', 'checker', 'prove', 'verify.js');
const built = async () =>
  (await import(pathToFileURL(entry).href)) as { verifyLessons: typeof verifyLessons };
const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-keep-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const solution = {
  lessons: ['02-publish-a-reading'],
  tracks: ['typescript'],
  only: 'solution',
  seed: 'keep',
} as const;

describe('verify --keep', () => {
  test('keeps the exchange of what was not as it should be, and says what that was', async () => {
    const keep = join(folder, 'wrong');
    const refuses = await startBroker({ authenticate: () => 5 });
    const { verifyLessons } = await built();
    const { proofs } = await verifyLessons({ ...solution, broker: refuses.url ?? '', keep });
    await refuses.stop();
    expect(proofs.map(proof => proof.problem)).toEqual([expect.stringContaining('T1')]);
    expect(readdirSync(keep)).toEqual(['02-publish-a-reading-typescript-solution-keep.json']);
    const [file = ''] = readdirSync(keep);
    const kept = JSON.parse(readFileSync(join(keep, file), 'utf8'));
    expect(kept.problem).toBe(proofs[0]?.problem);
    expect(Object.keys(kept.recordings)).toContain('one by one');
  });

  test('keeps nothing of what is as it should be', async () => {
    const keep = join(folder, 'right');
    const { verifyLessons } = await built();
    const { proofs } = await verifyLessons({ ...solution, keep });
    expect(proofs.map(proof => proof.problem)).toEqual([undefined]);
    expect(existsSync(keep)).toBe(false);
  });
});
