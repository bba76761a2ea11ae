/** Contracts are data: the texts say what they say, and every sentence has a check and a wrong program. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckFacts } from '../checker/check/index.js';
import { commonMap, contractMap, mapContract } from '../checker/prove/contract.js';
import { parseEdits } from '../checker/prove/edits.js';
import {
  findLesson,
  lessonIds,
  loadCommonContract,
  loadContract,
  packageRoot,
  parseContract,
  type SentenceId,
  withContract,
} from '../course/index.js';

const root = packageRoot();
const withData = lessonIds().filter(id => loadContract(id) !== undefined);

test.each(withData)('the text of %s says its contract (else: npm run contracts)', id => {
  const contract = loadContract(id);
  const text = readFileSync(findLesson(id).file, 'utf8');
  expect(contract && withContract(text, contract, id)).toBe(text);
});

test('docs/any-language.md says what all lessons share (else: npm run contracts)', () => {
  const text = readFileSync(join(root, 'docs', 'any-language.md'), 'utf8');
  expect(withContract(text, loadCommonContract(), 'docs/any-language.md')).toBe(text);
});

test.each(withData)('every sentence of %s has a check and a wrong program', async id => {
  expect((await contractMap(id))?.problems).toEqual([]);
});

test('every sentence that lessons share has a detector, and every detector a sentence', () => {
  const map = commonMap();
  expect(map.problems).toEqual([]);
  expect(map.rows.length).toBeGreaterThan(5);
});

const contract = parseContract(
  'parts:\n  - sentences:\n      C1: It speaks.\n      C2: It leaves.\n',
  'a.yaml',
  '02-a',
);
const check = (id: string, ...judges: SentenceId[]): CheckFacts => ({
  id,
  title: `title of ${id}`,
  clauses: [],
  judges,
});
const wrong = (name: string, fails: string[], breaks?: SentenceId[]) => ({
  name: `mutant/${name}`,
  expects: { mistake: name, fails, ...(breaks ? { breaks } : {}) },
});
const problems = (checks: CheckFacts[], mutants: ReturnType<typeof wrong>[]) =>
  mapContract('02-a', contract, checks, mutants).problems;

describe('a map tells', () => {
  test('what is complete', () => {
    expect(
      problems(
        [check('T1', 'C1'), check('T2', 'C2')],
        [wrong('mute', ['T1']), wrong('hangs', ['T2'])],
      ),
    ).toEqual([]);
  });

  test('a sentence without a check, and without a wrong program', () => {
    expect(problems([check('T1', 'C1')], [wrong('mute', ['T1'])])).toEqual([
      'C2 has no check: It leaves.',
      'C2 has no wrong program that breaks it alone: It leaves.',
    ]);
  });

  test('a check without a sentence, and one with a sentence that is not there', () => {
    expect(
      problems(
        [check('T1', 'C1', 'C2'), check('T2'), check('T3', 'C9')],
        [wrong('mute', ['T1'], ['C1']), wrong('hangs', ['T1'], ['C2'])],
      ),
    ).toEqual([
      'T2 judges no sentence of the contract: title of T2',
      'T3 judges C9, which is not there',
    ]);
  });

  test('that a program which may break either sentence breaks none alone', () => {
    expect(problems([check('T1', 'C1', 'C2')], [wrong('mute', ['T1'])])).toEqual([
      'C1 has no wrong program that breaks it alone: It speaks.',
      'C2 has no wrong program that breaks it alone: It leaves.',
    ]);
    expect(problems([check('T1', 'C1', 'C2')], [wrong('both', ['T1'], ['C1', 'C2'])])).toHaveLength(
      2,
    );
  });

  test('a header that names what the failing checks do not judge', () => {
    const both = [check('T1', 'C1'), check('T2', 'C2')];
    const right = [wrong('mute', ['T1']), wrong('hangs', ['T2'])];
    expect(problems(both, [...right, wrong('odd', ['T1'], ['C2'])])).toEqual([
      'mutant/odd breaks C2, and no check that it fails judges that',
    ]);
    expect(problems(both, [...right, wrong('lost', ['T1'], ['C7'])])).toContain(
      'mutant/lost breaks C7, which is not there',
    );
    // A detector speaks in place of the check that would have failed.
    expect(problems(both, [...right, wrong('dies', ['U2'], ['C2'])])).toEqual([]);
  });
});

describe('a contract that cannot be read says where', () => {
  const told = (text: string) => {
    try {
      parseContract(text, 'a.yaml', '02-a');
      return 'was read';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  test('a gap in the numbers, an unknown field, a field that is missing, bad YAML', () => {
    const sentences = (...ids: string[]) =>
      `parts:\n  - sentences:\n${ids.map(id => `      ${id}: It is.\n`).join('')}`;
    expect(told(sentences('C1', 'C3'))).toMatch(/a\.yaml: C3 stands where C2 is due/);
    expect(told(sentences('G1'))).toMatch(/a\.yaml: parts\.0\.sentences/);
    expect(told(`${sentences('C1')}note: x\n`)).toMatch(/a\.yaml: .*note/);
    expect(told('parts: []')).toMatch(/a\.yaml: parts/);
    expect(told(sentences('C1', 'C1'))).toMatch(/a\.yaml:4: /);
  });

  test('a text without a place for it', () => {
    expect(() => withContract('# A lesson\n', contract, 'lessons/a.md')).toThrow(/lessons\/a\.md/);
  });
});

test('a wrong program names the sentence that it breaks', () => {
  const text = (breaks: string) =>
    `## mute\nfails: T1 as mute\nbreaks: ${breaks}\ndoes: Says nothing.\ncause: It is silent.\n@@ typescript\n-say();\n`;
  expect(parseEdits(text('C2, C3'), 'mutant').entries[0]?.expects?.breaks).toEqual(['C2', 'C3']);
  expect(parseEdits(text('the second'), 'mutant').problems[0]?.text).toMatch(/breaks: the second/);
});
