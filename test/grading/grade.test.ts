import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../course/index.js';
import {
  buildClass,
  type GradeRecord,
  gradedLessons,
  type Outcome,
  type Run,
  readBundle,
  readRecord,
  readRecords,
} from '../../grading/index.js';
import { courseFile, fakeRunner, folder, grade, judgedAs, verdictsFor } from './lab.js';

const lesson = '02-publish-a-reading';

/** Learners with the solutions of two lessons; `ned` has the stub of one, and nothing of the other. */
function classFolder(ids: readonly string[] = ['ada', 'bob', 'ned']): string {
  const top = folder();
  for (const id of ids) {
    const from = id === 'ned' ? 'exercises' : 'solutions';
    for (const one of id === 'ned' ? [lesson] : [lesson, '05-wildcards']) {
      const place = join(top, id, 'exercises', one, 'typescript');
      cpSync(join(packageRoot(), from, one, 'typescript'), place, { recursive: true });
    }
  }
  return top;
}

const change = (top: string, id: string) => {
  const file = join(top, id, 'exercises', lesson, 'typescript', 'main.ts');
  writeFileSync(file, `${readFileSync(file, 'utf8')}// changed\n`);
};

async function classOf(out: string, run: Run) {
  const lessons = await gradedLessons(run.lessons);
  return buildClass({ run, records: readRecords(out).records, lessons, courseFile });
}

describe('grading a class', () => {
  test('each submission and lesson is run once, with a seed of its own, and stored', async () => {
    const out = folder();
    const runner = fakeRunner();
    const { complete, run } = await grade(classFolder(), out, { runner });
    expect(complete).toBe(true);
    expect(runner.jobs).toHaveLength(4);
    expect(new Set(runner.jobs.map(job => job.seed)).size).toBe(4);
    const record = await readRecord(out, 'ada', lesson);
    expect(record).toMatchObject({ status: 'graded', track: 'typescript', attempts: 1 });
    expect(await readBundle(out, 'ada', lesson)).toMatchObject({ schema: 'mqtt-course/bundle/1' });
    expect(run.members.map(one => one.learner.id)).toEqual(['ada', 'bob', 'ned']);
    expect(runner.jobs.some(job => existsSync(job.folder))).toBe(false);
  });

  test('an untouched stub and a lesson without files are missing, never run', async () => {
    const out = folder();
    await grade(classFolder(), out);
    const stub = await readRecord(out, 'ned', lesson);
    expect(stub).toMatchObject({ status: 'missing', track: null, attempts: 0 });
    expect(stub?.notices[0]).toMatch(/as it was handed out/);
    expect(await readRecord(out, 'ned', '05-wildcards')).toMatchObject({
      status: 'missing',
      notices: [],
    });
  });

  test('what has a result is not run again; what changed is; --force runs all', async () => {
    const [top, out] = [classFolder(), folder()];
    await grade(top, out);
    const second = fakeRunner();
    const { events } = await grade(top, out, { runner: second });
    expect(second.jobs).toEqual([]);
    expect(events.filter(one => one.type === 'done' && one.kept)).toHaveLength(6);
    change(top, 'bob');
    const third = fakeRunner();
    await grade(top, out, { runner: third });
    expect(third.jobs.map(job => job.lesson)).toEqual([lesson]);
    const forced = fakeRunner();
    await grade(top, out, { runner: forced, force: true });
    expect(forced.jobs).toHaveLength(4);
  });

  test('another seed, isolation or limit is another result', async () => {
    const [top, out] = [classFolder(['ada']), folder()];
    await grade(top, out);
    for (const one of [{ seed: 'other' }, { isolation: 'bwrap' as const }]) {
      const runner = fakeRunner();
      await grade(top, out, { ...one, runner });
      expect(runner.jobs).toHaveLength(2);
    }
  });

  test('--only grades these and keeps what is known of the others', async () => {
    const [top, out] = [classFolder(), folder()];
    mkdirSync(join(top, 'zoe'));
    writeFileSync(join(top, 'zoe', 'notes.txt'), 'x');
    writeFileSync(join(top, 'bob.zip'), 'no zip');
    await grade(top, out);
    const runner = fakeRunner();
    const { run } = await grade(top, out, { runner, only: ['ADA'], force: true });
    expect(new Set(runner.jobs.map(job => job.seed)).size).toBe(2);
    expect(run.members).toHaveLength(4);
  });
});

describe('what could not be told', () => {
  const lost: Outcome = { type: 'lost', reason: 'the checker was lost: SIGKILL', limitHits: [] };

  test('is run once more with the same seed, and then counts', async () => {
    const runner = fakeRunner(async (job, turn) =>
      turn === 1 ? lost : judgedAs(await verdictsFor(job)),
    );
    const out = folder();
    const { events } = await grade(classFolder(['ada']), out, { runner, lessons: [lesson] });
    expect(runner.jobs).toHaveLength(2);
    expect(runner.jobs[0]?.seed).toBe(runner.jobs[1]?.seed);
    expect(await readRecord(out, 'ada', lesson)).toMatchObject({ status: 'graded', attempts: 2 });
    expect(events.filter(one => one.type === 'again')).toMatchObject([{ reason: lost.reason }]);
  });

  test('is unknown after that: no points, not zero; and the next command tries it again', async () => {
    const [top, out] = [classFolder(['ada']), folder()];
    const { run } = await grade(top, out, {
      runner: fakeRunner(async () => lost),
      lessons: [lesson],
    });
    const record = (await readRecord(out, 'ada', lesson)) as GradeRecord;
    expect(record).toMatchObject({ status: 'unknown', attempts: 2, checks: [] });
    expect(record.notices[0]).toBe('could not be told: the checker was lost: SIGKILL');
    const grades = await classOf(out, run);
    expect(grades.learners[0]).toMatchObject({ points: null, max: 10 });
    const again = fakeRunner();
    await grade(top, out, { runner: again, lessons: [lesson] });
    expect(again.jobs).toHaveLength(1);
    expect(await readRecord(out, 'ada', lesson)).toMatchObject({ status: 'graded' });
  });

  test('the run that tells more is kept', async () => {
    const runner = fakeRunner(async (job, turn) => {
      if (turn === 2) return lost;
      const [first, ...rest] = await verdictsFor(job);
      return judgedAs([{ ...first, status: 'unknown', seen: 'too busy' } as never, ...rest]);
    });
    const out = folder();
    await grade(classFolder(['ada']), out, { runner, lessons: [lesson] });
    const record = (await readRecord(out, 'ada', lesson)) as GradeRecord;
    expect(record.status).toBe('unknown');
    expect(record.checks.length).toBeGreaterThan(1);
    expect(record.notices[0]).toMatch(/T1 .*: too busy/);
  });

  test('a check without points may stay open', async () => {
    const out = folder();
    const runner = fakeRunner(async job => {
      const [first, ...rest] = await verdictsFor(job);
      return judgedAs([{ ...first, status: 'unknown' } as never, ...rest]);
    });
    const { run } = await grade(classFolder(['ada']), out, { runner, lessons: [lesson] });
    const weights = { ...courseFile, lessons: { [lesson]: { checks: { T1: 0 } } } };
    const lessons = await gradedLessons([lesson]);
    const { records } = readRecords(out);
    const grades = buildClass({ run, records, lessons, courseFile: weights });
    expect(grades.learners[0]?.points).not.toBeNull();
  });

  test('a submission that cannot be read is open for all lessons, and the others are graded', async () => {
    const [top, out] = [classFolder(['ada']), folder()];
    writeFileSync(join(top, 'eve.zip'), 'PK no zip');
    const { run, events } = await grade(top, out);
    const grades = await classOf(out, run);
    expect(events.filter(one => one.type === 'unreadable')).toHaveLength(1);
    expect(grades.unreadable.map(one => one.submission)).toEqual(['eve.zip']);
    const [ada, eve] = grades.learners;
    expect(ada?.points).not.toBeNull();
    expect(eve).toMatchObject({ points: null, learner: { id: 'eve' } });
    expect(eve?.lessons.every(one => one.status === 'unknown')).toBe(true);
  });
});

describe('stopped', () => {
  test('nothing more is begun, what was cut off is no result, and the same command goes on', async () => {
    const [top, out] = [classFolder(), folder()];
    const stop = new AbortController();
    const runner = fakeRunner(async (job, turn) => {
      if (turn === 1) return judgedAs(await verdictsFor(job));
      stop.abort();
      return { type: 'lost', reason: 'the grading was stopped', limitHits: [] };
    });
    const { complete } = await grade(top, out, { runner, stop: stop.signal });
    expect(complete).toBe(false);
    const done = readRecords(out).records.filter(one => one.record.status === 'graded').length;
    expect(done).toBeLessThan(4);
    expect(readRecords(out).records.some(one => one.record.status === 'unknown')).toBe(false);
    const rest = fakeRunner();
    expect((await grade(top, out, { runner: rest })).complete).toBe(true);
    expect(rest.jobs).toHaveLength(4 - done);
  });
});
