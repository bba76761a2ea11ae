import type { Command } from 'commander';
import { UsageError } from '../../course/index.js';
import type { CourseFile, ExportOptions, Merged } from '../../grading/index.js';
import { learnerText } from '../../grading/learner-text.js';
import { finish } from '../grade/finish.js';
import {
  addOutputOptions,
  at,
  courseFileInForce,
  exportOptions,
  type OutputOptions,
  openOverrides,
  openRoster,
  parseLessons,
} from '../grade/options.js';
import { print, styleFor } from '../invocation.js';
import { printable } from '../render/layout.js';
import type { Style } from '../render/style.js';

interface MergeFlags extends OutputOptions {
  readonly out?: string;
}

interface ReportFlags extends OutputOptions {
  readonly out?: string;
  readonly lessons?: string;
}

/** `grade merge`, `grade report` and `grade course-file`: nothing of a submission is run. */
export function registerGradeMerge(grade: Command): void {
  addOutputOptions(
    grade
      .command('merge')
      .description('put the results of several machines together, as if one had graded the class')
      .argument('<dir...>', 'the --out of each shard')
      .option('--out <dir>', 'where the whole class goes; default grades'),
  )
    .addHelpText('after', '\nExample:\n  npx mqtt-course grade merge shard-* --out grades')
    .action(async (folders: string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<MergeFlags>();
      process.exitCode = await merge(folders, options, styleFor(command));
    });
  addOutputOptions(
    grade
      .command('report')
      .description('write grades and reports again, after the course file changed; runs nothing')
      .argument('[dir]', 'the --out of a grading; default grades')
      .option('--out <dir>', 'where the files go; default the same folder')
      .option('--lessons <list>', 'other lessons than those that were graded last: 1-5,9'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  npx mqtt-course grade report grades --course-file grading.yaml',
    )
    .action(async (folder: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ReportFlags>();
      process.exitCode = await report(folder ?? 'grades', options, styleFor(command));
    });
  grade
    .command('course-file')
    .description('print a course file to begin with: points, weights, deadlines')
    .addHelpText('after', '\nExample:\n  npx mqtt-course grade course-file > grading.yaml')
    .action(async () => {
      const { exampleCourseFile } = await import('../../grading/index.js');
      process.stdout.write(exampleCourseFile());
    });
}

interface Merging {
  readonly out: string;
  readonly courseFile: CourseFile;
  readonly exports: Omit<ExportOptions, 'bundle'>;
  readonly options: MergeFlags;
  readonly style: Style;
}

async function merge(
  folders: readonly string[],
  options: MergeFlags,
  style: Style,
): Promise<number> {
  const { keepOverrides, lockOut, mergeFolders, openOut, readRun, writeRun } = await import(
    '../../grading/index.js'
  );
  const stored = folders.map(one => readRun(at(one))?.courseFile).find(one => one !== undefined);
  const { courseFile, notices: courseNotices } = await courseFileInForce(options, stored);
  const roster = await openRoster(options, courseFile);
  const out = at(options.out ?? 'grades');
  const exports = await exportOptions(options, out);
  openOut(out);
  const free = lockOut(out);
  try {
    const merged = mergeFolders(folders.map(at), out, roster?.learners);
    const run = { ...merged.run, courseFile };
    writeRun(out, run);
    if (options.overrides !== undefined) keepOverrides(at(options.overrides), out);
    return await tellMerged({ ...merged, run }, { out, courseFile, exports, options, style }, [
      ...courseNotices,
      ...merged.notices.filter(
        one => options.courseFile === undefined || !/different course files/.test(one),
      ),
      ...(roster?.notices ?? []),
    ]);
  } finally {
    free();
  }
}

async function tellMerged(
  merged: Merged,
  { out, courseFile, exports, options, style }: Merging,
  notices: readonly string[],
): Promise<number> {
  const { run, records } = merged;
  const learners = run.members.map(one => one.learner);
  const overrides = await openOverrides(options, out, run.lessons, learners);
  const byLearner = new Map<string, number>();
  for (const { learner } of merged.missing) {
    byLearner.set(learner, (byLearner.get(learner) ?? 0) + 1);
  }
  const input = { run, records, courseFile, overrides, exports, options, notices };
  const code = await finish(input, style);
  if (byLearner.size > 0 && !options.json) {
    const named = new Map(learners.map(one => [one.id, learnerText(one)]));
    const who = [...byLearner.keys()].map(id => printable(named.get(id) ?? id).text);
    print([`not graded yet: ${who.join(', ')}. Grade their shard to its end.`]);
  }
  return code === 0 && merged.notices.some(one => one.startsWith('missing: shard')) ? 3 : code;
}

async function report(folder: string, options: ReportFlags, style: Style): Promise<number> {
  const { copyResults, keepOverrides, openOut, readRecords, readRun, testsHash, writeRun } =
    await import('../../grading/index.js');
  const from = at(folder);
  const stored = readRun(from);
  if (!stored) {
    throw new UsageError(
      `${folder} holds no results. Grade a class first: npx mqtt-course grade SUBMISSIONS --out ${folder}`,
    );
  }
  const { courseFile, notices: courseNotices } = await courseFileInForce(
    options,
    stored.courseFile,
  );
  const out = at(options.out ?? folder);
  const exports = await exportOptions(options, out);
  const roster = await openRoster(options, courseFile);
  const known = new Map((roster?.learners ?? []).map(one => [one.id, one]));
  const run = {
    ...stored,
    ...(options.lessons === undefined ? {} : { lessons: parseLessons(options.lessons) }),
    members: [
      ...stored.members.map(one => ({ ...one, learner: known.get(one.learner.id) ?? one.learner })),
      ...(roster?.learners ?? [])
        .filter(one => !stored.members.some(member => member.learner.id === one.id))
        .map(learner => ({ learner, notices: [] })),
    ].sort((a, b) => (a.learner.id < b.learner.id ? -1 : 1)),
  };
  const { records, damaged } = readRecords(from);
  const learners = run.members.map(one => one.learner);
  const whole = run.shard === undefined || run.merged === true ? learners : undefined;
  const overrides = await openOverrides(options, from, run.lessons, whole);
  // What was written last is what the results stand for, wherever they lie.
  openOut(out);
  if (out !== from) copyResults(from, out, { ...stored, courseFile });
  else if (options.courseFile !== undefined) writeRun(out, { ...stored, courseFile });
  if (options.overrides !== undefined) keepOverrides(at(options.overrides), out);
  const notices = [
    ...courseNotices,
    ...damaged.map(file => `${file} is damaged; it was left out. Grade again to have it back`),
    ...(stored.tests === testsHash()
      ? []
      : ['these results were judged by another version of the course than this one']),
  ];
  return finish(
    { run, records, courseFile, overrides, exports, options, notices, folder: from },
    style,
  );
}
