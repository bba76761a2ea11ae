import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../course/index.js';
import { removeTemporary } from '../../course/system/index.js';
import { FORMATS } from '../../grading/exports/formats.js';
import type { ClassPlan, Learner, Shard } from '../../grading/index.js';
import { learnerText } from '../../grading/learner-text.js';
import { finish } from '../grade/finish.js';
import { chooseTier, notSealed, parseIsolation, type Tier } from '../grade/isolation.js';
import {
  addOutputOptions,
  at,
  courseFileInForce,
  exportOptions,
  type OutputOptions,
  openOverrides,
  openRoster,
  parseCount,
  parseLessons,
  parseShard,
  strangers,
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
  readonly times?: string;
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
    .option('--times <csv>', 'when learners handed in: id,submitted_at (see: Times, below)')
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

Times: the first of these that knows a learner counts. --times FILE, or submissions.csv
in the folder of the submissions (id,submitted_at); Gradescope's own list in its export;
Moodle's worksheet (--moodle or --roster; its times need time-zone in the course file);
the column submitted_at of a roster. Canvas marks files as LATE and says no time: with
no other source that is one day. An example for each: examples/grading/times.

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
  const grading = await import('../../grading/index.js');
  const before = grading.readRun(out);
  const { courseFile, notices: courseNotices } = await courseFileInForce(
    options,
    before?.courseFile,
  );
  const exports = await exportOptions(options, out);
  const roster = await openRoster(options, courseFile);
  const zone = courseFile.timeZone ? { timeZone: courseFile.timeZone } : {};
  const times =
    options.times === undefined
      ? undefined
      : await grading.readSubmissionTimes(at(options.times), zone);
  const list = await grading.listSubmissions(at(folder), {
    ...(roster ? { roster } : {}),
    ...(times ? { times } : {}),
    ...zone,
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

  const everyone = [
    ...list.submissions.map(one => one.learner),
    ...(roster?.learners ?? []),
    ...(options.only ? (before?.members ?? []).map(one => one.learner) : []),
  ];
  const overrides = await openOverrides(options, out, lessons, everyone);
  await grading.rehearse({ members: plan.members, lessons, courseFile, exports });
  const unknown = await strangers(courseFile, everyone, options.courseFile);
  grading.openOut(out);
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
  const display = options.json
    ? jsonProgress()
    : gradeProgress(style, realOutput(style), namesOf(everyone));
  if (!options.json)
    print(beginning({ ...tier, plan, lessons, shard, seed, engines, most }, style));
  for (const notice of [...plan.notices, ...tier.notices, ...unknown, ...courseNotices]) {
    display.say(printable(notice).text);
  }
  const stop = new AbortController();
  const free = grading.lockOut(out);
  grading.removeLeftFolders();
  if (options.overrides !== undefined) grading.keepOverrides(at(options.overrides), out);
  const tmp = await grading.gradingFolder();
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
      courseFile,
      ...(options.only ? { some: true } : {}),
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
    const input = { run, records, courseFile, overrides, everyone, exports, options };
    return await finish({ ...input, notices: courseNotices }, style);
  } finally {
    interrupted.dispose();
    await runner.close();
    await removeTemporary(tmp);
    free();
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

/** How learners are called, by id. */
const namesOf = (learners: readonly Learner[]) =>
  new Map(
    learners.flatMap(({ id, name }) => (name === undefined || name === id ? [] : [[id, name]])),
  );

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

/** Names in one line; of a large school not all. */
const SHOWN = 200;
function some(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${names.slice(0, SHOWN).join(', ')}${more}`;
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
  const width = plan.submissions.reduce(
    (most, one) => Math.max(most, columnsOf(clean(learnerText(one.learner)))),
    0,
  );
  const absent = plan.members.filter(one => one.submission === undefined && !one.unreadable);
  print(
    [
      ...plan.submissions.map(({ learner, name, submittedAt, markedLate }) => {
        const when = submittedAt ?? (markedLate ? 'marked late' : '');
        const who = pad(clean(learnerText(learner)), Math.min(width, 34));
        return `${who}  ${clean(name)}  ${when}`.trimEnd();
      }),
      ...(plan.submissions.length > 0 ? [''] : []),
      count(plan.submissions.length, 'submission'),
      ...plan.submissions.flatMap(one =>
        one.problem === undefined
          ? []
          : [
              `could not be read: ${clean(learnerText(one.learner))}, ${clean(one.name)} (${one.problem})`,
            ],
      ),
      ...plan.unreadable.map(one => `could not be read: ${clean(one.submission)} (${one.reason})`),
      ...(absent.length > 0
        ? [`nothing came: ${some(absent.map(one => clean(learnerText(one.learner))))}`]
        : []),
      ...(plan.unexpected.length > 0
        ? [`not on the roster: ${some(plan.unexpected.map(clean))}`]
        : []),
      ...plan.notices.map(clean),
    ].flatMap(line => hang('', '  ', line, style.width)),
  );
  return 0;
}
