/** What a person decides over the checks, and which course file counts. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCourseFile } from '../../grading/course-file.js';
import { fillCanvas } from '../../grading/exports/canvas.js';
import { moodleGradebook } from '../../grading/exports/moodle.js';
import {
  buildClass,
  type CourseFile,
  defaultCourseFile,
  gradeChanges,
  gradedLessons,
  gradeTable,
  mergeFolders,
  readOverrides,
  readRecords,
  readRun,
  storedOverrides,
  writeExports,
} from '../../grading/index.js';
import { lockOut, writeRun } from '../../grading/store.js';
import { solution } from './handed-in.js';
import { fakeRunner, folder, grade, judgedAs, verdictsFor } from './lab.js';

const lesson = '02-publish-a-reading';
const lessons = [lesson, '15-acl-lab'];
const program = solution(lesson, 'typescript', 'main.ts');

/** A class in which every check of a TypeScript program fails with a why; graded without running. */
async function classOf(ids: readonly string[], courseFile?: CourseFile) {
  const [top, out] = [folder(), folder()];
  for (const id of ids) {
    const place = join(top, id, 'exercises', lesson, 'typescript');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'main.ts'), `${program}// ${id}\n`);
    writeFileSync(join(place, 'helper.ts'), 'export const half = 0.5;\n');
  }
  const runner = fakeRunner(async job =>
    judgedAs(
      (await verdictsFor(job)).map((one, at) => ({
        ...one,
        status: at === 0 ? ('failed' as const) : ('passed' as const),
        ...(at === 0 ? { why: 'it does' } : {}),
      })),
    ),
  );
  await grade(top, out, { lessons, runner, ...(courseFile ? { courseFile } : {}) });
  return { top, out };
}

async function gradesOf(out: string, courseFile?: CourseFile) {
  const run = readRun(out);
  if (!run) throw new Error('no results');
  const known = await gradedLessons(run.lessons);
  const learners = run.members.map(one => one.learner);
  return buildClass({
    run,
    records: readRecords(out).records,
    lessons: known,
    courseFile: courseFile ?? run.courseFile ?? defaultCourseFile(),
    overrides: await storedOverrides(out, { lessons: known, learners }),
  });
}

const write = (out: string, lines: readonly string[]) =>
  writeFileSync(
    join(out, 'overrides.csv'),
    `learner,lesson,check,points,reason,who,comment\n${lines.join('\n')}\n`,
  );

describe('overrides.csv', () => {
  it('a check, a lesson, a comment: applied last, with reason and name, everywhere', async () => {
    const { out } = await classOf(['ada', 'bob', 'eve']);
    const before = await gradesOf(out);
    const [first] = before.learners[0]?.lessons ?? [];
    const check = first?.checks[0];
    expect(check?.status).toBe('failed');
    write(out, [
      `ada,2,${check?.id},,"passed on my machine, seen in the lab",Dr. B,`,
      'BOB,lesson-2,,7.345,handed in twice,Dr. B,Talk to me on Friday',
      'eve,,,,,Dr. B,Good work',
    ]);
    const grades = await gradesOf(out);
    const [ada, bob, eve] = grades.learners;
    expect(ada?.lessons[0]?.points).toBe(10);
    expect(ada?.lessons[0]?.checks[0]).toMatchObject({ status: 'failed', points: check?.max });
    expect(bob?.lessons[0]).toMatchObject({
      points: 7.35,
      overrides: [{ before: first?.points, points: 7.35, who: 'Dr. B', reason: 'handed in twice' }],
    });
    expect(eve?.points).toBe(before.learners[2]?.points);
    await writeExports(grades, {
      out,
      formats: ['csv', 'feedback', 'report', 'gradescope', 'junit'],
    });
    const read = (path: string) => readFileSync(join(out, path), 'utf8');
    for (const text of ['feedback/bob.html', 'report.html', 'grades.csv', 'gradescope/bob.json']) {
      expect(read(text), text).toContain('7.35 instead of');
      expect(read(text), text).toContain('decided by Dr. B: handed in twice');
    }
    expect(read('feedback/bob.html')).toContain('Talk to me on Friday');
    expect(read('feedback/eve.html')).toContain('Good work');
    expect(read('checks.csv')).toMatch(/^bob,.*,decided,7.35,10,,,,Dr. B,handed in twice/m);
  });

  it('gives points where nothing could be told, and where nothing came', async () => {
    const { out } = await classOf(['ada']);
    write(out, ['ada,15,,4,shown on paper,Dr. B,']);
    const [ada] = (await gradesOf(out)).learners;
    expect(ada?.lessons[1]).toMatchObject({ status: 'graded', points: 4 });
  });

  it('fills a gradebook in also for whom nothing came from', async () => {
    const { out } = await classOf(['ada']);
    const run = readRun(out);
    const mia = { learner: { id: 'mia', ids: { canvas: '4' } }, notices: [] };
    if (run) writeRun(out, { ...run, members: [...run.members, mia] });
    write(out, ['mia,2,,7.5,handed in on paper,Dr. B,']);
    const book = 'Student,ID,Section,Lab 2 (12),Lab 15 (13)\nMia,4,A,,\n';
    const columns = { [lesson]: 'Lab 2', '15-acl-lab': 'Lab 15' };
    const filled = fillCanvas(await gradesOf(out), book, { columns });
    expect(filled.text).toBe('Student,ID,Section,Lab 2 (12),Lab 15 (13)\nMia,4,A,7.5,\n');
  });

  it.each([
    ['zoe,2,,5,x,y,', /overrides\.csv:2: zoe is not in this class/],
    ['ada,99,,5,x,y,', /99 does not exist/],
    ['ada,2,T99,,x,y,', /T99 is not a check of 02-publish-a-reading/],
    ['ada,2,,five,x,y,', /five is not a number of points/],
    ['ada,2,,5,,y,', /needs a reason, and who decided it/],
    ['ada,2,,5,x,,', /needs a reason, and who decided it/],
    ['ada,,,5,x,y,', /no lesson is named/],
    ['ada,2,,,,,', /neither points nor a comment/],
    ['ada,2,,5,x,y,\nAda,2,,6,x,y,', /overrides\.csv:3: Ada has this already, in line 2/],
    ['ada,15,SECURITY.md,,x,y,', /judged by a person: give the points/],
  ])('%s is said, with its line', async (line, says) => {
    const out = folder();
    write(out, [line]);
    await expect(
      readOverrides(join(out, 'overrides.csv'), {
        lessons: await gradedLessons(lessons),
        learners: [{ id: 'ada' }],
      }),
    ).rejects.toThrow(says);
  });
});

describe('what a person judges', () => {
  it('is a line that is empty until it is filled in; without points it holds nothing up', async () => {
    const { out } = await classOf(['ada']);
    const yaml = 'lessons:\n  15:\n    rubric: { SECURITY.md: 4 }\n';
    const course = await parseCourseFile(yaml, 'grading.yaml');
    write(out, ['ada,15,T1,5,shown,Dr. B,']);
    const [plain] = (await gradesOf(out)).learners;
    expect(plain?.lessons[1]).toMatchObject({
      points: 5,
      max: 10,
      rubric: [{ id: 'SECURITY.md', max: 0, points: null }],
    });
    const grades = await gradesOf(out, course);
    expect(grades.lessons[1]?.max).toBe(14);
    expect(grades.learners[0]?.lessons[1]).toMatchObject({
      points: null,
      max: 14,
      status: 'graded',
    });
    await writeExports(grades, { out });
    const read = (path: string) => readFileSync(join(out, path), 'utf8');
    expect(read('feedback/ada.html')).toContain('____ of 4 (not yet judged)');
    expect(read('grades.csv')).toContain('SECURITY.md waits for a person');
    write(out, ['ada,15,T1,5,shown,Dr. B,', 'ada,15,SECURITY.md,3.5,true and short,Dr. B,']);
    const [filled] = (await gradesOf(out, course)).learners;
    expect(filled?.lessons[1]).toMatchObject({ points: 8.5, max: 14 });
  });

  it('of a lesson that has nothing of it is said', async () => {
    await expect(
      parseCourseFile('lessons:\n  2:\n    rubric: { SECURITY.md: 4 }\n', 'grading.yaml'),
    ).rejects.toThrow(/02-publish-a-reading has nothing that a person judges/);
  });
});

describe('the course file of a grading', () => {
  it('is stored by content, counts for the merge, and a difference is said', async () => {
    const one = { ...defaultCourseFile(), points: 20 };
    const a = await classOf(['ada'], one);
    const b = await classOf(['bob'], one);
    expect(readRun(a.out)?.courseFile).toEqual(one);
    const whole = folder();
    const merged = mergeFolders([a.out, b.out], whole);
    expect(merged.run.courseFile).toEqual(one);
    expect((await gradesOf(whole)).lessons[0]?.max).toBe(20);
    const c = await classOf(['cyd'], { ...one, points: 5 });
    const mixed = mergeFolders([a.out, c.out], folder());
    expect(mixed.notices.join()).toMatch(/graded with different course files/);
  });

  it('a changed weight moves somebody, and the reason is said', async () => {
    const { out } = await classOf(['ada']);
    const before = await gradesOf(out);
    const id = before.lessons[0]?.checks[0]?.id ?? '';
    const heavy = { ...defaultCourseFile(), lessons: { [lesson]: { checks: { [id]: 9 } } } };
    const { moves } = gradeChanges(before, await gradesOf(out, heavy));
    expect(moves).toHaveLength(1);
    expect(moves[0]?.checks).toEqual([]);
    expect(moves[0]?.because.join()).toContain(`${id} `);
    expect(moves[0]?.because.join()).toMatch(/is worth [\d.]+, was [\d.]+/);
  });
});

it('the program stands beside its verdicts, as it was judged', async () => {
  const { out } = await classOf(['ada']);
  const { readHandedIn } = await import('../../grading/index.js');
  const files = readHandedIn(out, 'ada', lesson);
  expect(files.map(one => one.name)).toEqual(['main.ts', 'helper.ts']);
  await writeExports(await gradesOf(out), {
    out,
    judged: (learner, id) => readHandedIn(out, learner, id),
  });
  const page = readFileSync(join(out, 'feedback/ada.html'), 'utf8');
  expect(page).toContain('The program as it was judged: main.ts');
  expect(page).toContain('// ada');
  expect(page).toContain('export const half = 0.5;');
});

it('--only with another folder keeps everybody else and their lessons', async () => {
  const { out } = await classOf(['ada', 'bob']);
  const late = folder();
  const place = join(late, 'zoe', 'exercises', lesson, 'typescript');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'main.ts'), `${program}// zoe\n`);
  const { run } = await grade(late, out, { lessons: [lesson], only: ['zoe'], some: true });
  expect(run.members.map(one => one.learner.id)).toEqual(['ada', 'bob', 'zoe']);
  expect(run.lessons).toEqual(lessons);
  const grades = await gradesOf(out);
  expect(grades.learners.map(one => one.lessons[0]?.status)).toEqual([
    'graded',
    'graded',
    'graded',
  ]);
});

it('excused is excused in the sums of Canvas and Moodle, on screen and in the report', async () => {
  const { out } = await classOf(['ada', 'bob']);
  const excusing = {
    ...defaultCourseFile(),
    excused: [{ learner: 'ada', lessons: ['15-acl-lab'] }],
  };
  const grades = await gradesOf(out, excusing);
  const [ada] = grades.learners;
  const earned = ada?.points ?? 0;
  expect(ada).toMatchObject({ max: 10, points: earned });
  const book = 'Student,ID,Section,Lab 15 (13),MQTT course (14)\nada,1,A,,\nbob,2,A,,\n';
  const named = {
    ...grades,
    learners: grades.learners.map((one, at) => ({
      ...one,
      learner: { ...one.learner, ids: { canvas: String(at + 1) } },
    })),
  };
  const filled = fillCanvas(named, book, { columns: { '15-acl-lab': 'Lab 15' } });
  expect(filled.text).toContain(`ada,1,A,EX,${earned * 2}\n`);
  expect(filled.text).toContain(`bob,2,A,0,${earned}\n`);
  expect(filled.notes.join()).toContain(`${earned} of 10 count as ${earned * 2} of 20`);
  expect(moodleGradebook(grades)).toContain(`,ada,${earned},-,${earned * 2}\r\n`);
  expect(gradeTable(grades).join('\n')).toMatch(
    new RegExp(`^ada +${earned} +ex +${earned}/10$`, 'm'),
  );
  await writeExports(grades, { out, formats: ['report', 'feedback'] });
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<td class="num dim">ex</td>');
  expect(readFileSync(join(out, 'feedback/ada.html'), 'utf8')).toContain('excused');
});

describe('two gradings in one folder', () => {
  it('the second says so; what a killed one left is taken over', () => {
    const out = folder();
    const free = lockOut(out);
    expect(() => lockOut(out)).toThrow(/another grading writes to/);
    free();
    const again = lockOut(out);
    again();
    writeFileSync(
      join(out, '.grading'),
      JSON.stringify({ pid: 2 ** 22 - 1, host: 'x', began: null }),
    );
    // Of another machine nobody can tell.
    expect(() => lockOut(out)).toThrow(/remove .*\.grading/);
    const stale = JSON.parse(JSON.stringify({ pid: 2 ** 22 - 1, began: '1' }));
    writeFileSync(join(out, '.grading'), JSON.stringify({ ...stale, host: hostname() }));
    lockOut(out)();
  });
});
