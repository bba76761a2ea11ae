import stringWidth from 'fast-string-width';
import { describe, expect, test } from 'vitest';
import { gradeProgress, type ProgressOutput } from '../../cli/grade/progress.js';
import { shownFolder, tellGrades } from '../../cli/grade/tell.js';
import { makeStyle } from '../../cli/render/style.js';
import type { GradeEvent } from '../../grading/index.js';
import { classGrades } from './class.js';

function screen(live: boolean) {
  let time = 0;
  let text = '';
  const it: ProgressOutput = {
    write: more => {
      text += more;
    },
    columns: 80,
    live,
    now: () => time,
  };
  return { it, wait: (ms: number) => (time += ms), text: () => text };
}

const plan: GradeEvent = {
  type: 'plan',
  submissions: 20,
  lessons: ['02-publish-a-reading', '05-wildcards'],
  jobs: 40,
  seed: 's',
  isolation: 'bwrap',
  workers: 2,
};
const job = (at: number) => ({
  learner: `a-learner-with-a-long-name-${at}`,
  lesson: '05-wildcards',
});
const done = (at: number, more: object = {}): GradeEvent => ({
  type: 'done',
  ...job(at),
  status: 'graded',
  passed: 3,
  failed: 0,
  kept: false,
  ...more,
});

describe('progress', () => {
  test('on a terminal: three lines, never wider than it, gone at the end', () => {
    const { it, text, wait } = screen(true);
    const progress = gradeProgress(makeStyle({ width: 80, color: false }), it);
    progress.tell(plan);
    for (let at = 0; at < 10; at++) {
      progress.tell({ type: 'start', ...job(at) });
      wait(1000);
      if (at > 3) progress.tell(done(at - 3, at === 5 ? { failed: 1 } : {}));
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's own
    const frames = text().split(/\r\u001B\[\d+A\u001B\[J/);
    for (const line of frames.join('\n').split('\n')) expect(stringWidth(line)).toBeLessThan(80);
    expect(frames.at(-1)?.split('\n').slice(0, 3)).toEqual([
      'grading   6 of 40 · 36 a minute · under a minute left',
      expect.stringMatching(/^running {3}a-learner.*…$/),
      'so far    5 passed · 1 failed',
    ]);
    progress.end();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's own
    expect(text()).toMatch(/\u001B\[3A\u001B\[J$/);
    progress.say('Stopped.');
    expect(text()).toMatch(/Stopped\.\n$/);
  });

  test('without a terminal: a line now and then, at once what needs a person, a last one', () => {
    const { it, text, wait } = screen(false);
    const progress = gradeProgress(makeStyle({ width: 80, color: false, plain: true }), it);
    progress.tell(plan);
    for (let at = 0; at < 20; at++) {
      wait(1000);
      progress.tell(done(at));
    }
    progress.tell({ type: 'unreadable', submission: 'x\u001B[31m.zip', reason: 'broken', jobs: 2 });
    progress.tell({ type: 'again', ...job(1), reason: 'too busy' });
    progress.end();
    expect(text().trim().split('\n')).toEqual([
      '15 of 40 done, 60 a minute, under a minute left; 15 passed, 0 failed',
      'could not be read: x.zip (broken)',
      'once more: a-learner-with-a-long-name-1 05 could not be told (too busy)',
      '22 of 40 jobs done; 20 passed, 0 failed',
    ]);
  });

  test('what was known from before says nothing about the pace', () => {
    const { it, text, wait } = screen(false);
    const progress = gradeProgress(makeStyle({ width: 80, color: false }), it);
    progress.tell({ ...plan, jobs: 103 });
    for (let at = 0; at < 80; at++) progress.tell(done(at, { kept: true }));
    for (let at = 0; at < 3; at++) {
      wait(20_000);
      progress.tell(done(at));
    }
    expect(text()).toMatch(/83 of 103 done, 3 a minute, about 7 min left/);
  });
});

describe('the end', () => {
  const grades = classGrades();
  const input = { grades, table: ['the table'], out: '/somewhere/grades', notices: ['a thing'] };

  test('what a person has to look at, then the files, within 80 columns', () => {
    const files = ['class.json', 'feedback/a.html', 'feedback/b.html', 'grades.csv'];
    const lines = tellGrades({ ...input, files }, makeStyle({ width: 80, color: false }));
    const text = lines.join('\n');
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    expect(text).toMatch(
      /Could not be told; a person has to look\n {2}kowalska-z Zofia Kowalska, 09-last-will: /,
    );
    expect(text).toMatch(/Good to know\n {2}a thing/);
    expect(text).toMatch(
      /written to \/somewhere\/grades: class\.json · feedback\/ \(2 files\) · grades\.csv$/,
    );
  });

  test('nothing to look at, nothing said', () => {
    const calm = {
      ...grades,
      learners: grades.learners.filter(one => one.points !== null).slice(0, 1),
      absent: [],
      unexpected: [],
      unreadable: [],
    };
    const lines = tellGrades(
      { ...input, grades: calm, notices: [], files: ['grades.csv'] },
      makeStyle({ width: 80, color: false }),
    );
    expect(lines).toEqual(['', 'the table', '', 'written to /somewhere/grades: grades.csv']);
  });

  test('a folder is named as it would be typed', () => {
    expect(shownFolder(process.cwd())).toBe('.');
    expect(shownFolder(`${process.cwd()}/grades`)).toBe('grades');
  });
});
