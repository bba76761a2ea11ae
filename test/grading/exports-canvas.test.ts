import { expect, test } from 'vitest';
import { UsageError } from '../../course/errors.js';
import { fillCanvas } from '../../grading/exports/canvas.js';
import { filledWords } from '../../grading/exports/fill.js';
import { gradesCsv } from '../../grading/exports/tables.js';
import { classGrades, excusedClass } from './class.js';

const HEAD =
  'Student,ID,SIS User ID,SIS Login ID,Section,Essay (700),Wildcards (701),"The last will (702)",mqtt total (703),Current Score (read only)';

const BOOK = [
  HEAD,
  '    Points Possible,,,,,20,10,100,50,(read only)',
  '"Adeyemi, Folasade",4000,s1,x1,"Lab ""A"", Tue",=bad,,,,98',
  '"Bauer, Jonas",9999,bauer-j,x2,A, 3.50 ,,,,',
  '"Chen, Wei",9998,s3,CHEN-W,A,,0,0,0,1',
  '"Dubois, Chloé",9997,s4,x4,"A\nB",,EX,,,',
  '"Kowalska, Zofia",4008,s5,x5,A,,1,7.77,"33,5",',
  '"Nobody, Here",1,s6,x6,A,,5,5,5,',
  '"Okafor, Nneka",4011,s7,x7,A,,,,,',
  '"Student, Test",3,,,A,,,,,',
];
const book = (end = '\r\n', mark = '\uFEFF') => mark + BOOK.join(end) + end;
const columns = { total: '703' };

test('fills our columns, and nothing else changes by a byte', () => {
  const filled = fillCanvas(classGrades(), book(), { columns });
  const expected = [...BOOK];
  expected[2] = '"Adeyemi, Folasade",4000,s1,x1,"Lab ""A"", Tue",=bad,10,10,50,98';
  expected[3] = '"Bauer, Jonas",9999,bauer-j,x2,A, 3.50 ,2,4,33,';
  expected[4] = '"Chen, Wei",9998,s3,CHEN-W,A,,1.8,9,26.1,1';
  expected[5] = '"Dubois, Chloé",9997,s4,x4,"A\nB",,EX,2,29,';
  expected[6] = '"Kowalska, Zofia",4008,s5,x5,A,,10,7.77,"33,5",';
  expect(filled.text).toBe(`\uFEFF${expected.join('\r\n')}\r\n`);
  expect(filled.columns).toEqual([
    { column: 'Wildcards (701)', target: '05-wildcards' },
    { column: 'The last will (702)', target: '09-last-will' },
    { column: 'mqtt total (703)', target: 'total' },
  ]);
});

test('what was not filled is listed with its reason', async () => {
  const filled = fillCanvas(classGrades(), book(), { columns });
  const words = `${filledWords('canvas.csv', filled).join('\n')}\n`;
  await expect(words).toMatchFileSnapshot('golden/canvas.txt');
  const left = (who: string) => filled.left.filter(one => one.who === who).map(one => one.why);
  expect(left('Kowalska, Zofia')).toEqual(Array(2).fill('could not be told; a person has to look'));
  expect(left('Dubois, Chloé')).toEqual(['excused in Canvas']);
  expect(left('Nobody, Here')).toEqual(['in the file, and not in this class']);
  expect(left('haddad-r')).toEqual(['in this class, and not in the file']);
  expect(filled.notes).toEqual([
    'The last will (702): 100 points are possible there, 10 here; the points were written as they are, not scaled',
  ]);
});

test('keeps line ends, a file without a mark, and a semicolon as it finds them', () => {
  const other = BOOK.map(line => line.replaceAll(';', ',')).join('\n');
  expect(fillCanvas(classGrades(), other, { columns }).text.split('\n')[0]).toBe(HEAD);
  const semicolons =
    'Student;ID;SIS User ID;SIS Login ID;Section;Wildcards (701)\n    Points Possible;;;;;10\nX;4002;;;A;';
  expect(fillCanvas(classGrades(), semicolons).text).toBe(`${semicolons}1.8`);
});

test('scales when asked, and writes zeros for the absent when asked', () => {
  const filled = fillCanvas(classGrades(), book(), { columns, scale: true, absent: 'zero' });
  const lines = filled.text.split('\r\n');
  expect(lines[3]).toBe('"Bauer, Jonas",9999,bauer-j,x2,A, 3.50 ,2,40,33,');
  expect(lines.find(line => line.startsWith('"Okafor'))).toBe(
    '"Okafor, Nneka",4011,s7,x7,A,,0,0,0,',
  );
});

test('two learners of one name are not guessed at', () => {
  const grades = classGrades();
  const twins = {
    ...grades,
    learners: grades.learners.map(({ learner, ...rest }) => ({
      ...rest,
      learner: { id: learner.id, name: 'Sam Lee' },
    })),
  };
  const file = 'Student,ID,SIS User ID,SIS Login ID,Section,Wildcards (701)\n"Lee, Sam",1,,,A,\n';
  const filled = fillCanvas(twins, file);
  expect(filled.text).toBe(file);
  expect(filled.left[0]?.why).toBe('two learners of this class could be meant');
});

test('a column that no learner row reaches yet is made', () => {
  const short = 'Student,ID,SIS User ID,SIS Login ID,Section,Wildcards (701)\nX,4002\n';
  expect(fillCanvas(classGrades(), short).text).toBe(
    'Student,ID,SIS User ID,SIS Login ID,Section,Wildcards (701)\nX,4002,,,,1.8\n',
  );
});

test.each([
  ['learner,points\na,1\n', /begins with the columns Student, ID/],
  ['Student,ID,SIS User ID,SIS Login ID,Section,Essay (1)\n', /its assignments are "Essay \(1\)"/],
])('says what is wrong with %j', (file, message) => {
  expect(() => fillCanvas(classGrades(), file)).toThrow(UsageError);
  expect(() => fillCanvas(classGrades(), file)).toThrow(message);
});

test('says which mapping is wrong', () => {
  const with_ = (wanted: Record<string, string>) => () =>
    fillCanvas(classGrades(), book(), { columns: wanted });
  expect(with_({ total: '999' })).toThrow(
    /has no column "999"; its assignments are "Essay \(700\)"/,
  );
  expect(with_({ '77-nothing': '700' })).toThrow(/there is no lesson 77-nothing/);
  expect(with_({ total: '701' })).toThrow(/two targets want the column "Wildcards \(701\)"/);
});

test('who is excused from a lesson gets EX there, also when nothing came, and never a zero', () => {
  const excused = excusedClass('05-wildcards');
  const lines = fillCanvas(excused, book(), { columns }).text.split('\r\n');
  expect(lines[3]).toBe('"Bauer, Jonas",9999,bauer-j,x2,A, 3.50 ,EX,4,33,');
  expect(lines.find(line => line.startsWith('"Okafor'))).toBe(
    '"Okafor, Nneka",4011,s7,x7,A,,EX,,,',
  );
  const [head, first] = gradesCsv(excused).split('\r\n');
  const cell = (name: string) => first?.split(',')[head?.split(',').indexOf(name) ?? -1];
  expect([cell('excused'), cell('05-wildcards')]).toEqual(['05-wildcards', '']);
});
