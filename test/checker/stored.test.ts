import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { verifyLessons } from '../../checker/index.js';
import { openProofStore, playHash, playModules, programHash } from '../../checker/prove/stored.js';
import { lessonIds, packageRoot } from '../../course/index.js';

const top = mkdtempSync(join(tmpdir(), 'mqtt-course-stored-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));

describe('the store of recordings', () => {
  let folder = '';
  let count = 0;
  beforeEach(() => {
    count += 1;
    folder = join(top, String(count));
  });
  const key = { program: 'p', play: 'h' };

  test('gives back what was kept, and says why not', () => {
    const store = openProofStore(folder);
    expect(store.find('05 python mutant/star', key, undefined)).toBe('never played');
    store.keep('05 python mutant/star', key, { seed: 's', recordings: {} });
    const again = openProofStore(folder);
    expect(again.find('05 python mutant/star', key, undefined)).toEqual({
      seed: 's',
      recordings: {},
    });
    expect(again.find('05 python mutant/star', key, 's')).toEqual({ seed: 's', recordings: {} });
    expect(again.find('05 python mutant/star', key, 't')).toBe('other seed');
    expect(again.find('05 python mutant/star', { ...key, program: 'q' }, 's')).toBe(
      'the program changed',
    );
    expect(again.find('05 python mutant/star', { ...key, play: 'i' }, 's')).toBe(
      'what plays it changed',
    );
  });

  test('a damaged file counts as not there', () => {
    const store = openProofStore(folder);
    store.keep('one', key, { seed: 's', recordings: {} });
    const [file = ''] = readdirSync(folder);
    writeFileSync(join(folder, file), 'no gzip');
    expect(store.find('one', key, undefined)).toBe('never played');
  });

  test('a program is its files, whatever their order', () => {
    const one = programHash(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    );
    expect(
      programHash(
        new Map([
          ['b', '2'],
          ['a', '1'],
        ]),
      ),
    ).toBe(one);
    expect(
      programHash(
        new Map([
          ['a', '1'],
          ['b', '3'],
        ]),
      ),
    ).not.toBe(one);
    expect(
      programHash(
        new Map([
          ['a', '1'],
          ['c', '2'],
        ]),
      ),
    ).not.toBe(one);
  });
});

describe('what plays a lesson', () => {
  test.each(lessonIds())(
    '%s: its scenarios, the harness, the tap, the broker; nothing that judges',
    lesson => {
      const modules = playModules(lesson);
      expect(modules).toEqual(
        expect.arrayContaining([
          'dist/checker/harness/perform.js',
          'dist/checker/harness/waits.js',
          'dist/checker/program/rest.js',
          'dist/wire/tap.js',
          'dist/broker/index.js',
        ]),
      );
      expect(modules.some(name => name.startsWith(`dist/checker/lessons/${lesson}`))).toBe(true);
      expect(modules.filter(name => /harness\/(judge|detectors\/index)\.js$/.test(name))).toEqual(
        [],
      );
      expect(playHash(lesson, 'v20')).toBe(playHash(lesson, 'v20'));
      expect(playHash(lesson, 'v20')).not.toBe(playHash(lesson, 'v22'));
    },
  );

  test('the checks of a lesson whose scenarios have a file of their own are not in it', () => {
    expect(playModules('05-wildcards')).not.toContain('dist/checker/lessons/05-wildcards.test.js');
  });
});

test('verify --stored plays once, then judges what was recorded: the same verdicts', {
  timeout: 60_000,
}, async () => {
  const entry = join(packageRoot(), 'dist', 'checker', 'prove', 'verify.js');
  const built = (await import(pathToFileURL(entry).href)) as {
    verifyLessons: typeof verifyLessons;
  };
  const request = {
    lessons: ['02-publish-a-reading'],
    tracks: ['typescript'],
    only: 'zero-is-falsy',
    stored: join(top, 'verify'),
  } as const;
  const played = await built.verifyLessons(request);
  expect(played.stored).toMatchObject({ judged: 0, stale: [{ why: 'never played' }] });
  const judged = await built.verifyLessons(request);
  expect(judged.stored).toEqual({ judged: 1, stale: [] });
  expect(judged.proofs.map(one => one.problem)).toEqual([undefined]);
  expect(judged.proofs[0]?.run.verdicts).toEqual(played.proofs[0]?.run.verdicts);
});
