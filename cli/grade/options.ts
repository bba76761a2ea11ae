import { resolve } from 'node:path';
import type { Command } from 'commander';
import { findLesson, lessonIds, UsageError } from '../../course/index.js';
import { DEFAULT_FORMATS, FORMATS } from '../../grading/exports/formats.js';
import type {
  CourseFile,
  ExportOptions,
  Format,
  Learner,
  Override,
  Roster,
  Shard,
} from '../../grading/index.js';
import { currentFolder } from '../invocation.js';

/** Options of every command that writes grades. */
export interface OutputOptions {
  readonly roster?: string;
  readonly courseFile?: string;
  readonly overrides?: string;
  readonly formats?: string;
  readonly format?: string;
  readonly canvas?: string;
  readonly canvasColumn?: readonly string[];
  readonly moodle?: string;
  readonly moodleLesson?: string;
  readonly absent?: string;
  readonly scale?: boolean;
  readonly pseudonyms?: string;
  readonly feedback?: string;
  readonly traces?: string;
  readonly visibility?: string;
  readonly json?: boolean;
}

export function addOutputOptions(command: Command): Command {
  return command
    .option('--roster <csv>', 'who is in the class; also an export of Canvas, Moodle or GitHub')
    .option('--course-file <yaml>', 'points, weights and deadlines (see: grade course-file)')
    .option('--overrides <csv>', 'what a person decided: learner,lesson,check,points,reason,who')
    .option(
      '--formats <list>',
      `what is written, with commas; default ${DEFAULT_FORMATS.join(',')}`,
    )
    .option('--format <list>', 'the same as --formats')
    .option('--canvas <csv>', 'your exported Canvas gradebook: a copy is filled in')
    .option('--canvas-column <lesson=column...>', 'which column takes a lesson, or total')
    .option('--moodle <csv>', 'your Moodle grading worksheet: a copy is filled in')
    .option('--moodle-lesson <lesson>', 'the lesson the worksheet is for; default total')
    .option('--absent <what>', 'in Canvas and Moodle: leave their cells, or zero', 'leave')
    .option('--scale', 'in Canvas and Moodle: scale to the points that are possible there')
    .option('--pseudonyms <keyfile>', 'hide names in the exports; the file says who is who')
    .option('--feedback <detail>', 'to learners: messages, or points alone', 'messages')
    .option('--traces <whose>', 'packets shown to learners: own, all or none', 'own')
    .option('--visibility <when>', 'Gradescope: visible, hidden, after_due_date, after_published')
    .option('--json', 'a line of JSON for each thing that happens');
}

/** A path as the person means it, from where they are. */
export function at(path: string): string {
  return resolve(currentFolder(), path);
}

/** Lessons from `1-5,9`, names, or `all`. @throws UsageError */
export function parseLessons(text: string | undefined): string[] {
  const all = lessonIds();
  if (text === undefined || text.trim().toLowerCase() === 'all') return all;
  const wanted = new Set<string>();
  for (const part of text.split(',').map(one => one.trim())) {
    if (part === '') continue;
    const [, from, to] = /^(\d+)\s*-\s*(\d+)$/.exec(part) ?? [];
    if (from === undefined || to === undefined) {
      wanted.add(findLesson(part).id);
      continue;
    }
    const [first, last] = [findLesson(from).id, findLesson(to).id].map(id => all.indexOf(id));
    if (first === undefined || last === undefined || first > last) {
      throw new UsageError(`--lessons ${part} runs backwards. For example: --lessons 1-5,9`);
    }
    for (const id of all.slice(first, last + 1)) wanted.add(id);
  }
  if (wanted.size === 0) throw new UsageError('--lessons names no lesson. For example: 1-5,9');
  return all.filter(id => wanted.has(id));
}

/** A whole number of at least `least`. @throws UsageError */
export function parseCount(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new UsageError(`${option} ${text} is not a whole number of at least ${least}.`);
}

/**
 * Which machine of several this is: `--shard 2/4`, else what Kubernetes or Slurm say. Kubernetes does
 * not say how many there are: `--shard-count`, or SHARD_COUNT.
 * @throws UsageError
 */
export function parseShard(
  options: { readonly shard?: string; readonly shardCount?: string },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Shard | undefined {
  const given = options.shard;
  if (given !== undefined) {
    const [, index, count] = /^(\d+)\/(\d+)$/.exec(given.trim()) ?? [];
    return checked(Number(index), Number(count), `--shard ${given}`);
  }
  const told = options.shardCount ?? env['SHARD_COUNT'];
  const count = told === undefined ? undefined : parseCount('--shard-count', told);
  const kubernetes = env['JOB_COMPLETION_INDEX'];
  if (kubernetes !== undefined && kubernetes !== '') {
    if (count === undefined) {
      throw new UsageError(
        'JOB_COMPLETION_INDEX says which shard this is, but not of how many. Add: --shard-count N (the completions of the job)',
      );
    }
    return checked(Number(kubernetes) + 1, count, `JOB_COMPLETION_INDEX=${kubernetes}`);
  }
  const slurm = env['SLURM_ARRAY_TASK_ID'];
  if (slurm !== undefined && slurm !== '') {
    const first = Number(env['SLURM_ARRAY_TASK_MIN'] ?? 0);
    const step = Number(env['SLURM_ARRAY_TASK_STEP'] ?? 1) || 1;
    const tasks = count ?? Number(env['SLURM_ARRAY_TASK_COUNT'] ?? Number.NaN);
    return checked((Number(slurm) - first) / step + 1, tasks, `SLURM_ARRAY_TASK_ID=${slurm}`);
  }
  if (count !== undefined && options.shardCount !== undefined) {
    throw new UsageError('--shard-count needs to know which shard this is: --shard i/n');
  }
  return undefined;
}

function checked(index: number, count: number, said: string): Shard {
  const whole = Number.isInteger(index) && Number.isInteger(count);
  if (whole && count >= 1 && index >= 1 && index <= count) return { index, count };
  throw new UsageError(
    `${said} is not a shard. They count from 1: --shard 2/4 is the second of four`,
  );
}

/** The course file in force, and what is to be said of it. */
export interface InForce {
  readonly courseFile: CourseFile;
  readonly notices: readonly string[];
}

/**
 * The course file that was named; else that of the grading, which is stored with its results; else
 * the defaults. Says when the one is not the other.
 * @throws UsageError
 */
export async function courseFileInForce(
  options: Pick<OutputOptions, 'courseFile'>,
  stored?: CourseFile,
): Promise<InForce> {
  const { defaultCourseFile } = await import('../../grading/index.js');
  if (options.courseFile === undefined) {
    return { courseFile: stored ?? defaultCourseFile(), notices: [] };
  }
  const courseFile = await openCourseFile(options);
  const differs = stored !== undefined && JSON.stringify(stored) !== JSON.stringify(courseFile);
  return {
    courseFile,
    notices: differs
      ? [
          `points are by ${options.courseFile}; these results had another course file before. Who moves: npx mqtt-course regrade DIR --diff DIR --course-file FILE`,
        ]
      : [],
  };
}

/** The course file, or the defaults. @throws UsageError */
export async function openCourseFile(
  options: Pick<OutputOptions, 'courseFile'>,
): Promise<CourseFile> {
  const { defaultCourseFile, readCourseFile } = await import('../../grading/index.js');
  return options.courseFile === undefined
    ? defaultCourseFile()
    : readCourseFile(at(options.courseFile));
}

/**
 * What a person decided, of a file that is named and from then on stays with the results, or that
 * lies there.
 * @throws UsageError
 */
export async function openOverrides(
  options: OutputOptions,
  folder: string,
  lessons: readonly string[],
  learners: readonly Learner[] | undefined,
): Promise<readonly Override[]> {
  const { gradedLessons, readOverrides, storedOverrides } = await import('../../grading/index.js');
  const context = {
    lessons: await gradedLessons(lessons),
    ...(learners ? { learners } : {}),
  };
  return options.overrides === undefined
    ? storedOverrides(folder, context)
    : readOverrides(at(options.overrides), context);
}

/** The roster; an exported gradebook is one, too. @throws UsageError */
export async function openRoster(
  options: OutputOptions,
  course: CourseFile,
): Promise<Roster | undefined> {
  const file = options.roster ?? options.canvas ?? options.moodle;
  if (file === undefined) return undefined;
  const { readRoster } = await import('../../grading/index.js');
  const zone = course.timeZone ? { timeZone: course.timeZone } : {};
  const roster = await readRoster(at(file), zone);
  if (options.moodle === undefined || file === options.moodle) return roster;
  // The worksheet knows when learners handed in, whoever else says who they are.
  const { withTimes } = await import('../../grading/index.js');
  return withTimes(roster, await readRoster(at(options.moodle), zone));
}

/** Extensions and excuses that fit nobody: most often a slip in a name. */
export async function strangers(
  course: CourseFile,
  learners: readonly Learner[],
  file: string | undefined,
): Promise<string[]> {
  const { isMeant, unknownLearners } = await import('../../grading/index.js');
  const unknown = unknownLearners(course, who => learners.some(one => isMeant(who, one)));
  return unknown.map(who => `${file ?? 'the course file'} names ${who}, who is not in this class`);
}

const oneOf = <Value extends string>(
  option: string,
  text: string | undefined,
  values: readonly Value[],
): Value | undefined => {
  if (text === undefined) return undefined;
  const found = values.find(one => one === text);
  if (found !== undefined) return found;
  throw new UsageError(`${option} ${text} is not known; choose ${values.join(', ')}.`);
};

/** What to write, all of it checked before anything is run. @throws UsageError */
export async function exportOptions(
  options: OutputOptions,
  out: string,
): Promise<Omit<ExportOptions, 'bundle'>> {
  const known = Object.keys(FORMATS) as Format[];
  const given = options.formats ?? options.format;
  const formats = given
    ?.split(',')
    .map(one => one.trim())
    .filter(one => one !== '')
    .map(one => oneOf('--formats', one, known) as Format);
  if (given !== undefined && formats?.length === 0) {
    throw new UsageError(`--formats names none; choose of ${known.join(', ')}.`);
  }
  const wants = new Set(formats ?? DEFAULT_FORMATS);
  for (const kind of ['canvas', 'moodle'] as const) {
    if (wants.has(kind) && options[kind] === undefined) {
      throw new UsageError(
        `the format ${kind} fills in your own file. Name it: --${kind} FILE.csv`,
      );
    }
  }
  if (wants.has('pcap') && options.pseudonyms !== undefined) {
    throw new UsageError(
      'a capture holds the bytes as they were, names and all. Leave out pcap, or --pseudonyms',
    );
  }
  const target = (name: string) => (name === 'total' ? 'total' : findLesson(name).id);
  const columns = options.canvasColumn?.map(one => {
    const split = one.indexOf('=');
    if (split < 1) {
      throw new UsageError(`--canvas-column ${one} names no column. For example: 5="Lab 5 (1234)"`);
    }
    return [target(one.slice(0, split)), one.slice(split + 1)] as const;
  });
  const detail = oneOf('--feedback', options.feedback, ['messages', 'points']);
  const traces = oneOf('--traces', options.traces, ['own', 'all', 'none']);
  const absent = oneOf('--absent', options.absent, ['leave', 'zero']);
  const visibility = oneOf('--visibility', options.visibility, [
    'visible',
    'hidden',
    'after_due_date',
    'after_published',
  ]);
  return {
    out,
    ...(formats ? { formats } : {}),
    ...(options.canvas === undefined ? {} : { canvas: at(options.canvas) }),
    ...(columns ? { columns: Object.fromEntries(columns) } : {}),
    ...(options.moodle === undefined ? {} : { moodle: at(options.moodle) }),
    ...(options.moodleLesson === undefined ? {} : { moodleTarget: target(options.moodleLesson) }),
    ...(options.pseudonyms === undefined ? {} : { pseudonyms: at(options.pseudonyms) }),
    ...(detail ? { detail } : {}),
    ...(traces ? { traces } : {}),
    ...(absent ? { absent } : {}),
    ...(options.scale ? { scale: true } : {}),
    ...(visibility ? { visibility } : {}),
  };
}
