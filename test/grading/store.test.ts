import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradeKey, testsHash } from '../../grading/cache-key.js';
import {
  defaultLimits,
  GRADE_SCHEMA,
  type GradeInputs,
  type GradeRecord,
} from '../../grading/index.js';
import { learnerSeed, saltOf } from '../../grading/seeds.js';
import { inShard } from '../../grading/shard.js';
import {
  bundlePath,
  openOut,
  readBundle,
  readRecord,
  readRecords,
  readRun,
  recordPath,
  safeName,
  writeBundle,
  writeRecord,
} from '../../grading/store.js';
import { folder } from './lab.js';

const inputs: GradeInputs = {
  submission: 'a'.repeat(64),
  tests: 'b'.repeat(64),
  seed: 'seed',
  limits: defaultLimits,
  isolation: 'bwrap',
  course: '0.1.0',
  runtime: 'node 20',
};
const record = (learner: string, more: Partial<GradeRecord> = {}): GradeRecord => ({
  schema: GRADE_SCHEMA,
  key: gradeKey(inputs),
  learner,
  lesson: '05-wildcards',
  track: 'python',
  status: 'graded',
  checks: [],
  inputs,
  attempts: 1,
  notices: [],
  ...more,
});

describe('names of files', () => {
  test('an id that is a good name stays what it is', () => {
    expect(safeName('ada.l-99_x@uni.example')).toBe('ada.l-99_x@uni.example');
  });

  test('two ids never meet, also where capitals do not count, and none leaves the folder', () => {
    const id = fc.oneof(
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.constantFrom(
        '..',
        '../x',
        'con',
        'COM1',
        'Ada',
        'ada',
        'ADA',
        'é',
        'e\u0301',
        '.x',
        'x.',
        '~',
      ),
      fc.stringMatching(/^[A-Ea-e_~. ]{1,6}$/),
    );
    fc.assert(
      fc.property(id, id, (one, other) => {
        for (const name of [safeName(one), safeName(other)]) {
          expect(name).toMatch(/^[A-Za-z0-9_@+][A-Za-z0-9._@+~-]*$/);
          expect(name).not.toMatch(/\.$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
        }
        if (one !== other) {
          expect(safeName(one).toLowerCase()).not.toBe(safeName(other).toLowerCase());
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the key', () => {
  test('changes with everything that a result depends on, and with nothing else', () => {
    const changed: Partial<GradeInputs>[] = [
      { submission: 'c' },
      { tests: 'c' },
      { seed: 'c' },
      { isolation: 'process' },
      { course: '0.2.0' },
      { runtime: 'node 22' },
      ...Object.keys(defaultLimits).map(name => ({ limits: { ...defaultLimits, [name]: 1 } })),
    ];
    const keys = [inputs, ...changed.map(one => ({ ...inputs, ...one }))].map(gradeKey);
    expect(new Set(keys).size).toBe(keys.length);
    const turned = Object.fromEntries(Object.entries(inputs).reverse()) as unknown as GradeInputs;
    expect(gradeKey(turned)).toBe(gradeKey(inputs));
  });

  test('the hash of the tests is the same when asked again', () => {
    expect(testsHash()).toMatch(/^[0-9a-f]{64}$/);
    expect(testsHash()).toBe(testsHash());
  });

  test('each learner and lesson has a seed of its own, and the salt is none of them', () => {
    const seeds = ['ada', 'bob'].flatMap(one =>
      ['01', '02'].map(at => learnerSeed('run', one, at)),
    );
    expect(new Set([...seeds, saltOf('run'), learnerSeed('other', 'ada', '01')]).size).toBe(6);
    expect(learnerSeed('run', 'ada', '01')).toBe(seeds[0]);
  });
});

test('every learner is in one shard, by the id alone', () => {
  const ids = Array.from({ length: 400 }, (_, at) => `learner${at}`);
  const count = 4;
  const of = (id: string) => [1, 2, 3, 4].filter(index => inShard(id, { index, count }));
  expect(ids.every(id => of(id).length === 1)).toBe(true);
  const sizes = [1, 2, 3, 4].map(index => ids.filter(id => inShard(id, { index, count })).length);
  expect(Math.min(...sizes)).toBeGreaterThan(60);
  expect(of('Ada')).toEqual(of('ada'));
});

describe('results on disk', () => {
  test('come back as they were written, with the same bytes each time', async () => {
    const out = folder();
    const one = record('Ada Lovelace', { notices: ['a \u202e trick'] });
    writeRecord(out, one);
    expect(await readRecord(out, 'Ada Lovelace', '05-wildcards')).toEqual(one);
    const path = join(out, recordPath('Ada Lovelace', '05-wildcards'));
    const bytes = readFileSync(path);
    writeRecord(out, one);
    expect(readFileSync(path)).toEqual(bytes);
    expect(bytes.toString()).not.toContain('\u202e');
  });

  test('what is half written, forged or in the wrong place is no result', async () => {
    const out = folder();
    writeRecord(out, record('ada'));
    const path = join(out, recordPath('ada', '05-wildcards'));
    const text = readFileSync(path, 'utf8');
    mkdirSync(join(out, 'results', 'bob'));
    writeFileSync(join(out, recordPath('bob', '05-wildcards')), text);
    writeFileSync(join(out, 'results', 'ada', 'half.json'), text.slice(0, 100));
    expect(readRecords(out).records.map(one => one.record.learner)).toEqual(['ada']);
    expect(readRecords(out).damaged).toEqual([
      'results/ada/half.json',
      recordPath('bob', '05-wildcards'),
    ]);
    expect(await readRecord(out, 'bob', '05-wildcards')).toBeUndefined();
    writeFileSync(path, text.replace('"seed": "seed"', '"seed": "lucky"'));
    expect(await readRecord(out, 'ada', '05-wildcards')).toBeUndefined();
  });

  test('a bundle that is not whole is none', async () => {
    const out = folder();
    await writeBundle(out, 'ada', '05-wildcards', Buffer.from('no gzip'));
    expect(await readBundle(out, 'ada', '05-wildcards')).toBeUndefined();
    expect(bundlePath('ada', '05-wildcards')).toBe('bundles/ada/05-wildcards.json.gz');
  });

  test('a folder that cannot hold results is refused with the way out', () => {
    const top = folder();
    writeFileSync(join(top, 'file'), '');
    expect(() => openOut(join(top, 'file'))).toThrow(/is a file, not a folder.*--out DIR/);
    writeFileSync(join(top, 'run.json'), '{"schema":"other"}');
    expect(() => readRun(top)).toThrow(/is not of this course/);
  });
});
