import type { Command } from 'commander';
import type { CheckResult } from '../../checker/index.js';
import type { LessonRef, OpenWorkspace } from '../../course/index.js';
import { exitCode } from '../check/exit-code.js';
import { tellEarly } from '../check/first-failure.js';
import { endWhenInterrupted, type Interruption } from '../check/interruption.js';
import {
  type CheckJob,
  contextOf,
  type JobOptions,
  prepareJobs,
  type StoredOutcome,
  storeOutcome,
} from '../check/job.js';
import { type ProgressLine, progressLine } from '../check/progress-line.js';
import { currentFolder, print, styleFor, tell } from '../invocation.js';
import type { Style } from '../render/style.js';

interface CheckFlags {
  readonly all?: boolean;
  readonly track?: string;
  readonly seed?: string;
  readonly broker?: string;
  readonly replay?: string;
  readonly build?: string;
  readonly json?: boolean;
}

/** `check`: has the learner's program judged on the wire. */
export function registerCheck(program: Command, own: readonly string[]): void {
  program
    .command('check')
    .description('have your work judged on the wire; default the lesson you are at')
    .argument('[lesson...]', '5, lesson-5, wildcards or 05-wildcards')
    .option('--all', 'every lesson, a line each')
    .option('--track <track>', 'typescript or python')
    .option('--seed <seed>', 'the same random values again, as a result names them')
    .option('--broker <broker>', 'embedded, mosquitto, or the address of a broker')
    .option('--build <command>', 'builds the command after --, once before it is checked')
    .option('--replay <bundle>', 'judge a stored exchange again; runs nothing')
    .option('--json', 'one JSON object for each lesson')
    .usage('[lesson...] [options] [-- command...]')
    .addHelpText(
      'after',
      '\nExamples:\n  npx mqtt-course check lesson-5\n  npx mqtt-course check 5 -- ./my-program --flag   (any language)\n  npx mqtt-course check 5 --build "cc -o p p.c -lmosquitto" -- ./p\n  npx mqtt-course check --replay .mqtt-course/last/05-wildcards.json',
    )
    .action(async (names: string[], options: CheckFlags, command: Command) => {
      const style = styleFor(command);
      if (options.replay !== undefined) {
        const { replay } = await import('../check/replay.js');
        process.exitCode = await replay(options.replay, names, options, style);
        return;
      }
      process.exitCode = await check(names, options, style, own);
    });
}

/**
 * Checks lessons as the command line does. `own`: a command of the learner's, to be checked instead
 * of their file.
 * @returns the exit code
 */
export async function check(
  names: readonly string[],
  options: CheckFlags,
  style: Style,
  own: readonly string[] = [],
): Promise<number> {
  const [{ findLesson }, { requireWorkspace }] = await Promise.all([
    import('../../course/catalogue.js'),
    import('../../course/find.js'),
  ]);
  const parted = own.length > 0 ? { names, own } : byNpm(names);
  const named = parted.names.map(name => findLesson(name));
  if (options.build !== undefined && parted.own.length === 0) {
    const { UsageError } = await import('../../course/errors.js');
    throw new UsageError(
      'what is built is a command after --. For example: npx mqtt-course check 4 --build "cc -o p p.c" -- ./p',
    );
  }
  if (parted.own.length === 0) requireWorkspace(currentFolder());
  const line = progressLine(style, options.json ?? false);
  const interruption = endWhenInterrupted(() => {
    line.end();
    process.stderr.write('Stopped.\n');
  });
  try {
    return await judge(named, { ...options, own: parted.own }, style, line, interruption);
  } finally {
    interruption.off();
  }
}

/** `npm run check lesson-4 -- ./p` comes without its `--`: what is a path behind the lesson is a command. */
function byNpm(names: readonly string[]): { names: readonly string[]; own: readonly string[] } {
  const at = names.findIndex(
    (name, index) => index > 0 && /^(?:\.{0,2}|~|[A-Za-z]:)[\\/]/.test(name),
  );
  if (at === -1 || process.env['npm_lifecycle_event'] === undefined) return { names, own: [] };
  return { names: names.slice(0, at), own: names.slice(at) };
}

/** Judges what is asked for, and tells of each as it comes. @returns the exit code */
async function judge(
  named: readonly LessonRef[],
  options: CheckFlags & Pick<JobOptions, 'own'>,
  style: Style,
  line: ProgressLine,
  interruption: Interruption,
): Promise<number> {
  // Said before anything heavy is loaded: the learner sees at once that it has begun.
  const [only] = named;
  if (only && named.length === 1) line.begin(`checking ${only.id}`);
  // The check itself takes longest to load: it begins first, and the rest is found out meanwhile.
  const { checkLesson, expectCheck } = await import('../../checker/index.js');
  if (only) expectCheck({ lesson: only.id });
  const jobs = await prepareJobs(named, options, notices => {
    if (notices.length === 0) return;
    line.end();
    tell(notices);
  });
  const results: CheckResult[] = [];
  const long = jobs.list.length === 1 && !options.json;
  for (const job of jobs.list) {
    line.begin(`checking ${job.lesson.id}`);
    const early = long
      ? tellEarly(job, jobs.opened, style, lines => line.above(() => print(lines)))
      : undefined;
    const judging = checkLesson({
      ...job.request,
      signal: interruption.signal,
      onProgress: event => {
        if (interruption.signal.aborted) return;
        line.update(event.type === 'waiting' ? event.text : `${event.state}: ${event.title}`);
      },
      ...(early ? { onFirstFailure: early.heard } : {}),
    });
    if (long) loadTelling();
    const outcome = await interruption.settled(judging);
    const above = await early?.ends();
    line.end();
    // A result that cannot be kept is worth telling all the same.
    const told = await storeOutcome(job, jobs.opened, outcome, true);
    results.push(told.result);
    if (options.json) process.stdout.write(`${JSON.stringify(told.result)}\n`);
    else if (long) await tellLong(job, told, jobs.opened, style, above);
    else await tellShort(told.result, style);
    if (told.unsaved) tell([told.unsaved]);
  }
  if (jobs.list.length > 1 && !options.json) tellSum(results, style);
  return exitCode(results);
}

/** Begins to load what `tellLong` needs, while programs run. What cannot be loaded is told there. */
function loadTelling(): void {
  for (const one of [import('../render/verdict.js'), import('../check/evidence.js')]) {
    one.catch(() => undefined);
  }
}

async function tellLong(
  job: CheckJob,
  told: StoredOutcome,
  opened: OpenWorkspace | undefined,
  style: Style,
  above: string | undefined,
): Promise<void> {
  const { renderResult } = await import('../render/verdict.js');
  const context = await contextOf(job, told, opened);
  print(renderResult(told.result, style, { ...context, told: above }));
}

async function tellShort(result: CheckResult, style: Style): Promise<void> {
  const [{ statusMark }, { hang }] = await Promise.all([
    import('../render/style.js'),
    import('../render/layout.js'),
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
