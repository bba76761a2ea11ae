import type { Command } from 'commander';
import type { CheckOutcome, CheckRequest, CheckResult } from '../checker/index.js';
import type { LessonRef, OpenWorkspace, Track } from '../course/index.js';
import { endChildren } from './children.js';
import { heldCommand, print, styleFor, tell } from './invocation.js';
import { progressLine } from './progress-line.js';
import type { Style } from './render/style.js';

interface CheckOptions {
  readonly all?: boolean;
  readonly track?: string;
  readonly seed?: string;
  readonly broker?: string;
  readonly json?: boolean;
}

/** What a check was asked to do, once every name is known. */
export interface CheckJob {
  readonly lesson: LessonRef;
  readonly request: CheckRequest;
  /** The learner's file as they can open it; undefined for a command. */
  readonly shown?: string;
}

/** `check`: has the learner's program judged on the wire. */
export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('have your work judged on the wire; default the lesson you are at')
    .argument('[lesson...]', '5, lesson-5, wildcards or 05-wildcards')
    .option('--all', 'every lesson, a line each')
    .option('--track <track>', 'typescript or python')
    .option('--seed <seed>', 'the same random values again, as a result names them')
    .option('--broker <broker>', 'embedded, mosquitto, or the address of a broker')
    .option('--json', 'one JSON object for each lesson')
    .usage('[lesson...] [options] [-- command...]')
    .addHelpText(
      'after',
      '\nExamples:\n  npx mqtt-course check lesson-5\n  npx mqtt-course check 5 -- ./my-program --flag   (any language)',
    )
    .action(async (names: string[], options: CheckOptions, command: Command) => {
      process.exitCode = await check(names, options, styleFor(command));
    });
}

/** Checks lessons as the command line does. @returns the exit code */
export async function check(
  names: readonly string[],
  options: CheckOptions,
  style: Style,
): Promise<number> {
  const { findLesson } = await import('../course/catalogue.js');
  const named = names.map(name => findLesson(name));
  const line = progressLine(style, options.json ?? false);
  // Said before anything heavy is loaded: the learner sees at once that it has begun.
  const [only] = named;
  if (only && named.length === 1) line.begin(`checking ${only.id}`);
  // The check itself begins to load while the rest is found out.
  const checker = import('../checker/index.js');
  checker.then(
    ({ expectCheck }) => only && expectCheck({ lesson: only.id }),
    () => undefined,
  );
  const jobs = await prepare(named, options, notices => {
    if (notices.length === 0) return;
    line.end();
    tell(notices);
  });
  const stop = new AbortController();
  const interrupted = () => {
    line.end();
    process.stderr.write('Stopped.\n');
    stop.abort();
    endChildren();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const results: CheckResult[] = [];
  const { checkLesson } = await checker;
  for (const job of jobs.list) {
    line.begin(`checking ${job.lesson.id}`);
    const outcome = await checkLesson({
      ...job.request,
      signal: stop.signal,
      onProgress: event =>
        line.update(event.type === 'waiting' ? event.text : `${event.state}: ${event.title}`),
    });
    line.end();
    const told = await store(jobs.opened, outcome);
    results.push(told.result);
    if (options.json) process.stdout.write(`${JSON.stringify(told.result)}\n`);
    else if (jobs.list.length > 1) await tellShort(told.result, style);
    else await tellLong(job, told, jobs.opened, style);
  }
  process.off('SIGINT', interrupted);
  process.off('SIGTERM', interrupted);
  if (jobs.list.length > 1 && !options.json) tellSum(results, style);
  return exitCode(results);
}

/** 1 when a lesson failed, else 3 when one could not be judged, else 0. */
export function exitCode(results: readonly Pick<CheckResult, 'status'>[]): number {
  if (results.some(result => result.status === 'failed')) return 1;
  return results.length === 0 || results.some(result => result.status === 'unknown') ? 3 : 0;
}

interface Jobs {
  readonly list: readonly CheckJob[];
  readonly opened: OpenWorkspace | undefined;
}

/** @throws UsageError for a workspace, a track or a file that is not there */
async function prepare(
  named: readonly LessonRef[],
  options: CheckOptions,
  say: (notices: readonly string[]) => void,
): Promise<Jobs> {
  const [course, place, { existsSync }, { currentFolder }] = await Promise.all([
    import('../course/index.js'),
    import('./place.js'),
    import('node:fs'),
    import('./invocation.js'),
  ]);
  const asked = place.parseTrack(options.track);
  if (options.broker) {
    const { brokerProblem } = await import('../checker/index.js');
    const problem = await brokerProblem(options.broker);
    if (problem?.reason === 'use') throw new course.UsageError(problem.text);
  }
  const own = heldCommand();
  const opened =
    own.length > 0 && !course.findWorkspace(currentFolder()) ? undefined : place.openHere(say);
  const common = {
    ...(options.seed ? { seed: options.seed } : {}),
    ...(options.broker ? { broker: options.broker } : {}),
    ...(opened ? { workspace: opened.workspace.folder } : {}),
  };
  if (own.length > 0) {
    const lesson = named[0] ?? place.chosenLesson(undefined, opened);
    if (named.length > 1 || options.all) {
      throw new course.UsageError(
        `a command is checked against one lesson. For example: npx mqtt-course check ${lesson.number} -- ${own.join(' ')}`,
      );
    }
    const program = { kind: 'command', command: own, cwd: currentFolder() } as const;
    return {
      list: [{ lesson, request: { ...common, lesson: lesson.id, track: 'command', program } }],
      opened,
    };
  }
  const { workspace } = opened ?? place.openHere(say);
  const track = place.chosenTrack(asked, opened);
  const job = (lesson: LessonRef): CheckJob => {
    const { entry, shown } = course.exercisePlace(workspace, lesson.id, track);
    if (!existsSync(entry)) {
      throw new course.UsageError(
        `${shown} is missing. Get a fresh one: npx mqtt-course reset ${lesson.id} --track ${track} --yes`,
      );
    }
    const program = { kind: 'file', path: entry } as const;
    return { lesson, shown, request: { ...common, lesson: lesson.id, track, program } };
  };
  if (options.all) {
    const ready = course
      .lessonRefs()
      .filter(lesson => course.tracksOf(lesson.id).includes(track))
      .map(job);
    return { list: ready, opened };
  }
  const lessons = named.length > 0 ? named : [place.chosenLesson(undefined, opened)];
  const list = lessons.map(job);
  remember(course, opened, lessons, asked as Track | undefined);
  return { list, opened };
}

/** Naming one lesson makes it the current one; naming a track, the track from now on. */
function remember(
  course: typeof import('../course/index.js'),
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

interface Told {
  readonly result: CheckResult;
  readonly first: boolean;
  readonly hintsShown: number;
}

/** Puts the result and its traces into the workspace, and counts the attempt. */
async function store(opened: OpenWorkspace | undefined, outcome: CheckOutcome): Promise<Told> {
  if (!opened) return { result: outcome.result, first: false, hintsShown: 0 };
  const course = await import('../course/index.js');
  const { lesson, track } = outcome.result;
  const result = { ...outcome.result, trace: `.mqtt-course/last/${lesson}.json` };
  const state = course.recordCheck(opened.workspace, result, { ...outcome.bundle, result });
  const progress = course.progressOf(state, lesson);
  const attempts = Object.values(state.lessons).flatMap(one => Object.values(one.tracks));
  const first =
    attempts.every(one => one.best !== 'passed') &&
    course.attempts(state, lesson) === 1 &&
    outcome.bundle.files.some(({ path }) => course.isStub(path, lesson));
  return { result, first, hintsShown: progress.hintsShown[track] ?? 0 };
}

async function tellLong(
  job: CheckJob,
  { result, first, hintsShown }: Told,
  opened: OpenWorkspace | undefined,
  style: Style,
): Promise<void> {
  const [{ renderResult }, course, { pathToFileURL }] = await Promise.all([
    import('./render/verdict.js'),
    import('../course/index.js'),
    import('node:url'),
  ]);
  const file = job.request.program.kind === 'file' ? job.request.program.path : undefined;
  const next = course.nextLesson(result.lesson)?.id ?? null;
  const lines = renderResult(result, style, {
    title: course.loadLesson(result.lesson).title,
    ...(file && opened ? { file: job.shown ?? file, fileUrl: pathToFileURL(file).href } : {}),
    ...(job.request.program.kind === 'command'
      ? { command: job.request.program.command.map(quoteWord).join(' ') }
      : {}),
    first,
    hintsShown,
    next,
  });
  print(lines);
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

async function tellShort(result: CheckResult, style: Style): Promise<void> {
  const [{ statusMark }, { hang }] = await Promise.all([
    import('./render/style.js'),
    import('./render/layout.js'),
  ]);
  const told = result.checks.find(one => one.status === 'failed' || one.status === 'unknown');
  const why = result.notice ?? (told ? `${told.id} ${told.title}` : '');
  const text = why ? `${result.lesson}  ${style.dim(why)}` : result.lesson;
  print(hang(`${statusMark(result.status, style)} `, ' '.repeat(10), text, style.width));
}

function tellSum(results: readonly CheckResult[], style: Style): void {
  const passed = results.filter(result => result.status === 'passed').length;
  const open = results.find(result => result.status === 'failed');
  print([
    '',
    `${passed} of ${results.length} lessons passed.`,
    ...(open ? [`Look closer: ${style.cyan(`npx mqtt-course check ${open.lesson}`)}`] : []),
  ]);
}
