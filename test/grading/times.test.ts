/** When learners handed in: each example file of a platform is read, in the languages of Moodle too. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../course/index.js';
import { parseTable } from '../../grading/csv.js';
import { lateLines } from '../../grading/feedback/phrases.js';
import { lateFor } from '../../grading/points.js';
import { rosterOf, withTimes } from '../../grading/roster.js';
import { listSubmissions, readSubmissionTimes } from '../../grading/submissions/index.js';
import { parseMoment, parseMoodleTime } from '../../grading/time.js';
import type { LearnerGrade } from '../../grading/types.js';
import { temporary, write } from './handed-in.js';

const examples = join(packageRoot(), 'examples', 'grading', 'times');
const zone = { timeZone: 'Europe/Berlin' };
const roster = (text: string) => rosterOf(parseTable(text, 'r.csv'), 'r.csv', zone);

describe('an example of each platform', () => {
  it.each([
    ['submissions.csv', 'ada', '2026-10-01T23:58:00+02:00'],
    ['canvas-submissions.json', '100', '2026-10-01T21:58:00+00:00'],
    ['moodle-worksheet.csv', '4711', '2026-10-01T23:58:00+02:00'],
  ])('%s', async (name, id, iso) => {
    const { times } = await readSubmissionTimes(join(examples, name), zone);
    expect(times.get(id)?.iso).toBe(iso);
  });

  it('submission_metadata.yml, as it lies in an export of Gradescope', async () => {
    const folder = await write(temporary(), { 'submission_11/main.ts': '' });
    cpSync(join(examples, 'submission_metadata.yml'), join(folder, 'submission_metadata.yml'));
    const [one] = (await listSubmissions(folder)).submissions;
    expect(one).toMatchObject({
      submittedAt: '2026-10-01T21:58:00+00:00',
      submittedAtFrom: 'Gradescope',
    });
  });

  it('Canvas by its API: the user number finds the learner, with a roster and without', async () => {
    const folder = await write(temporary(), { 'lovelaceada_LATE_100_9001_work.zip': '' });
    const times = await readSubmissionTimes(join(examples, 'canvas-submissions.json'), zone);
    for (const options of [{ times }, { times, roster: roster('id,canvas\nada,100\n') }]) {
      const [one] = (await listSubmissions(folder, options)).submissions;
      expect(one).toMatchObject({ submittedAt: '2026-10-01T21:58:00+00:00', markedLate: true });
    }
  });

  it("Moodle's worksheet beside another roster", async () => {
    const own = roster('id,email\nada,ada@uni.example\n');
    const sheet = roster(
      'Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,Last modified (submission)\nParticipant 4711,Ada L,ada@uni.example,x,,10,Yes,"Thursday, 1 October 2026, 11:58 PM"\n',
    );
    expect(withTimes(own, sheet).submittedAt.get('ada')?.iso).toBe('2026-10-01T23:58:00+02:00');
  });
});

it.each([
  'Thursday, 1 October 2026, 11:58 PM',
  'Donnerstag, 1. Oktober 2026, 23:58',
  'jeudi 1 octobre 2026, 23:58',
  'jueves, 1 de octubre de 2026, 23:58',
  'giovedì, 1 ottobre 2026, 23:58',
  'quinta-feira, 1 de outubro de 2026, 23:58',
  'donderdag, 1 oktober 2026, 23:58',
  'czwartek, 1 października 2026, 23:58',
  'čtvrtek, 1. října 2026, 23:58',
])('Moodle: %s', text => {
  expect(parseMoodleTime(text, 'Europe/Berlin')?.iso).toBe('2026-10-01T23:58:00+02:00');
});

it('a cut-off is named in what the learner reads', () => {
  const deadline = parseMoment('2026-10-01 12:00 UTC');
  const policy = { graceMinutes: 0, percentPerDay: 10, maxPercent: 50, cutoff: { days: 3 } };
  const late = lateFor(policy, deadline, '2026-10-05T12:00:00+00:00');
  const learner = {
    learner: { id: 'ada' },
    lessons: [{ title: 'Wildcards', late, earned: 10, points: 0 }],
  } as unknown as LearnerGrade;
  expect(lateLines(learner).join()).toContain(
    'Nothing could be earned after 2026-10-04 12:00 (+00:00), the cut-off',
  );
});
