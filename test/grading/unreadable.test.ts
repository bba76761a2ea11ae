/**
 * What learners hand in that is not as it should be, in every layout: it is known again and graded,
 * or a person has to look. It is never a zero, and the learner is asked for the right thing.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  buildClass,
  defaultCourseFile,
  gradedLessons,
  gradeTable,
  readRecords,
  readRoster,
  writeExports,
} from '../../grading/index.js';
import { zipOf } from './archives.js';
import { solution, temporary, write } from './handed-in.js';
import { folder, grade } from './lab.js';

const lesson = '02-publish-a-reading';
const program = solution(lesson, 'typescript', 'main.ts');
const place = `exercises/${lesson}/typescript`;
const zipped = (path: string, data: string = program) => zipOf([{ name: path, data }]);

/** What is handed in, as files in the learner's folder; and whether it can be judged. */
const kinds: Readonly<
  Record<string, { files: Readonly<Record<string, string | Uint8Array>>; graded: boolean }>
> = {
  rar: { files: { 'work.rar': 'Rar!\u001a\u0007' }, graded: false },
  '7z': { files: { 'work.7z': '7z\u00bc\u00af' }, graded: false },
  'rar that says zip': {
    files: { 'work.zip': 'Rar!\u001a\u0007\u0000 more of it' },
    graded: false,
  },
  'two archives': {
    files: { 'a.zip': zipped(`${place}/main.ts`), 'b.zip': zipped(`${place}/main.ts`, 'x') },
    graded: false,
  },
  'an archive and a letter': {
    files: { 'work.zip': zipped(`${place}/main.ts`), 'letter.pdf': 'x' },
    graded: true,
  },
  'a lone main.ts': { files: { 'main.ts': program }, graded: false },
  'main (1).ts': { files: { [`${place}/main (1).ts`]: program }, graded: true },
  'Main.ts': { files: { [`${place}/Main.ts`]: program }, graded: true },
  'main.ts.txt': { files: { [`${place}/main.ts.txt`]: program }, graded: true },
  'solution.ts': { files: { [`${place}/solution.ts`]: program }, graded: true },
  'named after its lesson': { files: { '02-publish-a-reading.ts': program }, graded: true },
  'named lesson2': { files: { 'lesson2 (1).ts': program }, graded: true },
  'main.js': { files: { [`${place}/main.js`]: program }, graded: false },
  'five nested folders': { files: { [`a/b/c/d/e/${place}/main.ts`]: program }, graded: true },
  'seven nested folders': { files: { [`a/b/c/d/e/f/g/${place}/main.ts`]: program }, graded: true },
  'an empty zip': { files: { 'work.zip': zipOf([]) }, graded: false },
  'a corrupt zip': { files: { 'work.zip': 'PK\u0003\u0004 not a zip' }, graded: false },
  'a zip of nothing that counts': {
    files: { 'work.zip': zipped('essay.docx', 'x') },
    graded: false,
  },
  'a UTF-16 file': {
    files: { [`${place}/main.ts`]: Buffer.from(`\ufeff${program}`, 'utf16le') },
    graded: false,
  },
};

const ada = { id: 'ada', name: 'Ada Lovelace' };
/** Names of folders and files as platforms give them; a file of a learner lies at `at(name)`. */
const layouts: Readonly<
  Record<string, { at: (file: string) => string; only?: 'flat'; top?: string }>
> = {
  'folders with names': { at: file => `ada/${file}` },
  'Moodle folders': { at: file => `Ada Lovelace_4711_assignsubmission_file_/${file}` },
  'Moodle, flat': { at: file => `Ada Lovelace_4711_assignsubmission_file_${file}`, only: 'flat' },
  Canvas: { at: file => `lovelaceada_100_${1000 + file.charCodeAt(0)}_${file}`, only: 'flat' },
  Gradescope: { at: file => `submission_11/${file}` },
  Classroom: { at: file => `lab-3-ada-l/${file}` },
  'Classroom with its outer folder': { at: file => `lab-3-submissions/lab-3-ada-l/${file}` },
};
const roster = 'id,name,email,canvas,moodle,github\nada,Ada Lovelace,ada@x,100,4711,ada-l\n';
const metadata =
  'submission_11:\n  :submitters:\n  - :name: Ada Lovelace\n    :email: ada@x\n  :created_at: 2026-10-01 10:00:00 Z\n';

async function graded(files: Readonly<Record<string, string | Uint8Array>>) {
  const [top, out] = [join(temporary(), 'in'), folder()];
  await write(top, files);
  await write(out, { 'class.csv': roster });
  const members = await readRoster(join(out, 'class.csv'));
  const { run } = await grade(top, out, { roster: members });
  const grades = buildClass({
    run,
    records: readRecords(out).records,
    lessons: await gradedLessons(run.lessons),
    courseFile: defaultCourseFile(),
  });
  await writeExports(grades, { out });
  const read = (path: string) => readFileSync(join(out, path), 'utf8');
  return {
    grades,
    screen: gradeTable(grades, { width: 200 }).join('\n'),
    csv: read('grades.csv'),
    report: read('report.html'),
    page: read('feedback/ada.html'),
  };
}

describe.each(Object.entries(layouts))('%s', (layout, { at, only }) => {
  const fitting = Object.entries(kinds).filter(
    ([, { files }]) => only !== 'flat' || Object.keys(files).every(path => !path.includes('/')),
  );
  it.each(fitting)('%s', async (kind, one) => {
    const files = Object.fromEntries(
      Object.entries(one.files).map(([path, data]) => [at(path), data]),
    );
    const meta = layout === 'Gradescope' ? { 'submission_metadata.yml': metadata } : {};
    const told = await graded({ ...files, ...meta });
    const learner = told.grades.learners.find(other => other.learner.id === ada.id);
    const grade = learner?.lessons.find(other => other.lesson === lesson);
    // Two archives of which one was handed in later: the later one counts.
    const newest = kind === 'two archives' && layout === 'Canvas';
    if (one.graded || newest) {
      expect(grade).toMatchObject({ status: 'graded', track: 'typescript' });
      return;
    }
    expect(grade).toMatchObject({ status: 'unknown', points: null });
    expect(grade?.unreadable).toBeTruthy();
    expect(learner?.points).toBeNull();
    const row = told.csv.split('\r\n').find(line => line.startsWith('ada,')) ?? '';
    expect(row).toMatch(/^ada,Ada Lovelace,ada@x,[^,]*,,/);
    expect(row).toContain('could not be read: ');
    expect(told.screen).toMatch(/^ada Ada Lovelace +\?/m);
    expect(told.report).toContain('could not be read: ');
    expect(told.page).toContain('Please hand in again');
    expect(told.page).not.toContain('on our side');
  });
});

it('what lies in the folder of another lesson, or nowhere at all, is nothing handed in', async () => {
  for (const files of [
    { 'ada/exercises/09-last-will/typescript/main.ts': 'x' },
    { 'bob/x.ts': '' },
  ]) {
    const { grades } = await graded(files);
    const learner = grades.learners.find(other => other.learner.id === ada.id);
    expect(learner?.lessons.map(one => one.status)).toEqual(['missing', 'missing']);
    expect(learner?.points).toBe(0);
  }
});

it('of two lessons, the one that is there is graded and the loose program is for a person', async () => {
  const { grades } = await graded({ [`ada/${place}/main.ts`]: program, 'ada/main.py': 'x' });
  expect(grades.learners[0]?.lessons.map(one => one.status)).toEqual(['graded', 'unknown']);
});

describe('the newest counts', () => {
  it('in Canvas, by the attempt and by -1, -2, -10; and which one is on the page and the report', async () => {
    const zip = (text: string) => zipped(`${place}/main.ts`, text);
    const told = await graded({
      'lovelaceada_100_900_work.zip': zip('old'),
      'lovelaceada_100_900_work-2.zip': zip('older'),
      'lovelaceada_100_900_work-10.zip': zip(program),
    });
    const [learner] = told.grades.learners;
    expect(learner?.submission).toBe('lovelaceada_100_900_work-10.zip');
    expect(learner?.others).toEqual([
      'lovelaceada_100_900_work-2.zip',
      'lovelaceada_100_900_work.zip',
    ]);
    expect(told.page).toContain('Judged: lovelaceada_100_900_work-10.zip.');
    expect(told.page).toContain(
      'not judged: lovelaceada_100_900_work-2.zip, lovelaceada_100_900_work.zip',
    );
    expect(told.report).toContain('lovelaceada_100_900_work-10.zip');
  });

  it('also when the newer one is a single file, or cannot be read', async () => {
    const single = await graded({
      'lovelaceada_100_900_work.zip': zipped(`${place}/main.ts`),
      'lovelaceada_100_905_lesson-2.ts': 'newer',
    });
    expect(single.grades.learners[0]?.submission).toBe('lovelaceada_100_905_lesson-2.ts');
    const rar = await graded({
      'lovelaceada_100_900_work.zip': zipped(`${place}/main.ts`),
      'lovelaceada_100_905_work.rar': 'Rar!',
    });
    expect(rar.grades.learners[0]).toMatchObject({ points: null });
  });
});

it('names that differ in capitals or in the form of their letters are one learner, which is said', async () => {
  const { grades, report } = await graded({
    [`jos\u00e9/${place}/main.ts`]: program,
    [`Jose\u0301/${place}/main.ts`]: program,
  });
  const josé = grades.learners.filter(
    one => one.learner.id.normalize('NFC').toLowerCase() === 'josé',
  );
  expect(josé).toHaveLength(1);
  expect(josé[0]?.lessons[0]?.unreadable).toContain('nothing says which is newer');
  expect(report).toContain('nothing says which is newer');
});

it('under pseudonyms no name of a file tells who it was', async () => {
  const [top, out] = [join(temporary(), 'in'), folder()];
  await write(top, { 'lovelaceada_100_7_a.zip': 'x', 'lovelaceada_100_7_b.zip': 'x' });
  const { run } = await grade(top, out);
  const grades = buildClass({
    run,
    records: readRecords(out).records,
    lessons: await gradedLessons(run.lessons),
    courseFile: defaultCourseFile(),
  });
  expect(JSON.stringify(grades)).toContain('lovelaceada_100_7_b.zip');
  await writeExports(grades, { out, pseudonyms: join(temporary(), 'key.json') });
  for (const path of ['class.json', 'grades.csv', 'report.html']) {
    expect(readFileSync(join(out, path), 'utf8'), path).not.toContain('lovelaceada');
  }
});
