import type { Command } from 'commander';
import { UsageError } from '../../course/index.js';
import { finish } from '../grade/finish.js';
import {
  addOutputOptions,
  at,
  exportOptions,
  type OutputOptions,
  openCourseFile,
  openRoster,
  parseLessons,
} from '../grade/options.js';
import { print, styleFor } from '../invocation.js';
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

async function merge(
  folders: readonly string[],
  options: MergeFlags,
  style: Style,
): Promise<number> {
  const { mergeFolders } = await import('../../grading/index.js');
  const courseFile = await openCourseFile(options);
  const roster = await openRoster(options, courseFile);
  const out = at(options.out ?? 'grades');
  const exports = await exportOptions(options, out);
  const merged = mergeFolders(folders.map(at), out, roster?.learners);
  const { run, records } = merged;
  const byLearner = new Map<string, number>();
  for (const { learner } of merged.missing) {
    byLearner.set(learner, (byLearner.get(learner) ?? 0) + 1);
  }
  const notices = [...merged.notices, ...(roster?.notices ?? [])];
  const code = await finish({ run, records, courseFile, exports, options, notices }, style);
  if (byLearner.size > 0 && !options.json) {
    print([`not graded yet: ${[...byLearner.keys()].join(', ')}. Grade their shard to its end.`]);
  }
  return code === 0 && merged.notices.some(one => one.startsWith('missing: shard')) ? 3 : code;
}

async function report(folder: string, options: ReportFlags, style: Style): Promise<number> {
  const { readRecords, readRun, testsHash } = await import('../../grading/index.js');
  const from = at(folder);
  const stored = readRun(from);
  if (!stored) {
    throw new UsageError(
      `${folder} holds no results. Grade a class first: npx mqtt-course grade SUBMISSIONS --out ${folder}`,
    );
  }
  const courseFile = await openCourseFile(options);
  const exports = await exportOptions(options, at(options.out ?? folder));
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
  const notices = [
    ...damaged.map(file => `${file} is damaged; it was left out. Grade again to have it back`),
    ...(stored.tests === testsHash()
      ? []
      : ['these results were judged by another version of the course than this one']),
  ];
  return finish({ run, records, courseFile, exports, options, notices, folder: from }, style);
}
