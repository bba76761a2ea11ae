import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  CourseError,
  exerciseEntry,
  findLesson,
  lessonIds,
  lessonRefs,
  loadLesson,
  nextLesson,
  packageRoot,
  parseLesson,
  UsageError,
} from '../../course/index.js';
import { lessonText, put, smallCourse } from './fixture.js';

describe('finding a lesson', () => {
  test.each([
    ['05-wildcards'],
    ['lesson-5'],
    ['5'],
    ['05'],
    ['wildcards'],
    ['Lesson-05'],
    ['exercises/05-wildcards/typescript/main.ts'],
    [' 5 '],
  ])('%s is 05-wildcards', name => {
    expect(findLesson(name, smallCourse())).toMatchObject({ id: '05-wildcards', name: 'lesson-5' });
  });

  test.each([
    ['lesson-16', 'lesson-16 does not exist; the last lesson is 05-wildcards.'],
    ['0', '0 does not exist; the first lesson is 01-first-connection.'],
    ['wildcrads', 'wildcrads does not exist; did you mean 05-wildcards?'],
    ['conection', 'conection does not exist; did you mean 01-first-connection?'],
    ['zzz', 'zzz does not exist; the lessons are 01-first-connection to 05-wildcards.'],
    ['3', '3 does not exist; the lessons are 01-first-connection to 05-wildcards.'],
  ])('%s is refused with what would be right', (name, text) => {
    const root = smallCourse();
    const wrong = () => findLesson(name, root);
    expect(wrong).toThrow(UsageError);
    expect(wrong).toThrow(`${text} List them: npx mqtt-course list`);
  });

  test('lessons are what is on disk, in order', () => {
    const root = smallCourse();
    expect(lessonIds(root)).toEqual([
      '01-first-connection',
      '02-publish-a-reading',
      '05-wildcards',
    ]);
    put(root, { 'lessons/03-more.md': lessonText('More') });
    expect(lessonIds(root)).toContain('03-more');
    expect(nextLesson('02-publish-a-reading', root)?.id).toBe('03-more');
    expect(nextLesson('05-wildcards', root)).toBeUndefined();
  });

  test('a course without lessons says which folder is missing', () => {
    expect(() => lessonIds('/nowhere')).toThrow(CourseError);
  });
});

describe('front matter', () => {
  const ref = { id: '05-x', number: 5, slug: 'x', name: 'lesson-5', file: '/c/lessons/05-x.md' };
  const parse = (source: string, strict = false) =>
    parseLesson(source, ref, { strict, shownAs: 'lessons/05-x.md' });

  test('is read with its defaults', () => {
    expect(loadLesson('5', smallCourse())).toMatchObject({
      title: 'Wildcards',
      minutes: 10,
      timers: true,
      buildsOn: [],
      quiz: [],
      hints: { python: ['py question', 'py place', 'py line'] },
      body: '# Wildcards\n\nText of Wildcards.\n',
    });
  });

  test('hints may be common to both tracks', () => {
    const lesson = parse('---\ntitle: T\nminutes: 5\nsummary: S\nhints: [a, b, c]\n---\n# T\n');
    expect(lesson.hints.typescript).toEqual(['a', 'b', 'c']);
    expect(lesson.hints.python).toEqual(['a', 'b', 'c']);
  });

  test('an option that looks like a number is text', () => {
    const extra = 'quiz: [{id: q, question: Q, options: [21, 9], answer: 2, why: W}]\n';
    expect(parse(lessonText('T', extra)).quiz[0]?.options).toEqual(['21', '9']);
  });

  test.each([
    ['no front matter', '# T\n', 'lessons/05-x.md: front matter is missing'],
    ['YAML', '---\ntitle: [T\n---\n', 'lessons/05-x.md:2: front matter: '],
    [
      'a missing title',
      lessonText('T').replace(/title.*\n/, ''),
      'lessons/05-x.md: title: is missing',
    ],
    [
      'two hints',
      lessonText('T').replace('[py question, py place, py line]', '[a, b]'),
      'lessons/05-x.md: hints.python: needs 3 hints',
    ],
    [
      'an answer that is not an option',
      lessonText('T', 'quiz: [{id: q, question: Q, options: [a, b], answer: 3, why: W}]\n'),
      'lessons/05-x.md: quiz.0.answer: is not the number of an option',
    ],
    [
      'minutes in words',
      lessonText('T').replace('minutes: 10', 'minutes: ten'),
      'lessons/05-x.md: minutes: ',
    ],
  ])('names file and field: %s', (_, source, message) => {
    expect(() => parse(source)).toThrow(CourseError);
    expect(() => parse(source)).toThrow(message);
  });

  test('an unknown field is refused only for authors', () => {
    const source = lessonText('T', 'titel: x\n');
    expect(parse(source).title).toBe('T');
    expect(() => parse(source, true)).toThrow('unknown field titel');
  });
});

test('every lesson of this course has front matter without slips, and builds on lessons that exist', () => {
  const ids = lessonIds();
  for (const { id } of lessonRefs()) {
    const lesson = loadLesson(id);
    expect(lesson.body, id).toMatch(/^# /);
    for (const other of lesson.buildsOn) {
      expect(Number.parseInt(other, 10), `${id} builds on ${other}`).toBeLessThan(lesson.number);
    }
  }
  expect(new Set(ids).size).toBe(ids.length);
});

test('the entry of an exercise is the file of its track', () => {
  const root = smallCourse();
  expect(exerciseEntry('05-wildcards', 'python', root)).toBe('main.py');
  expect(exerciseEntry('04-none', 'python', root)).toBeUndefined();
  expect(packageRoot()).toBe(join(import.meta.dirname, '..', '..'));
});
