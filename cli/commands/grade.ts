import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../course/index.js';
import { removeTemporary } from '../../course/system/index.js';
import { FORMATS } from '../../grading/exports/formats.js';
import type { ClassPlan, Shard } from '../../grading/index.js';
import { finish } from '../grade/finish.js';
import { chooseTier, notSealed, parseIsolation, type Tier } from '../grade/isolation.js';
import {
  addOutputOptions,
  at,
  exportOptions,
  type OutputOptions,
  openCourseFile,
  openRoster,
  parseCount,
  parseLessons,
  parseShard,
} from '../grade/options.js';
import { gradeProgress, jsonProgress, realOutput } from '../grade/progress.js';
import { shownFolder } from '../grade/tell.js';
import { print, styleFor, tell } from '../invocation.js';
import { parseTrack } from '../place.js';
import { columnsOf, count, hang, pad, printable, wrap } from '../render/layout.js';
import type { Style } from '../render/style.js';
import { registerGradeMerge } from './grade-merge.js';
import { registerSimilar } from './grade-similar.js';

/** Submissions that are unpacked ahead for each engine. */
const EACH = 8;

interface GradeFlags extends OutputOptions {
  readonly lessons?: string;
  readonly out?: string;
  readonly track?: string;
  readonly jobs?: string;
  readonly seed?: string;
  readonly force?: boolean;
  readonly only?: readonly string[];
  readonly list?: boolean;
  readonly shard?: string;
  readonly shardCount?: string;
  readonly requireSandbox?: boolean;
  readonly isolation?: string;
  readonly gradescope?: string;
}

/** `grade`: for instructors. Grades a folder of submissions with the hidden tests. */
export function registerGrade(program: Command): void {
  const grade = program
    .command('grade')
    .description('grade a class: every submission, in a sandbox, with the hidden tests')
    .argument('[submissions]', 'folder with a folder or archive for each learner')
    .option('--lessons <list>', 'which lessons: 1-5,9; default all')
    .option('--out <dir>', 'where results and reports go; default grades')
    .option('--track <track>', 'which counts where a learner did both: typescript or python')
    .option('--only <learner...>', 'grade only these; the others stay as they are')
    .option('--force', 'run also what has a result from the same files')
    .option('--jobs <n>', 'submissions × lessons at once; default: as processors and memory allow')
    .option('--seed <seed>', 'the same random values as another grading, which printed it')
    .option('--list', 'who would be graded, and stop')
    .option('--shard <i/n>', 'grade one part of n of the class; grade merge puts them together')
    .option('--shard-count <n>', 'of how many, where the system says which')
    .option('--isolation <tier>', 'bwrap, container, or process (for programs you trust)')
    .option('--require-sandbox', 'never without bwrap or container: else exit code 3')
    .option('--gradescope <zip>', 'write an autograder for Gradescope, and stop');
  addOutputOptions(grade).addHelpText('after', HELP);
  grade.action(async (folder: string | undefined, options: GradeFlags, command: Command) => {
    process.exitCode = await gradeCommand(folder, options, styleFor(command));
  });
  registerGradeMerge(grade);
  registerSimilar(grade);
}

const HELP = `
${wrap(`Formats: ${Object.keys(FORMATS).join(', ')}.`, 80).join('\n')}

Interrupted, or a submission changed? The same command goes on: what has a result
from the same files is not run again.

Exit codes: 0 everything was graded (wrong answers are no error), 2 wrong use,
3 something could not be told or read and a person has to look, or there is no
sandbox here, 130 or 143 interrupted.

Examples:
  npx mqtt-course grade submissions --lessons 1-5 --roster class.csv
  npx mqtt-course grade submissions --canvas gradebook.csv --course-file grading.yaml
  npx mqtt-course grade submissions --shard 1/4 --seed 5e1f --out shard-1`;

/** @returns the exit code */
async function gradeCommand(
  folder: string | undefined,
  options: GradeFlags,
  style: Style,
): Promise<number> {
  const lessons = parseLessons(options.lessons);
  if (options.gradescope !== undefined) {
    const { writeAutograder } = await import('../grade/autograder.js');
    return writeAutograder(at(options.gradescope), options, lessons);
  }
  if (folder === undefined) {
    throw new UsageError(
      'Which submissions? Name the folder that holds them: npx mqtt-course grade submissions',
    );
  }
  const track = parseTrack(options.track);
  const shard = parseShard(options);
  const out = at(options.out ?? 'grades');
  const asked = parseIsolation(options);
  const courseFile = await openCourseFile(options);
  const exports = await exportOptions(options, out);
  const roster = await openRoster(options, courseFile);
  const grading = await import('../../grading/index.js');
  const list = await grading.listSubmissions(at(folder), {
    ...(roster ? { roster } : {}),
    ...(courseFile.timeZone ? { timeZone: courseFile.timeZone } : {}),
  });
  const plan = grading.planClass(list, {
    ...(roster ? { roster: roster.learners } : {}),
    ...(shard ? { shard } : {}),
    ...(options.only ? { only: options.only } : {}),
  });
  if (plan.unmatched.length > 0) {
    throw new UsageError(
      `--only ${plan.unmatched.join(' ')}: no submission of that name. See who is there: npx mqtt-course grade ${folder} --list`,
    );
  }
  if (options.list) return tellList(plan, options, style);
  if (list.submissions.length === 0 && list.unreadable.length === 0) {
    throw new UsageError(
      `there are no submissions in ${folder}: it wants a folder or an archive (.zip, .tar.gz) for each learner.`,
    );
  }

  grading.openOut(out);
  const before = grading.readRun(out);
  if (before?.merged) {
    throw new UsageError(
      `${shownFolder(out)} holds merged results. Grade into a folder of its own: --out DIR`,
    );
  }
  const seed = options.seed ?? before?.seed ?? grading.newRunSeed();
  if (shard && options.seed === undefined && before === undefined) {
    throw new UsageError(
      `every shard needs the same seed. Add this to each of them: --seed ${seed}`,
    );
  }
  const tier = await chooseTier(asked, options, folder, grading.probeIsolation);
  if (tier.refused !== undefined) {
    tell(hang('', '', tier.refused, style.width));
    return 3;
  }
  if (tier.isolation === 'container') {
    const open = await grading.sealContainer({ folders: [at(folder), out] });
    if (open.length > 0) {
      tell(hang('', '', notSealed(open), style.width));
      return 3;
    }
  }

  const most = options.jobs === undefined ? undefined : parseCount('--jobs', options.jobs);
  const engines = Math.min(grading.enginesHere(), most ?? Number.POSITIVE_INFINITY);
  const workers = most ?? engines * EACH;
  const display = options.json ? jsonProgress() : gradeProgress(style, realOutput(style));
  if (!options.json)
    print(beginning({ ...tier, plan, lessons, shard, seed, engines, most }, style));
  for (const notice of [...plan.notices, ...tier.notices]) display.say(notice);
  const stop = new AbortController();
  const tmp = await mkdtemp(join(tmpdir(), 'mqtt-course-grade-'));
  const limits = grading.defaultLimits;
  const salt = grading.saltOf(seed);
  const runner = grading.openEngines({
    engines,
    ...(most === undefined ? {} : { most }),
    sandbox: () =>
      grading.openSandbox({ tier: tier.isolation, limits, tmp: join(tmp, 'box'), salt }),
  });
  const interrupted = onInterrupt(display.say, stop, () => void runner.close());
  try {
    const { run, complete } = await grading.gradeClass({
      plan,
      lessons,
      out,
      seed,
      limits,
      isolation: tier.isolation,
      runner,
      workers,
      tmp: join(tmp, 'staged'),
      ...(track ? { track } : {}),
      ...(shard ? { shard } : {}),
      ...(options.force ? { force: true } : {}),
      stop: stop.signal,
      onEvent: display.tell,
    });
    display.end();
    const signal = interrupted.signal();
    if (signal !== undefined && !complete) {
      display.say('Stopped. What was done is kept; the same command goes on from here.');
      return signal === 'SIGINT' ? 130 : 143;
    }
    const { records } = grading.readRecords(out);
    return await finish({ run, records, courseFile, exports, options, notices: [] }, style);
  } finally {
    interrupted.dispose();
    await runner.close();
    await removeTemporary(tmp);
  }
}

/** The first interrupt lets what runs come to its end, the second ends it. */
function onInterrupt(say: (text: string) => void, stop: AbortController, drop: () => void) {
  let seen: NodeJS.Signals | undefined;
  const handle = (signal: NodeJS.Signals) => {
    if (seen !== undefined) return drop();
    seen = signal;
    stop.abort();
    say('Stopping: what runs now comes to its end. Once more ends it at once.');
    // Who sends SIGTERM does not wait for long.
    if (signal === 'SIGTERM') setTimeout(drop, 10_000).unref();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: () => seen,
    dispose: () => {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}

interface Beginning extends Tier {
  readonly plan: ClassPlan;
  readonly lessons: readonly string[];
  readonly shard: Shard | undefined;
  readonly seed: string;
  readonly engines: number;
  readonly most: number | undefined;
}

function beginning(one: Beginning, style: Style): string[] {
  const part = one.shard ? `, shard ${one.shard.index}/${one.shard.count}` : '';
  const what = `${count(one.plan.submissions.length, 'submission')}, ${count(one.lessons.length, 'lesson')}${part}`;
  const pace =
    one.most === undefined
      ? `as many at once as ${count(one.engines, 'processor')} ${one.engines === 1 ? 'takes' : 'take'}`
      : `at most ${one.most} at once`;
  return hang(
    '',
    '  ',
    `grading ${what}; ${pace}, isolation ${one.isolation}, seed ${one.seed}`,
    style.width,
  );
}

/** `--list`: who would be graded. */
function tellList(plan: ClassPlan, options: GradeFlags, style: Style): number {
  if (options.json) {
    for (const { learner, name, kind, learnerFrom, submittedAt, markedLate } of plan.submissions) {
      const line = {
        type: 'submission',
        learner,
        name,
        kind,
        learnerFrom,
        submittedAt,
        markedLate,
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
    for (const one of plan.unreadable) {
      process.stdout.write(`${JSON.stringify({ type: 'unreadable', ...one })}\n`);
    }
    return 0;
  }
  const clean = (text: string) => printable(text).text;
  const width = Math.max(0, ...plan.submissions.map(one => columnsOf(clean(one.learner.id))));
  const absent = plan.members.filter(one => one.submission === undefined && !one.unreadable);
  print(
    [
      ...plan.submissions.map(({ learner, name, submittedAt, markedLate }) => {
        const when = submittedAt ?? (markedLate ? 'marked late' : '');
        return `${pad(clean(learner.id), Math.min(width, 28))}  ${clean(name)}  ${when}`.trimEnd();
      }),
      ...(plan.submissions.length > 0 ? [''] : []),
      count(plan.submissions.length, 'submission'),
      ...plan.unreadable.map(one => `could not be read: ${clean(one.submission)} (${one.reason})`),
      ...(absent.length > 0
        ? [`nothing came: ${absent.map(one => one.learner.id).join(', ')}`]
        : []),
      ...(plan.unexpected.length > 0 ? [`not on the roster: ${plan.unexpected.join(', ')}`] : []),
      ...plan.notices,
    ].flatMap(line => hang('', '  ', line, style.width)),
  );
  return 0;
}
