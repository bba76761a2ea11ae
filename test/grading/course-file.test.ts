import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lessonIds, UsageError } from '../../course/index.js';
import {
  defaultCourseFile,
  exampleCourseFile,
  lessonsNamed,
  parseCourseFile,
  readCourseFile,
  unknownLearners,
} from '../../grading/course-file.js';
import { temporary } from './handed-in.js';

const checksOf = async () => ['T1', 'T2', 'T3'];
const read = (text: string) => parseCourseFile(text, 'grading.yaml', { checksOf });

describe('a course file', () => {
  it('that is empty, or the example, gives the defaults', async () => {
    expect(await read('')).toEqual(defaultCourseFile());
    expect(await read(exampleCourseFile())).toEqual(defaultCourseFile());
  });

  it('the examples in the example are right when they are switched on', async () => {
    const lines = exampleCourseFile()
      .split('\n')
      .filter(line => !/^(lessons: \{\}|extensions: \[\]|excused: \[\])$/.test(line));
    const on = lines
      .join('\n')
      .replace(/^# (time-zone|deadline):/gm, '$1:')
      .replace(/^# {2}( {2})?05-wild/m, 'lessons:\n  05-wild')
      .replace(/^# {2,4}(?=\S)(points: 20|deadline|checks)/gm, '    $1')
      .replace(/^# {2}(max-days|cutoff)/gm, '  $1')
      .replace(/^# {2}- \{ learner: ada/m, 'extensions:\n  - { learner: ada')
      .replace(/^# {2}- \{ learner: bob/m, '  - { learner: bob')
      .replace(/^# {2}- \{ learner: eve/m, 'excused:\n  - { learner: eve');
    const course = await read(on);
    expect(course).toMatchObject({
      timeZone: 'Europe/Berlin',
      deadline: { iso: '2026-10-01T23:59:59+02:00', zone: 'Europe/Berlin' },
      lessons: { '05-wildcards': { points: 20, checks: { T1: 2, T3: 0 } } },
      late: { maxDays: 5, cutoff: { days: 7 } },
      extensions: [
        { learner: 'ada', by: { until: { iso: '2026-10-05T23:59:59+02:00' } } },
        { learner: 'bob', lessons: ['05-wildcards', '06-qos-handshakes'], by: { days: 3 } },
      ],
      excused: [{ learner: 'eve', lessons: ['14-tls'] }],
    });
    expect(lessonsNamed(course)).toEqual(['05-wildcards']);
    expect(unknownLearners(course, who => who === 'ada')).toEqual(['bob', 'eve']);
  });

  it('names lessons as people do', async () => {
    const course = await read('lessons:\n  5: { points: 3 }\n  lesson-6: { points: 4 }\n');
    expect(Object.keys(course.lessons)).toEqual(['05-wildcards', '06-qos-handshakes']);
  });

  it('a cutoff in days, or at a time', async () => {
    const cutoff = async (text: string) => (await read(`late: { cutoff: ${text} }`)).late.cutoff;
    expect(await cutoff('7')).toEqual({ days: 7 });
    expect(await cutoff('1 day')).toEqual({ days: 1 });
    expect(await cutoff('2026-10-09 12:00 UTC')).toEqual({
      until: { iso: '2026-10-09T12:00:59+00:00' },
    });
  });

  it('a time: zone of its own, an offset, a date, summer and winter', async () => {
    const deadline = async (text: string) => (await read(text)).deadline?.iso;
    expect(await deadline('deadline: 2026-10-01 23:59 Europe/Berlin')).toBe(
      '2026-10-01T23:59:59+02:00',
    );
    expect(await deadline('deadline: 2026-12-01 23:59 Europe/Berlin')).toBe(
      '2026-12-01T23:59:59+01:00',
    );
    expect(await deadline('deadline: 2026-10-01T12:00:00-05:00')).toBe('2026-10-01T12:00:00-05:00');
    expect(await deadline('deadline: 2026-10-01 America/New_York')).toBe(
      '2026-10-01T23:59:59-04:00',
    );
    expect(await deadline('time-zone: Asia/Kolkata\ndeadline: 2026-10-01 9:30')).toBe(
      '2026-10-01T09:30:59+05:30',
    );
    expect(await deadline('deadline: null')).toBeUndefined();
  });

  it.each([
    ['title: x\nlesons: {}', 'grading.yaml:2: lesons is not a field; did you mean lessons?'],
    [
      'lessons:\n  05-wildcard: {}',
      'grading.yaml:2: 05-wildcard does not exist; did you mean 05-wildcards?',
    ],
    [
      'lessons:\n  44: {}',
      `grading.yaml:2: 44 does not exist; the last lesson is ${lessonIds().at(-1)}.`,
    ],
    [
      'lessons:\n  05-wildcards:\n    points: 3\n    checks:\n      T1: 1\n      T33: 2',
      'grading.yaml:6: T33 is not a check of 05-wildcards; did you mean T3? Its checks: T1, T2, T3',
    ],
    [
      'lessons:\n  5: { pionts: 3 }',
      'grading.yaml:2: pionts is not a field in lessons.5; did you mean points?',
    ],
    ['lessons:\n  5: {}\n  05-wildcards: {}', 'grading.yaml:3: 05-wildcards is there twice'],
    ['lessons:\n  5: { checks: { T1: 0, T2: 0, T3: 0 } }', 'all checks of 05-wildcards weigh 0'],
    ['lessons:\n  5:\n    points: -1', 'grading.yaml:3: lessons.5.points is less than 0'],
    ['points: ten', 'grading.yaml:1: points is not a number'],
    ['late:\n  percent-per-day: 120', 'grading.yaml:2: late.percent-per-day is more than 100'],
    ['late:\n  cutoff: soon', 'grading.yaml:2: "soon" is not a time that can be read'],
    ['deadline: 2026-10-01 23:59', 'grading.yaml:1: "2026-10-01 23:59" names no time zone'],
    ['deadline: 2026-10-01 23:59 Europe/Berln', 'Europe/Berln is not a time zone'],
    ['deadline: 2026-10-01 23:59 CEST', 'is an abbreviation'],
    ['deadline: 2026-02-30 23:59 UTC', 'is not a day and time of the calendar'],
    [
      'deadline: 2026-03-29 02:30 Europe/Berlin',
      'does not exist in Europe/Berlin: the clocks go forward',
    ],
    ['deadline: 2026-10-25 02:30 Europe/Berlin', 'comes twice in Europe/Berlin'],
    [
      'deadline: 2026-10-01T23:59+01:00[Europe/Berlin]',
      'has the offset +01:00, but Europe/Berlin has +02:00',
    ],
    ['time-zone: Berlin', 'grading.yaml:1: Berlin is not a time zone'],
    [
      'extensions:\n  - { learner: ada }',
      'grading.yaml:2: an extension needs either until or days',
    ],
    ['extensions:\n  - { days: 3 }', 'grading.yaml:2: extensions.0.learner is missing'],
    [
      'extensions:\n  - learner: ada\n    days: 1\n    lessons: [nope]',
      'grading.yaml:4: nope does not exist',
    ],
    ['late: 10', 'grading.yaml:1: late is not a table, as in { percent-per-day: 10 }'],
    ['lessons:\n  5: 20', 'grading.yaml:2: lessons.5 is not a table, as in { points: 20 }'],
    ['excused:\n  - eve', 'grading.yaml:2: excused.0 is not a table, as in { learner: ada }'],
    ['title: [', 'grading.yaml:'],
    ['- a', 'grading.yaml:1: the file'],
  ])('that is wrong says what, where, and what would be right: %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(UsageError);
    await expect(read(text)).rejects.toThrow(message);
  });

  it('from disk, with the checks of the course', async () => {
    const file = join(temporary(), 'grading.yaml');
    writeFileSync(file, 'lessons:\n  5:\n    checks: { T1: 3, T99: 1 }\n');
    await expect(readCourseFile(file)).rejects.toThrow(/:3: T99 is not a check of 05-wildcards/);
    writeFileSync(file, 'lessons:\n  5:\n    checks: { T1: 3 }\n');
    expect((await readCourseFile(file)).lessons['05-wildcards']?.checks).toEqual({ T1: 3 });
    await expect(readCourseFile(`${file}.none`)).rejects.toThrow(/there is no course file/);
  });
});
