import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainWrite, writeAtomic } from './atomic.js';
import { type LessonRef, lessonRefs } from './catalogue.js';
import type { Workspace } from './find.js';
import {
  type Answer,
  emptyLesson,
  type LessonProgress,
  type State,
  type Status,
  updateState,
} from './state.js';
import type { Track } from './track.js';

/** What the progress needs to know of a check's result. */
export interface ResultFacts {
  readonly lesson: string;
  readonly track: Track | 'command';
  readonly status: Status;
  readonly checks?: readonly { readonly id: string; readonly status: string }[];
}

/** Attempts that are remembered one by one. */
const RECENT = 5;

/** A lesson's progress; an empty one for a lesson that was never touched. */
export function progressOf(state: State, lesson: string): LessonProgress {
  return state.lessons[lesson] ?? emptyLesson();
}

/** The best status of a lesson over all tracks, or of one track. */
export function bestStatus(state: State, lesson: string, track?: string): Status | undefined {
  const { tracks } = progressOf(state, lesson);
  if (track) return tracks[track]?.best;
  const all = Object.values(tracks).map(one => one.best);
  return (['passed', 'failed', 'unknown'] as const).find(status => all.includes(status));
}

/** Where the last attempts in a track stopped: ids of checks, the newest last; '' for a pass. */
export function recentStops(state: State, lesson: string, track: string): string[] {
  const recent = progressOf(state, lesson).tracks[track]?.recent ?? [];
  return recent.map(one => one.stopped ?? '');
}

export function attempts(state: State, lesson: string): number {
  return Object.values(progressOf(state, lesson).tracks).reduce(
    (sum, one) => sum + one.attempts,
    0,
  );
}

/** Where the learner is: the remembered lesson, else the first that is not passed, else the last. */
export function currentLesson(state: State, root?: string): LessonRef | undefined {
  const lessons = lessonRefs(root);
  return (
    lessons.find(lesson => lesson.id === state.current) ??
    lessons.find(lesson => bestStatus(state, lesson.id) !== 'passed') ??
    lessons.at(-1)
  );
}

/** The first lesson after `id` that is not passed, else the first that is not passed at all. */
export function nextOpenLesson(state: State, id: string, root?: string): LessonRef | undefined {
  const lessons = lessonRefs(root);
  const at = lessons.findIndex(lesson => lesson.id === id);
  const open = (lesson: LessonRef) => lesson.id !== id && bestStatus(state, lesson.id) !== 'passed';
  return lessons.slice(at + 1).find(open) ?? lessons.find(open);
}

/** The track to use: what was asked for, else what is remembered, else TypeScript. */
export function chooseTrack(state: State | undefined, asked?: Track): Track {
  return asked ?? state?.track ?? 'typescript';
}

function change(
  workspace: Workspace,
  lesson: string,
  edit: (progress: LessonProgress) => void,
): State {
  return updateState(workspace.meta, state => {
    const progress = progressOf(state, lesson);
    edit(progress);
    state.lessons[lesson] = progress;
  });
}

/** Stores the result and the bundle of a check, and counts it. */
export function recordCheck(
  workspace: Workspace,
  result: ResultFacts,
  bundle: unknown,
  now: Date = new Date(),
): State {
  const { lesson, track, status } = result;
  const text = `${JSON.stringify(result, null, 2)}\n`;
  const stored = join(workspace.meta, 'results', `${lesson}.${track}`);
  try {
    writeAtomic(`${stored}.json`, text);
    if (status === 'passed') writeAtomic(`${stored}.passed.json`, text);
    writeAtomic(bundlePath(workspace, lesson), `${JSON.stringify(bundle)}\n`);
  } catch (error) {
    throw explainWrite(error, workspace.meta);
  }
  return change(workspace, lesson, progress => {
    const before = progress.tracks[track];
    const at = now.toISOString();
    const passedAt = before?.passedAt ?? (status === 'passed' ? at : undefined);
    const stopped = result.checks?.find(one => one.status === 'failed')?.id;
    const recent = [...(before?.recent ?? []), { status, ...(stopped ? { stopped } : {}) }];
    progress.tracks[track] = {
      ...before,
      ...(status === 'unknown' ? {} : { recent: recent.slice(-RECENT) }),
      best: better(before?.best, status),
      last: status,
      // A run that could not be judged is nobody's attempt.
      attempts: (before?.attempts ?? 0) + (status === 'unknown' ? 0 : 1),
      lastAt: at,
      ...(passedAt ? { passedAt } : {}),
    };
  });
}

const order: readonly Status[] = ['unknown', 'failed', 'passed'];

function better(before: Status | undefined, now: Status): Status {
  return before !== undefined && order.indexOf(before) > order.indexOf(now) ? before : now;
}

/** The file with the last exchange of a lesson. */
export function bundlePath(workspace: Workspace, lesson: string): string {
  return join(workspace.meta, 'last', `${lesson}.json`);
}

/** The stored bundle of a lesson's last check; undefined when there is none that can be read. */
export function readBundle(workspace: Workspace, lesson: string): unknown {
  try {
    return JSON.parse(readFileSync(bundlePath(workspace, lesson), 'utf8'));
  } catch {
    return undefined;
  }
}

export function rememberTrack(workspace: Workspace, track: Track): State {
  return updateState(workspace.meta, state => {
    state.track = track;
  });
}

export function rememberLesson(workspace: Workspace, lesson: string): State {
  return updateState(workspace.meta, state => {
    state.current = lesson;
  });
}

/** Remembers that hints up to this level (1 to 3) were shown. */
export function recordHint(
  workspace: Workspace,
  lesson: string,
  track: Track,
  level: number,
): State {
  return change(workspace, lesson, progress => {
    progress.hintsShown[track] = Math.max(progress.hintsShown[track] ?? 0, level);
  });
}

/** Remembers that the solution was shown before a pass. */
export function recordSolution(workspace: Workspace, lesson: string, track: Track): State {
  return change(workspace, lesson, progress => {
    progress.solutionShown[track] ??= new Date().toISOString();
  });
}

/** Remembers the first answer to a lesson's prediction, or to one of its questions. */
export function recordAnswer(
  workspace: Workspace,
  lesson: string,
  question: 'prediction' | { readonly quiz: string },
  given: Pick<Answer, 'answer' | 'correct'>,
): State {
  const answer = { ...given, at: new Date().toISOString() };
  return change(workspace, lesson, progress => {
    if (question === 'prediction') progress.prediction ??= answer;
    else progress.quiz[question.quiz] ??= answer;
  });
}

/** A program that is no file of a track: what stood after `--`, where, and how it is built. */
export interface OwnCommand {
  readonly words: readonly string[];
  readonly cwd: string;
  /** Run once before a check, by a shell. */
  readonly build?: string | undefined;
}

/** The command that was checked last for this lesson; undefined where the learner's file counts. */
export function commandOf(state: State, lesson: string): OwnCommand | undefined {
  return state.lessons[lesson]?.command;
}

/** From now on this command is the lesson's program; undefined: the learner's file is, again. */
export function rememberCommand(
  workspace: Workspace,
  lesson: string,
  command: OwnCommand | undefined,
): void {
  updateState(workspace.meta, state => {
    const before = state.lessons[lesson] ?? emptyLesson();
    const { command: _, ...rest } = before;
    const kept = command && {
      words: [...command.words],
      cwd: command.cwd,
      ...(command.build === undefined ? {} : { build: command.build }),
    };
    state.lessons[lesson] = kept ? { ...rest, command: kept } : rest;
  });
}
