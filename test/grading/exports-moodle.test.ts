import { expect, test } from 'vitest';
import { UsageError } from '../../course/errors.js';
import { readRaw } from '../../grading/exports/csv.js';
import { fillMoodle, moodleGradebook } from '../../grading/exports/moodle.js';
import { classGrades, excusedClass, hostileClass } from './class.js';

const ENGLISH = [
  'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed","Last modified (submission)","Last modified (grade)","Feedback comments"',
  '"Participant 91000","Folasade Adeyemi",other@example.edu,"Submitted for grading - ",,50.00,Yes,"Sunday, 1 March 2026, 9:00 PM",-,',
  '"Participant 1","Jonas Bauer",BAUER-J@example.edu,"Submitted for grading - ",12.00,50.00,Yes,-,-,',
  '"Participant 2","Lars Eriksen",eriksen-l@example.edu,"Submitted for grading - ",1.00,50.00,No,-,-,kept',
  '"Participant 3","Zofia Kowalska",kowalska-z@example.edu,"No submission",3.00,50.00,Yes,-,"Monday, 2 March 2026",kept',
  '"Participant 4","Petr Novák",,"Submitted for grading - ",,50.00,Yes,-,-,',
  '"Participant 5","Somebody Else",x@example.edu,"No submission",,50.00,Yes,-,-,',
].map(line => `${line}\n`);

test('fills the sum and the feedback in; dates and all other cells stay', () => {
  const filled = fillMoodle(classGrades(), ENGLISH.join(''));
  const before = readRaw(ENGLISH.join('')).rows;
  const after = readRaw(filled.text).rows;
  const grades = after.map(row => row.cells[4]?.value);
  expect(grades).toEqual(['Grade', '50', '33', '1.00', '3.00', '29', '']);
  for (const [at, row] of after.entries()) {
    for (const [column, cell] of row.cells.entries()) {
      if (column !== 4 && column !== 9) expect(cell.raw).toBe(before[at]?.cells[column]?.raw);
    }
  }
  expect(after[5]?.cells[9]?.value).toMatch(
    /^<p><strong>A first connection<\/strong>: all checks passed/,
  );
  expect(after[3]?.cells[9]?.raw).toBe('kept');
  expect(after[4]?.cells[9]?.raw).toBe('kept');
  const why = (who: string) => filled.left.find(one => one.who === who)?.why;
  expect(why('Lars Eriksen')).toBe('Moodle says that this grade cannot be changed');
  expect(why('Zofia Kowalska')).toBe('could not be told; a person has to look');
  expect(why('Somebody Else')).toBe('in the file, and not in this class');
});

test('one lesson, in German, with decimal commas and semicolons', () => {
  const german = [
    'ID;"Vollständiger Name";E-Mail-Adresse;Status;Bewertung;Bestwertung;"Bewertung kann geändert werden";"Zuletzt geändert (Abgabe)";"Zuletzt geändert (Bewertung)";"Feedback als Kommentar"\r\n',
    'Teilnehmer/in91014;"Wei Chen";chen-w@example.edu;-;;10,00;Ja;-;-;\r\n',
    'Teilnehmer/in7;"Kenji Itō";ito-k@example.edu;-;;10,00;Nein;-;-;\r\n',
  ];
  const filled = fillMoodle(classGrades(), german.join(''), { target: '05-wildcards' });
  const rows = readRaw(filled.text).rows;
  expect(rows.map(row => row.cells[4]?.raw)).toEqual(['Bewertung', '1,8', '']);
  expect(rows[1]?.cells[9]?.value).toContain(
    '<p>Handed in 2026-03-02 01:29 (+01:00), 1 hour 30 minutes after',
  );
});

test('a language that is not known: the order of columns and a name given tell', () => {
  const file = 'Kitambulisho,Jina kamili,Alama,Alama ya juu\nMshiriki 91000,x,,50.00\n';
  expect(() => fillMoodle(classGrades(), file)).toThrow(UsageError);
  const filled = fillMoodle(classGrades(), file, { heads: { grade: 'Alama' } });
  expect(filled.text).toBe(
    'Kitambulisho,Jina kamili,Alama,Alama ya juu\nMshiriki 91000,x,50,50.00\n',
  );
});

test('feedback of a hostile class is escaped HTML without an element of the learner’s', () => {
  const ids = { moodle: '5' };
  const grades = hostileClass();
  const first = {
    ...grades,
    learners: grades.learners
      .slice(1, 2)
      .map(one => ({ ...one, learner: { ...one.learner, ids } })),
  };
  const file = 'Identifier,Grade,Maximum grade,Feedback comments\nParticipant 5,,50.00,\n';
  const cell = readRaw(fillMoodle(first, file).text).rows[1]?.cells[3]?.value ?? '';
  expect(cell).toContain('&lt;script&gt;');
  expect(new Set(cell.match(/<\/?[a-z]+/g))).toEqual(
    new Set([
      '<p',
      '<strong',
      '</strong',
      '</p',
      '<ul',
      '<li',
      '<em',
      '</em',
      '</li',
      '</ul',
      '<br',
    ]),
  );
});

test('feedback keeps back what it is told to keep back', () => {
  const file = 'Identifier,Grade,Maximum grade,Feedback comments\nParticipant 91007,,50.00,\n';
  const cell = (detail: 'points' | 'messages') =>
    readRaw(fillMoodle(classGrades(), file, { detail }).text).rows[1]?.cells[3]?.value ?? '';
  expect(cell('messages')).toContain('#7 SUBSCRIBE');
  expect(cell('points')).not.toContain('#7 SUBSCRIBE');
});

test('the file for the gradebook has a dash where there is no grade', async () => {
  const text = moodleGradebook(classGrades());
  await expect(text).toMatchFileSnapshot('golden/moodle-gradebook.csv');
  expect(text).toContain('kowalska-z@example.edu,kowalska-z,9,10,10,8,-,-\r\n');
  expect(text).toContain('okafor-n@example.edu,okafor-n,-,-,-,-,-,-\r\n');
});

test('who is excused keeps the cell, and has a dash in the gradebook', () => {
  const excused = excusedClass('05-wildcards');
  const file = 'Identifier,Grade,Maximum grade\nParticipant 91000,,10.00\n';
  const filled = fillMoodle(excused, file, { target: '05-wildcards' });
  expect(filled.text).toBe(file);
  expect(filled.left[0]?.why).toMatch(/^excused in the course file/);
  expect(moodleGradebook(excused)).toContain('adeyemi-f@example.edu,adeyemi-f,9,10,-,11,10,50\r\n');
});

test('says what is no worksheet', () => {
  expect(() => fillMoodle(classGrades(), 'a,b\n1,2\n')).toThrow(/no grading worksheet of Moodle/);
});
