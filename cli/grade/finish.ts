import type {
  CourseFile,
  ExportOptions,
  Learner,
  Override,
  Run,
  StoredRecord,
} from '../../grading/index.js';
import { print } from '../invocation.js';
import type { Style } from '../render/style.js';
import { type OutputOptions, strangers } from './options.js';
import { isOpen, tellGrades } from './tell.js';

export interface FinishInput {
  readonly run: Run;
  readonly records: readonly StoredRecord[];
  readonly courseFile: CourseFile;
  readonly exports: Omit<ExportOptions, 'bundle'>;
  readonly options: OutputOptions;
  readonly notices: readonly string[];
  readonly overrides: readonly Override[];
  /** The whole class, where the run has a part of it: who else the course file may name. */
  readonly everyone?: readonly Learner[];
  /** Where the results are; default the folder of the exports. */
  readonly folder?: string;
}

/** Grades what is stored, writes the files and tells. @returns the exit code: 0, or 3 when open */
export async function finish(input: FinishInput, style: Style): Promise<number> {
  const { run, records, courseFile, options } = input;
  const { buildClass, gradedLessons, gradeTable, readBundle, readHandedIn, writeExports } =
    await import('../../grading/index.js');
  const lessons = await gradedLessons(run.lessons);
  const grades = buildClass({ run, records, lessons, courseFile, overrides: input.overrides });
  const { out } = input.exports;
  const files = await writeExports(grades, {
    ...input.exports,
    bundle: (learner, lesson) => readBundle(input.folder ?? out, learner, lesson),
    judged: (learner, lesson) => readHandedIn(input.folder ?? out, learner, lesson),
  });
  const learners = input.everyone ?? run.members.map(one => one.learner);
  // Of a shard alone nobody can tell who is in the class.
  const whole = input.everyone !== undefined || run.shard === undefined || run.merged === true;
  const notices = [
    ...input.notices,
    ...otherTests(run, records),
    ...(whole ? await strangers(courseFile, learners, options.courseFile) : []),
    ...files.flatMap(file =>
      /^(canvas|moodle)\.txt$/.test(file) ? [`see ${file} for what was filled in`] : [],
    ),
  ];
  if (options.json) {
    const end = { type: 'end', out, files, open: isOpen(grades), notices };
    process.stdout.write(`${JSON.stringify(end)}\n`);
  } else {
    const table = gradeTable(grades, { width: style.width, plain: style.plain });
    print(tellGrades({ grades, table, files, out, notices }, style));
  }
  return isOpen(grades) ? 3 : 0;
}

/** Results that stand beside newer ones, as after `--only` with a newer course. */
function otherTests(run: Run, records: readonly StoredRecord[]): string[] {
  const members = new Set(run.members.map(one => one.learner.id));
  const old = records.filter(
    ({ record }) =>
      members.has(record.learner) &&
      run.lessons.includes(record.lesson) &&
      record.inputs.tests !== run.tests,
  );
  if (old.length === 0) return [];
  return [
    `${old.length} results were judged by another version of the course than the rest; grade the whole class again, so that all are judged alike`,
  ];
}
