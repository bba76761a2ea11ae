import fc from 'fast-check';
import stringWidth from 'fast-string-width';
import { expect, test } from 'vitest';
import { csv, readRaw, renderRaw, safeCell } from '../../grading/exports/csv.js';
import { gradeTable } from '../../grading/exports/screen.js';
import { checksCsv, gradesCsv } from '../../grading/exports/tables.js';
import { classGrades, EVIL, hostileClass } from './class.js';

test('the tables of a class', async () => {
  await expect(gradesCsv(classGrades())).toMatchFileSnapshot('golden/grades.csv');
  await expect(checksCsv(classGrades())).toMatchFileSnapshot('golden/checks.csv');
});

test('what could not be told is an empty cell and named, never a zero', () => {
  const table = readRaw(gradesCsv(classGrades())).rows.map(row => row.cells.map(one => one.value));
  const at = (title: string) => table[0]?.indexOf(title) ?? -1;
  const row = table.find(one => one[0] === 'kowalska-z');
  expect(row?.[at('09-last-will')]).toBe('');
  expect(row?.[at('points')]).toBe('');
  expect(row?.[at('unknown')]).toBe('09-last-will');
  expect(row?.[at('01-first-connection')]).toBe('9');
});

test.each([
  ['=1+1', "'=1+1"],
  ['  =1+1', "'  =1+1"],
  ['\t@x', "'    @x"],
  ['"=1"', `'"=1"`],
  ['＝1', "'＝1"],
  ['-', "'-"],
  ['a=1', 'a=1'],
  ['O’Brien-Smith', 'O’Brien-Smith'],
])('%j is written as %j, so that no spreadsheet runs it', (text, cell) => {
  expect(safeCell(text)).toBe(cell);
});

test('no cell of a hostile class starts a formula, holds a control character, or breaks its row', () => {
  for (const text of [gradesCsv(hostileClass()), checksCsv(hostileClass())]) {
    const { rows } = readRaw(text);
    const widths = new Set(rows.map(row => row.cells.length));
    expect(widths.size).toBe(1);
    for (const { value } of rows.flatMap(row => row.cells)) {
      expect(value).not.toMatch(/^[\s"]*[=+\-@＝＋－＠]/);
      expect(value).not.toMatch(/[^\n\P{Cc}]|[\u202A-\u202E\u2066-\u2069\uFEFF]/u);
    }
    expect(Buffer.from(text).toString()).toBe(text);
  }
});

test('a file that is read and written again has the same bytes, whatever it is', () => {
  const piece = fc.constantFrom(
    '"',
    '""',
    ',',
    ';',
    '\t',
    '\r',
    '\n',
    '\r\n',
    'a',
    ' ',
    '=',
    '\uFEFF',
  );
  const file = fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }).map(all => all.join(''));
  fc.assert(
    fc.property(file, text => renderRaw(readRaw(text)) === text),
    { numRuns: 500 },
  );
});

test('what is written is read as it was meant', () => {
  const texts = fc.array(
    fc.array(fc.string({ unit: 'grapheme' }), { minLength: 2, maxLength: 4 }),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(texts, rows => {
      const read = readRaw(csv([['a', 'b', 'c', 'd'], ...rows])).rows.slice(1);
      expect(read.map(row => row.cells.map(one => one.value))).toEqual(
        rows.map(row => row.map(safeCell)),
      );
    }),
    { numRuns: 300 },
  );
});

test('the table for the screen', async () => {
  const wide = gradeTable(classGrades()).join('\n');
  const plain = gradeTable(classGrades(), { plain: true, width: 40 }).join('\n');
  await expect(`${wide}\n`).toMatchFileSnapshot('golden/table.txt');
  await expect(`${plain}\n`).toMatchFileSnapshot('golden/table-plain-40.txt');
  expect(plain).toMatch(/^[\x20-\x7e\n\p{L}\p{M}]*$/u);
});

test('no line is wider than the window, with fifteen lessons and long ids', () => {
  const grades = classGrades();
  const many = Array.from({ length: 15 }, (_, at) => `${String(at + 1).padStart(2, '0')}-lesson`);
  const [lesson] = grades.lessons;
  if (!lesson) throw new Error('no lesson');
  const wide = {
    ...grades,
    lessons: many.map(id => ({ ...lesson, id })),
    learners: grades.learners.map(one => ({
      ...one,
      learner: { id: `${one.learner.id}-名前-with-a-very-long-identifier-${EVIL[4]}` },
      lessons: many.flatMap(id =>
        one.lessons.slice(0, 1).map(it => ({ ...it, lesson: id, points: 12.75 })),
      ),
    })),
  };
  for (const width of [40, 60, 80, 120]) {
    const lines = gradeTable(wide, { width });
    expect(Math.max(...lines.map(line => stringWidth(line)))).toBeLessThanOrEqual(width);
    const shown =
      lines
        .filter(line => /12\.75/.test(line))
        .join('\n')
        .match(/12\.75/g) ?? [];
    expect(shown.length).toBe(15 * grades.learners.filter(one => one.submission).length);
  }
});
