import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderSpecMap } from '../cli/render/spec-map.js';
import { citedClauses, clause, clauses } from '../wire/clauses.js';
import { specMap } from '../wire/clauses-map.js';
import { clauseInV5 } from '../wire/clauses-same.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Appendix B of the 3.1.1 standard: how many statements each section has, numbered from 1. */
const STATEMENTS: Readonly<Record<string, number>> = {
  '1.5.3': 3,
  '2.2.2': 2,
  '2.3.1': 7,
  '3.1.0': 2,
  '3.1.2': 24,
  '3.1.3': 11,
  '3.1.4': 5,
  '3.2.0': 1,
  '3.2.2': 6,
  '3.3.1': 12,
  '3.3.2': 3,
  '3.3.4': 1,
  '3.3.5': 2,
  '3.6.1': 1,
  '3.8.1': 1,
  '3.8.3': 4,
  '3.8.4': 6,
  '3.9.3': 2,
  '3.10.1': 1,
  '3.10.3': 2,
  '3.10.4': 6,
  '3.12.4': 1,
  '3.14.1': 1,
  '3.14.4': 3,
  '4.1.0': 2,
  '4.3.1': 1,
  '4.3.2': 2,
  '4.3.3': 2,
  '4.4.0': 1,
  '4.5.0': 2,
  '4.6.0': 6,
  '4.7.1': 3,
  '4.7.2': 1,
  '4.7.3': 4,
  '4.8.0': 2,
  '6.0.0': 4,
  '7.0.0': 2,
  '7.1.1': 1,
  '7.1.2': 1,
};

describe('the list of clauses', () => {
  const ids311 = clauses.filter(one => one.version === '3.1.1').map(one => one.id);

  it('is all 141 statements of 3.1.1, in order, without gap or repetition', () => {
    const all = Object.entries(STATEMENTS).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, at) => `MQTT-${section}-${at + 1}`),
    );
    expect(ids311).toEqual(all);
    expect(ids311).toHaveLength(141);
  });

  it('has no clause twice, and a different one-line text for each', () => {
    expect(new Set(clauses.map(one => one.cite)).size).toBe(clauses.length);
    expect(new Set(clauses.map(one => one.version + one.says)).size).toBe(clauses.length);
    for (const { says, cite } of clauses) expect(says, cite).toMatch(/^\S[^\n]{9,75}[^\s.]$/);
  });

  it('is all 251 statements of 5.0, without gap but those of the standard', () => {
    const ids = clauses.filter(one => one.version === '5.0').map(one => one.id);
    expect(ids).toHaveLength(251);
    const bySection = new Map<string, number[]>();
    for (const id of ids) {
      const [section = '', number = ''] = id.slice('MQTT-'.length).split('-');
      bySection.set(section, [...(bySection.get(section) ?? []), Number(number)]);
    }
    for (const [section, numbers] of bySection) {
      // 2.2.1 has no statement 1.
      const first = section === '2.2.1' ? 2 : 1;
      expect(numbers, section).toEqual(numbers.map((_, at) => first + at));
    }
  });

  it('knows what a clause of 3.1.1 has become in 5.0, and where it has become nothing', () => {
    expect(clauseInV5('3.1.1 MQTT-3.3.1-10')?.cite).toBe('5.0 MQTT-3.3.1-6');
    expect(clauseInV5('3.1.1 MQTT-3.1.2-22')).toBeUndefined();
    expect(clauseInV5('5.0 MQTT-3.3.1-6')).toBeUndefined();
    const without = clauses.filter(one => one.version === '3.1.1' && !clauseInV5(one.cite));
    expect(without.map(one => one.id)).toEqual([
      ...['MQTT-3.1.2-7', 'MQTT-3.1.2-11', 'MQTT-3.1.2-12', 'MQTT-3.1.2-22', 'MQTT-3.1.3-7'],
      ...['MQTT-3.2.2-6', 'MQTT-3.3.1-7', 'MQTT-3.3.1-8', 'MQTT-3.3.5-2', 'MQTT-3.8.3-2'],
      ...['MQTT-4.8.0-2', 'MQTT-7.0.0-1', 'MQTT-7.0.0-2'],
    ]);
    // The same side is bound; a few of 3.1.1's bind one side where 5.0's bind both.
    for (const one of clauses.filter(({ version }) => version === '3.1.1')) {
      const same = clauseInV5(one.cite);
      if (same && same.binds !== one.binds) expect([one.binds, same.binds]).toContain('both');
    }
  });

  it('finds a clause by version and id', () => {
    expect(clause('3.1.1 MQTT-3.3.1-10')).toMatchObject({ binds: 'server', version: '3.1.1' });
    expect(clause('3.1.1 MQTT-3.3.1-10')?.says).toContain('erases');
    expect(clause('5.0 MQTT-3.3.1-10')?.says).toContain('retain handling');
    expect(clause('3.1.1 MQTT-3.14.4-1')?.binds).toBe('client');
    expect(clause('3.1.1 MQTT-4.3.2-2')?.binds).toBe('both');
  });

  it('finds nothing for an id without version, in the wrong version, or beyond the last', () => {
    expect(clause('MQTT-3.3.1-10')).toBeUndefined();
    expect(clause('5.0 MQTT-2.2.1-1')).toBeUndefined();
    expect(clause('3.1.1 MQTT-3.3.1-13')).toBeUndefined();
    expect(clause('')).toBeUndefined();
  });

  it('finds the misprinted ids of the standard under both forms', () => {
    for (const [printed, regular] of [
      ['MQTT-3-8.3-4', 'MQTT-3.8.3-4'],
      ['MQTT-3.1.2.7', 'MQTT-3.1.2-7'],
    ]) {
      expect(clause(`3.1.1 ${printed}`)).toBe(clause(`3.1.1 ${regular}`));
      expect(clause(`3.1.1 ${printed}`)).toMatchObject({ id: regular, printed });
    }
  });
});

describe('citations in a text', () => {
  const brief = (text: string): string[] =>
    citedClauses(text).map(
      one => `${one.line}: ${one.version ?? '?'} ${one.text} ${one.problem ?? 'ok'}`,
    );

  it.each([
    ['nothing', 'mqtt-packet, MQTT-course and MQTT 3.1.1', []],
    ['one', 'as `3.1.1 MQTT-3.3.1-10` says.', ['1: 3.1.1 MQTT-3.3.1-10 ok']],
    ['the version before a bracket', '3.1.1 [MQTT-4.7.1-3]', ['1: 3.1.1 MQTT-4.7.1-3 ok']],
    [
      'a list with one version',
      '\n[3.1.1 MQTT-3.3.1-10, MQTT-3.3.1-11 and MQTT-3.3.1-12]',
      ['2: 3.1.1 MQTT-3.3.1-10 ok', '2: 3.1.1 MQTT-3.3.1-11 ok', '2: 3.1.1 MQTT-3.3.1-12 ok'],
    ],
    [
      'both versions in a list',
      '5.0 MQTT-3.1.3-9, 3.1.1 MQTT-3.1.3-9, MQTT-3.1.3-8',
      ['1: 5.0 MQTT-3.1.3-9 ok', '1: 3.1.1 MQTT-3.1.3-9 ok', '1: 3.1.1 MQTT-3.1.3-8 ok'],
    ],
    [
      'a list that a comment breaks',
      '/**\n * Twice (3.1.1\n * MQTT-4.4.0-1,\n * MQTT-4.3.2-2).\n */',
      ['3: 3.1.1 MQTT-4.4.0-1 ok', '4: 3.1.1 MQTT-4.3.2-2 ok'],
    ],
    [
      'a list with a gloss for each, in code spans',
      '`3.1.1 MQTT-4.7.1-2` (`#`), `MQTT-4.7.1-3` (`+`) and `MQTT-4.7.2-1`',
      ['1: 3.1.1 MQTT-4.7.1-2 ok', '1: 3.1.1 MQTT-4.7.1-3 ok', '1: 3.1.1 MQTT-4.7.2-1 ok'],
    ],
    ['the misprint', '3.1.1 MQTT-3-8.3-4', ['1: 3.1.1 MQTT-3-8.3-4 ok']],
    ['no version', 'so [MQTT-3.1.2-8].', ['1: ? MQTT-3.1.2-8 no-version']],
    [
      'a version too far away',
      "['3.1.1 MQTT-3.1.2-8', 'MQTT-3.1.2-9']",
      ['1: 3.1.1 MQTT-3.1.2-8 ok', '1: ? MQTT-3.1.2-9 no-version'],
    ],
    [
      'a sentence in between',
      '3.1.1 MQTT-3.1.2-8 is not MQTT-3.1.2-9',
      ['1: 3.1.1 MQTT-3.1.2-8 ok', '1: ? MQTT-3.1.2-9 no-version'],
    ],
    ['another version', '3.1 MQTT-3.1.2-8', ['1: ? MQTT-3.1.2-8 no-version']],
    ['no such clause', '3.1.1 MQTT-3.1.2-25', ['1: 3.1.1 MQTT-3.1.2-25 unknown']],
    ['a section is not a clause', '3.1.1 MQTT-3.1.2', ['1: 3.1.1 MQTT-3.1.2 unknown']],
    [
      'shortened ids',
      '3.1.1 MQTT-3.3.1-10/-11 or `3.1.1 MQTT-3.1.2-5`, `-12`',
      [
        '1: 3.1.1 MQTT-3.3.1-10 ok',
        '1: ? -11 shortened',
        '1: 3.1.1 MQTT-3.1.2-5 ok',
        '1: ? -12 shortened',
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(brief(text)).toEqual(expected);
  });

  it('says where', () => {
    const text = 'a\nb 3.1.1 MQTT-3.1.2-8 c';
    const [found] = citedClauses(text);
    expect(text.slice(found?.index).startsWith('MQTT-3.1.2-8 c')).toBe(true);
  });
});

const ROOMS = ['lessons', 'checker', 'cli', 'course', 'broker', 'wire', 'exercises', 'solutions'];
const TEXT = /\.(md|ts|mts|js|mjs|py|json|jsonc|conf|txt|yaml|yml)$/;
const SKIPPED = /(^|[/\\])(node_modules|__pycache__)([/\\]|$)/;

/** Every text of the course, by its path from the root of the project. */
function* texts(): Generator<{ file: string; text: string }> {
  const files = ROOMS.filter(room => existsSync(join(root, room))).flatMap(room =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter(name => TEXT.test(name) && !SKIPPED.test(name))
      .map(name => join(room, name)),
  );
  if (existsSync(join(root, 'README.md'))) files.push('README.md');
  for (const file of files) {
    if (statSync(join(root, file)).isFile()) {
      yield { file, text: readFileSync(join(root, file), 'utf8') };
    }
  }
}

/** `file:line  id: what is wrong`, one for each bad citation. */
function problems(file: string, text: string): string[] {
  const reasons = {
    'no-version': 'has no version; write 3.1.1 before it',
    unknown: 'is no clause of that version (or not in the list of wire/clauses.ts)',
    shortened: 'is shortened; write the whole id',
  };
  return citedClauses(text).flatMap(({ line, text: id, problem }) =>
    problem ? [`${file}:${line}  ${id} ${reasons[problem]}`] : [],
  );
}

describe('citations in the course', () => {
  it('would be reported with file and line', () => {
    expect(problems('lessons/00.md', 'fine: 3.1.1 MQTT-3.1.0-1\n\nMQTT-3.1.0-1')).toEqual([
      'lessons/00.md:3  MQTT-3.1.0-1 has no version; write 3.1.1 before it',
    ]);
  });

  it('name a clause of a version of the standard', () => {
    const all = [...texts()];
    expect(all.some(({ text }) => citedClauses(text).length > 0)).toBe(true);
    expect(all.flatMap(({ file, text }) => problems(file, text))).toEqual([]);
  });
});

describe('the map of the standard', () => {
  const entries = specMap({
    lessons: [
      { id: '01-first-connection', text: '3.1.1 MQTT-3.1.0-1. Again: 3.1.1 MQTT-3.1.0-1.' },
      { id: '09-last-will', text: 'See [3.1.1 MQTT-3.1.2-8, MQTT-3.1.2-9]; 3.1.1 MQTT-3.1.0-1' },
    ],
    checks: [
      { lesson: '09-last-will', id: 'T1', clauses: ['3.1.1 MQTT-3.1.2-9', '3.1.1 MQTT-3.1.2-14'] },
      { lesson: '09-last-will', id: 'T3', clauses: ['3.1.1 MQTT-3.1.2-9', '5.0 MQTT-3.1.3-9'] },
      { lesson: '01-first-connection', id: 'T2', clauses: ['3.1.1 MQTT-9.9.9-9'] },
    ],
  });
  const entry = (id: string) => entries.find(one => one.clause.id === id);

  it('has the clauses that bind a client, in order', () => {
    const client = clauses.filter(one => one.version === '3.1.1' && one.binds !== 'server');
    expect(entries.map(one => one.clause)).toEqual(client);
    expect(entry('MQTT-3.1.2-8')).toBeUndefined();
  });

  it('says what is taught, what is checked, and what is neither', () => {
    expect(entry('MQTT-3.1.0-1')).toMatchObject({
      taughtIn: ['01-first-connection', '09-last-will'],
      checkedBy: [],
    });
    expect(entry('MQTT-3.1.2-9')).toMatchObject({
      taughtIn: ['09-last-will'],
      checkedBy: [
        { lesson: '09-last-will', id: 'T1' },
        { lesson: '09-last-will', id: 'T3' },
      ],
    });
    expect(entry('MQTT-3.1.2-14')).toMatchObject({ taughtIn: [], checkedBy: [{ id: 'T1' }] });
    expect(entry('MQTT-3.1.3-10')).toMatchObject({ taughtIn: [], checkedBy: [] });
  });

  it('is printed as a table of 80 columns', () => {
    const lines = renderSpecMap(entries);
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80);
    expect(lines).toContainEqual(expect.stringMatching(/^MQTT-3\.1\.0-1 +01, 09 +- +the first/));
    expect(lines).toContainEqual(expect.stringMatching(/^MQTT-3\.1\.2-9 +09 +09 T1 T3 +with the/));
    expect(lines.join(' ')).toContain(
      `${entries.length} clauses of MQTT 3.1.1 bind a client: 1 taught and checked, 1 taught only, ` +
        `1 checked only, ${entries.length - 3} neither.`,
    );
    expect(lines.filter(line => line !== line.trimEnd())).toEqual([]);
  });

  it('fits any width from 60 on', () => {
    for (const width of [20, 60, 61, 100, 200]) {
      const longest = Math.max(...renderSpecMap(entries, width).map(line => line.length));
      expect(longest).toBeLessThanOrEqual(Math.max(width, 60));
    }
  });
});
