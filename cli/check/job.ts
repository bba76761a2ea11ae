import { existsSync } from 'node:fs';
import type { CheckOutcome, CheckRequest, CheckResult, StoredBundle } from '../../checker/index.js';
import { dueText } from '../../course/handout.js';
import type { LessonRef, OpenWorkspace, OwnCommand, Track } from '../../course/index.js';
import { MachineError } from '../../course/machine.js';
import { quoteFor, shellInUse } from '../../course/system/index.js';
import type { VerdictContext } from '../render/verdict.js';

/** What a check was asked to do, once every name is known. */
export interface CheckJob {
  readonly lesson: LessonRef;
  readonly request: CheckRequest;
  /** The learner's file as they can open it; undefined for a command. */
  readonly shown?: string;
}

export interface Jobs {
  readonly list: readonly CheckJob[];
  readonly opened: OpenWorkspace | undefined;
}

export interface JobOptions {
  readonly all?: boolean;
  readonly track?: string;
  readonly seed?: string;
  readonly broker?: string;
  /** A command of the learner's, to be checked instead of their file: what stood after `--`. */
  readonly own?: readonly string[];
  /** What builds that command, once. */
  readonly build?: string;
}

/**
 * Finds what is to be checked.
 * @throws UsageError for a workspace, a track or a file that is not there
 */
export async function prepareJobs(
  named: readonly LessonRef[],
  options: JobOptions,
  say: (notices: readonly string[]) => void,
): Promise<Jobs> {
  const [course, place, { currentFolder }] = await Promise.all([
    import('../../course/index.js'),
    import('../place.js'),
    import('../invocation.js'),
  ]);
  const asked = place.parseTrack(options.track);
  if (options.broker) {
    const { brokerProblem } = await import('../../checker/index.js');
    const problem = await brokerProblem(options.broker);
    if (problem?.reason === 'use') throw new course.UsageError(problem.text);
  }
  const own = options.own ?? [];
  const opened =
    own.length > 0 && !course.findWorkspace(currentFolder()) ? undefined : place.openHere(say);
  if (own.length > 0) {
    const lesson = named[0] ?? place.chosenLesson(undefined, opened);
    if (named.length > 1 || options.all) {
      throw new course.UsageError(
        `a command is checked against one lesson. For example: npx mqtt-course check ${lesson.number} -- ${own.join(' ')}`,
      );
    }
    const command = { words: own, cwd: currentFolder(), build: options.build };
    if (opened) course.rememberCommand(opened.workspace, lesson.id, command);
    return { list: [commandJob(lesson, command, opened, options)], opened };
  }
  const here = opened ?? place.openHere(say);
  const track = place.chosenTrack(asked, opened);
  if (options.all) {
    const lessons = course
      .lessonRefs()
      .filter(lesson => course.tracksOf(lesson.id).includes(track));
    return {
      list: await Promise.all(lessons.map(one => fileJob(one, track, here, options))),
      opened,
    };
  }
  const lessons = named.length > 0 ? named : [place.chosenLesson(undefined, opened)];
  const list = await Promise.all(
    lessons.map(one => {
      const command = asked ? undefined : course.commandOf(here.state, one.id);
      if (!command) return fileJob(one, track, here, options);
      say([
        `This checks your command ${command.words.map(quoteWord).join(' ')}. Back to your file: npx mqtt-course check ${one.number} --track ${track}`,
      ]);
      return commandJob(one, command, opened, options);
    }),
  );
  if (asked) {
    for (const one of lessons.filter(it => course.commandOf(here.state, it.id)))
      course.rememberCommand(here.workspace, one.id, undefined);
  }
  if (!asked && list.every(one => one.request.program.kind === 'file'))
    say(lessons.flatMap(one => workElsewhere(course, here, one, track)));
  remember(course, opened, lessons, asked as Track | undefined);
  return { list, opened };
}

/** The stub of this track is untouched, and the other track's is not: most likely that one is meant. */
function workElsewhere(
  course: typeof import('../../course/index.js'),
  { workspace }: OpenWorkspace,
  lesson: LessonRef,
  track: Track,
): string[] {
  const other = course.tracks.find(one => one !== track);
  if (!other || !course.tracksOf(lesson.id).includes(other)) return [];
  const here = course.exercisePlace(workspace, lesson.id, track);
  const there = course.exercisePlace(workspace, lesson.id, other);
  const touched = (path: string) => !course.isStub(path, lesson.id);
  if (touched(here.entry) || !existsSync(there.entry) || !touched(there.entry)) return [];
  return [
    `This checks ${course.trackTitle(track)}, where the stub is untouched. Your work is in ${there.shown}: npx mqtt-course check ${lesson.number} --track ${other}`,
  ];
}

function common(options: JobOptions, opened: OpenWorkspace | undefined) {
  return {
    ...(options.seed ? { seed: options.seed } : {}),
    ...(options.broker ? { broker: options.broker } : {}),
    ...(opened ? { workspace: opened.workspace.folder } : {}),
  };
}

/** The check of a program in any language. */
export function commandJob(
  lesson: LessonRef,
  command: OwnCommand,
  opened: OpenWorkspace | undefined,
  options: JobOptions = {},
): CheckJob {
  const { words, cwd, build } = command;
  const program = { kind: 'command', command: words, cwd, build } as const;
  return {
    lesson,
    request: { ...common(options, opened), lesson: lesson.id, track: 'command', program },
  };
}

/** The check of the learner's own file. @throws UsageError when it is not there */
export async function fileJob(
  lesson: LessonRef,
  track: Track,
  opened: OpenWorkspace,
  options: JobOptions = {},
): Promise<CheckJob> {
  const course = await import('../../course/index.js');
  const { entry, shown } = course.exercisePlace(opened.workspace, lesson.id, track);
  if (!existsSync(entry)) {
    throw new course.UsageError(
      `${shown} is missing. Get a fresh one: npx mqtt-course reset ${lesson.id} --track ${track} --yes`,
    );
  }
  const program = { kind: 'file', path: entry } as const;
  return {
    lesson,
    shown,
    request: { ...common(options, opened), lesson: lesson.id, track, program },
  };
}

/** Naming one lesson makes it the current one; naming a track, the track from now on. */
function remember(
  course: typeof import('../../course/index.js'),
  opened: OpenWorkspace | undefined,
  lessons: readonly LessonRef[],
  track: Track | undefined,
): void {
  const [lesson] = lessons;
  if (!opened) return;
  const current = lessons.length === 1 ? lesson?.id : undefined;
  if ((!current || opened.state.current === current) && (!track || opened.state.track === track)) {
    return;
  }
  course.updateState(opened.workspace.meta, state => {
    if (current) state.current = current;
    if (track) state.track = track;
  });
}

/** A result with what the workspace knows beside it. */
export interface StoredOutcome {
  readonly result: CheckResult;
  readonly bundle: StoredBundle;
  readonly first: boolean;
  readonly hintsShown: number;
  /** Attempts at this lesson in this track, this one included; 0 where nothing is counted. */
  readonly attempts: number;
  /** Where the last ones stopped, this one included. */
  readonly stops: readonly string[];
  /** Set when the workspace could not be written. */
  readonly unsaved?: string;
}

/** The outcome as it may be kept and shown: nothing in it says whose machine it was. */
export async function sealOutcome(
  job: CheckJob,
  opened: OpenWorkspace | undefined,
  outcome: CheckOutcome,
): Promise<StoredBundle> {
  const checker = await import('../../checker/index.js');
  const { program } = job.request;
  const base = opened?.workspace.folder ?? (program.kind === 'command' ? program.cwd : undefined);
  const versions = await checker.versionsOf(outcome.result.track, opened?.workspace.folder);
  const whole = { ...outcome.bundle, files: await filesOf(job, outcome) };
  return checker.sealBundle(whole, { base: base ?? process.cwd() }, versions);
}

/**
 * Puts the result and its traces into the workspace, and counts the attempt. Paths in both are
 * relative from here on.
 * @throws UsageError when the workspace cannot be written, unless `tolerant`
 */
export async function storeOutcome(
  job: CheckJob,
  opened: OpenWorkspace | undefined,
  outcome: CheckOutcome,
  tolerant = false,
): Promise<StoredOutcome> {
  const [course, sealed] = await Promise.all([
    import('../../course/index.js'),
    sealOutcome(job, opened, outcome),
  ]);
  const { lesson, track } = outcome.result;
  const nothing = { first: false, hintsShown: 0, attempts: 0, stops: [] };
  if (!opened) return { result: sealed.result, bundle: sealed, ...nothing };
  const result = { ...sealed.result, trace: `.mqtt-course/last/${lesson}.json` };
  const bundle = { ...sealed, result };
  const { files } = bundle;
  try {
    const state = course.recordCheck(opened.workspace, result, bundle);
    const progress = course.progressOf(state, lesson);
    const attempts = Object.values(state.lessons).flatMap(one => Object.values(one.tracks));
    const first =
      attempts.every(one => one.best !== 'passed') &&
      course.attempts(state, lesson) === 1 &&
      files.some(({ path }) => course.isStub(path, lesson));
    return {
      result,
      bundle,
      first,
      hintsShown: progress.hintsShown[track] ?? 0,
      attempts: progress.tracks[track]?.attempts ?? 0,
      stops: course.recentStops(state, lesson, track),
    };
  } catch (error) {
    const known = error instanceof course.UsageError || error instanceof MachineError;
    if (!tolerant || !known) throw error;
    return { result: sealed.result, bundle: sealed, ...nothing, unsaved: error.message };
  }
}

/** The files that were judged; of one that did not even parse, the file all the same. */
async function filesOf(job: CheckJob, { bundle }: CheckOutcome): Promise<StoredBundle['files']> {
  const { program } = job.request;
  if (bundle.files.length > 0 || program.kind !== 'file') return bundle.files;
  const [{ createHash }, { readFile }] = await Promise.all([
    import('node:crypto'),
    import('node:fs/promises'),
  ]);
  const source = await readFile(program.path, 'utf8').catch(() => undefined);
  if (source === undefined) return [];
  return [{ path: program.path, sha256: createHash('sha256').update(source).digest('hex') }];
}

/** What the failure screen needs beside the result. */
export async function contextOf(
  job: CheckJob,
  told: StoredOutcome,
  opened: OpenWorkspace | undefined,
): Promise<VerdictContext> {
  const [course, { pathToFileURL }, { evidenceOf }] = await Promise.all([
    import('../../course/index.js'),
    import('node:url'),
    import('./evidence.js'),
  ]);
  const { program } = job.request;
  const file = program.kind === 'file' ? program.path : undefined;
  return {
    title: course.loadLesson(told.result.lesson).title,
    ...(file && opened ? { file: job.shown ?? file, fileUrl: pathToFileURL(file).href } : {}),
    ...(program.kind === 'command' ? { command: program.command.map(quoteWord).join(' ') } : {}),
    ...(program.kind === 'command' && program.build !== undefined ? { build: program.build } : {}),
    first: told.first,
    hintsShown: told.hintsShown,
    ...handoutContext(course.handout(), told.result.lesson),
    next: course.nextLesson(told.result.lesson)?.id ?? null,
    attempts: told.attempts,
    stops: told.stops,
    evidence: await evidenceOf(told.bundle, file, job.shown),
  };
}

/** In what an instructor made for students, the solution and some checks are not there. */
function handoutContext(
  handout: ReturnType<typeof import('../../course/index.js').handout>,
  lesson: string,
): Pick<VerdictContext, 'solutionKept' | 'keptBack' | 'due'> {
  if (!handout) return {};
  const due = handout.due?.[lesson];
  return {
    solutionKept: true,
    keptBack: handout.keptBack[lesson] ?? 0,
    ...(due ? { due: dueText(due) } : {}),
  };
}

function quoteWord(word: string): string {
  return quoteFor(shellInUse(), word);
}
