import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import {
  bestStatus,
  chooseTrack,
  createWorkspace,
  currentLesson,
  nextOpenLesson,
  progressOf,
  readBundle,
  readState,
  recentStops,
  recordAnswer,
  recordCheck,
  recordHint,
  rememberLesson,
  rememberTrack,
  UsageError,
  updateState,
} from '../../course/index.js';
import { smallCourse, temporaryFolder } from './fixture.js';

function made() {
  const root = smallCourse();
  const { workspace } = createWorkspace(join(temporaryFolder(), 'w'), root);
  const file = join(workspace.meta, 'state.json');
  const result = (status: 'passed' | 'failed' | 'unknown', lesson = '05-wildcards') =>
    recordCheck(workspace, { lesson, track: 'typescript', status }, { bundle: status });
  const state = () => readState(workspace.meta).state;
  return { root, workspace, file, result, state };
}

describe('progress', () => {
  test('keeps the best and the last result, and counts attempts', () => {
    const { workspace, result, state } = made();
    result('failed');
    result('passed');
    result('failed');
    const one = progressOf(state(), '05-wildcards').tracks['typescript'];
    expect(one).toMatchObject({ best: 'passed', last: 'failed', attempts: 3 });
    expect(one?.passedAt).toBeDefined();
    expect(bestStatus(state(), '05-wildcards')).toBe('passed');
    expect(bestStatus(state(), '05-wildcards', 'python')).toBeUndefined();
    expect(readBundle(workspace, '05-wildcards')).toEqual({ bundle: 'failed' });
  });

  test('remembers where the last five attempts stopped', () => {
    const { workspace, state, file } = made();
    const attempt = (stopped?: string, status: 'failed' | 'passed' | 'unknown' = 'failed') => {
      const checks = [
        { id: 'T0', status: 'passed' },
        ...(stopped ? [{ id: stopped, status: 'failed' }] : []),
      ];
      const facts = { lesson: '05-wildcards', track: 'typescript', status, checks } as const;
      recordCheck(workspace, facts, {});
    };
    const stops = () => recentStops(state(), '05-wildcards', 'typescript');
    expect(stops()).toEqual([]);
    for (const id of ['T1', 'T2', 'T3']) attempt(id);
    attempt(undefined, 'passed');
    attempt('T4', 'unknown');
    attempt('T5');
    attempt('T6');
    expect(stops()).toEqual(['T2', 'T3', '', 'T5', 'T6']);
    // A list that is damaged is forgotten, and nothing else is.
    const text = readFileSync(file, 'utf8').replace(/"recent": \[[^\]]*\]/, '"recent": "many"');
    writeFileSync(file, text);
    expect(stops()).toEqual([]);
    expect(progressOf(state(), '05-wildcards').tracks['typescript']).toMatchObject({ attempts: 6 });
    attempt('T7');
    expect(stops()).toEqual(['T7']);
  });

  test('a run that could not be judged is no attempt', () => {
    const { result, state } = made();
    result('failed');
    result('unknown');
    expect(progressOf(state(), '05-wildcards').tracks['typescript']).toMatchObject({
      best: 'failed',
      last: 'unknown',
      attempts: 1,
    });
  });

  test('knows where the learner is', () => {
    const { root, workspace, result, state } = made();
    expect(currentLesson(state(), root)?.id).toBe('01-first-connection');
    result('passed', '01-first-connection');
    expect(currentLesson(state(), root)?.id).toBe('02-publish-a-reading');
    rememberLesson(workspace, '05-wildcards');
    expect(currentLesson(state(), root)?.id).toBe('05-wildcards');
    expect(nextOpenLesson(state(), '05-wildcards', root)?.id).toBe('02-publish-a-reading');
    rememberLesson(workspace, '99-gone');
    expect(currentLesson(state(), root)?.id).toBe('02-publish-a-reading');
  });

  test('the track: asked for, else remembered, else TypeScript', () => {
    const { workspace, state } = made();
    expect(chooseTrack(state())).toBe('typescript');
    rememberTrack(workspace, 'python');
    expect(chooseTrack(state())).toBe('python');
    expect(chooseTrack(state(), 'typescript')).toBe('typescript');
  });

  test('hints only go up, and the first answer counts', () => {
    const { workspace, state } = made();
    recordHint(workspace, '05-wildcards', 'python', 2);
    recordHint(workspace, '05-wildcards', 'python', 1);
    recordAnswer(workspace, '05-wildcards', 'prediction', { answer: 1, correct: false });
    recordAnswer(workspace, '05-wildcards', 'prediction', { answer: 3, correct: true });
    recordAnswer(workspace, '05-wildcards', { quiz: 'q' }, { answer: 2, correct: true });
    const progress = progressOf(state(), '05-wildcards');
    expect(progress.hintsShown).toEqual({ python: 2 });
    expect(progress.prediction).toMatchObject({ answer: 1, correct: false });
    expect(progress.quiz['q']).toMatchObject({ answer: 2 });
  });
});

describe('the file', () => {
  test('keeps lessons and fields it does not know', () => {
    const { workspace, file, state } = made();
    const value = JSON.parse(readFileSync(file, 'utf8'));
    value.lessons['42-later'] = { tracks: {}, colour: 'blue' };
    value.note = 'mine';
    writeFileSync(file, JSON.stringify(value));
    rememberTrack(workspace, 'python');
    const after = JSON.parse(readFileSync(file, 'utf8'));
    expect(after.note).toBe('mine');
    expect(after.lessons['42-later'].colour).toBe('blue');
    expect(state().track).toBe('python');
  });

  test.each([
    ['cut short', (text: string) => text.slice(0, 40)],
    ['empty', () => ''],
    ['of another shape', () => '{"schema":"mqtt-course/state/1","lessons":[]}'],
    ['not an object', () => 'null'],
  ])('damaged (%s): kept aside, said, made again from the results', (_, damage) => {
    const { workspace, file, result } = made();
    result('passed');
    result('failed');
    result('failed', '01-first-connection');
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    const { state, notices } = readState(workspace.meta);
    expect(notices.join()).toMatch(/damaged/);
    expect(readdirSync(workspace.meta).some(name => /^state\.damaged-.*\.json$/.test(name))).toBe(
      true,
    );
    expect(bestStatus(state, '05-wildcards')).toBe('passed');
    expect(progressOf(state, '05-wildcards').tracks['typescript']?.last).toBe('failed');
    expect(bestStatus(state, '01-first-connection')).toBe('failed');
    expect(readState(workspace.meta).notices).toEqual([]);
  });

  test('of a newer course is not touched', () => {
    const { workspace, file } = made();
    const text = '{"schema":"mqtt-course/state/2"}';
    writeFileSync(file, text);
    expect(() => readState(workspace.meta)).toThrow(UsageError);
    expect(() => rememberTrack(workspace, 'python')).toThrow('newer version');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('missing: progress comes from the results', () => {
    const { workspace, file, result } = made();
    result('passed');
    rmSync(file);
    expect(bestStatus(readState(workspace.meta).state, '05-wildcards')).toBe('passed');
  });

  test('a lock left behind does not block for ever', () => {
    const { workspace, state } = made();
    const lock = join(workspace.meta, 'state.lock');
    updateState(workspace.meta, () => expect(existsSync(lock)).toBe(true));
    expect(existsSync(lock)).toBe(false);
    expect(state().lessons).toEqual({});
  });

  test('several processes at once lose nothing of each other', async () => {
    const { root, workspace, state } = made();
    const program = join(root, 'count.mjs');
    await build({
      stdin: {
        contents: `import { recordHint, recordCheck } from './course/progress.ts';
          const [folder, who] = process.argv.slice(2);
          const workspace = { folder, meta: folder + '/.mqtt-course' };
          for (let i = 0; i < 20; i++) {
            recordCheck(workspace, { lesson: '05-wildcards', track: 'typescript', status: 'failed' }, { who });
            recordHint(workspace, who, 'python', i);
          }`,
        resolveDir: join(import.meta.dirname, '..', '..'),
        loader: 'ts',
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      outfile: program,
      logLevel: 'silent',
    });
    const run = promisify(execFile);
    await Promise.all(
      ['a', 'b', 'c'].map(who => run(process.execPath, [program, workspace.folder, who])),
    );
    const { lessons } = state();
    expect(lessons['05-wildcards']?.tracks['typescript']?.attempts).toBe(60);
    expect(['a', 'b', 'c'].map(who => lessons[who]?.hintsShown['python'])).toEqual([19, 19, 19]);
    expect(readdirSync(workspace.meta).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });
});
