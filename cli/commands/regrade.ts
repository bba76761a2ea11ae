import type { Command } from 'commander';
import { UsageError } from '../../course/index.js';
import { quoteFor, shellInUse } from '../../course/system/index.js';
import type {
  ClassGrades,
  CourseFile,
  GradeChange,
  GradeChanges,
  MustRun,
  Run,
  StoredRecord,
} from '../../grading/index.js';
import { learnerText } from '../../grading/learner-text.js';
import { at, courseFileInForce, openCourseFile, openOverrides } from '../grade/options.js';
import { shownFolder } from '../grade/tell.js';
import { print, printJson, styleFor } from '../invocation.js';
import { count, hang, printable } from '../render/layout.js';
import type { Style } from '../render/style.js';

interface RegradeFlags {
  readonly diff?: string;
  readonly out?: string;
  readonly courseFile?: string;
  readonly json?: boolean;
}

/** `regrade`: for instructors. Stored exchanges judged by today's tests, and who moves by that. */
export function registerRegrade(program: Command): void {
  program
    .command('regrade')
    .description("judge a graded class again with today's tests, without running anything")
    .argument('<dir>', 'the --out of a grading')
    .option('--out <dir>', 'where the new results go; default DIR-regraded')
    .option('--diff <old>', 'judge nothing: show who moved between the results OLD and DIR')
    .option('--course-file <yaml>', 'other points, weights and deadlines for DIR than it has')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
The old results stay as they are. What cannot be told from what was stored is
named with the command that runs it again.

Exit codes: 0 done (whoever moves), 2 wrong use, 3 something must be run again.

Examples:
  npx mqtt-course regrade grades --out grades-2
  npx mqtt-course regrade grades-2 --diff grades
  npx mqtt-course regrade grades --diff grades --course-file new.yaml`,
    )
    .action(async (folder: string, options: RegradeFlags, command: Command) => {
      process.exitCode = await regrade(folder, options, styleFor(command));
    });
}

async function regrade(folder: string, options: RegradeFlags, style: Style): Promise<number> {
  const { buildClass, gradedLessons, gradeChanges, readRecords, readRun, regradeClass, writeRun } =
    await import('../../grading/index.js');
  const named = options.courseFile === undefined ? undefined : await openCourseFile(options);
  const { courseFile: standard } = await courseFileInForce({});
  /** With the course file and the decisions that the results have; or with the one that is named. */
  const grades = async (
    where: string,
    run: Run,
    records: readonly Pick<StoredRecord, 'record'>[],
    by: CourseFile | undefined,
  ) =>
    buildClass({
      run,
      records,
      lessons: await gradedLessons(run.lessons),
      courseFile: by ?? run.courseFile ?? standard,
      overrides: await openOverrides({}, where, run.lessons, undefined),
    });
  const stored = async (where: string, by?: CourseFile): Promise<ClassGrades> => {
    const run = readRun(at(where));
    if (!run) {
      throw new UsageError(
        `${where} holds no results: there is no run.json in it. Name the --out of a grading.`,
      );
    }
    return grades(at(where), run, readRecords(at(where)).records, by);
  };
  const diff = options.diff;
  const old = await stored(diff ?? folder);
  if (diff !== undefined) {
    if (options.out !== undefined) {
      throw new UsageError(
        '--diff judges nothing, so there is nothing to write. Leave out --out, or --diff.',
      );
    }
    const moves = gradeChanges(old, await stored(folder, named));
    return tell({ moves, mustRun: [], names: namesOf(old) }, options, style);
  }
  const out = at(options.out ?? `${folder.replace(/[\\/]+$/, '')}-regraded`);
  const { run, records, mustRun, judged } = await regradeClass(at(folder), out);
  if (named) writeRun(out, { ...run, courseFile: named });
  const moves = gradeChanges(old, await grades(out, run, records, named));
  return tell({ moves, mustRun, judged, out, from: folder, names: namesOf(old) }, options, style);
}

/** How learners are called, by id. */
const namesOf = ({ learners }: ClassGrades) =>
  new Map(learners.map(one => [one.learner.id, learnerText(one.learner)]));

interface RegradeOutcome {
  readonly names: ReadonlyMap<string, string>;
  readonly moves: GradeChanges;
  readonly mustRun: readonly MustRun[];
  readonly judged?: number;
  readonly out?: string;
  readonly from?: string;
}

function tell(told: RegradeOutcome, options: RegradeFlags, style: Style): number {
  const code = told.mustRun.length > 0 ? 3 : 0;
  if (options.json) {
    const { names: _, ...all } = told;
    printJson({ schema: 'mqtt-course/regrade/1', ...all });
    return code;
  }
  const { moves, names } = told;
  const named = (text: string) => {
    const [id = '', ...rest] = text.split(' ');
    return [names.get(id) ?? id, ...rest].join(' ');
  };
  const hung = (text: string) => hang('  ', '    ', printable(text).text, style.width);
  const some = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', style.bold(title), ...lines.flatMap(hung)];
  print([
    ...(told.judged === undefined
      ? []
      : [`${count(told.judged, 'result')} judged again; nothing was run.`]),
    ...(moves.moves.length === 0
      ? [`Nobody moves: ${count(moves.compared, 'result')} compared.`]
      : [...moves.moves.flatMap(move => tellMove(move, style)), '', sum(moves)]),
    ...some('Only in the old results', moves.onlyBefore.map(named)),
    ...some('Only in the new results', moves.onlyNow.map(named)),
    ...some(
      'Must be run again; until then the old result stands',
      told.mustRun.map(
        ({ learner, lesson, reason }) => `${names.get(learner) ?? learner} ${lesson}: ${reason}`,
      ),
    ),
    ...(told.mustRun.length === 0
      ? []
      : hang('  ', '    ', style.cyan(runAgain(told.mustRun)), style.width)),
    ...(told.out === undefined
      ? []
      : ['', `New results: ${shownFolder(told.out)}`, `Reports:     ${reportCommand(told.out)}`]),
  ]);
  return code;
}

const reportCommand = (out: string) => `npx mqtt-course grade report ${shownFolder(out)}`;

/** The command that runs again what has to be. */
function runAgain(mustRun: readonly MustRun[]): string {
  const learners = [...new Set(mustRun.map(one => one.learner))];
  const lessons = [...new Set(mustRun.map(one => Number.parseInt(one.lesson, 10)))];
  return `npx mqtt-course grade SUBMISSIONS --lessons ${lessons.sort((a, b) => a - b).join(',')} --only ${learners.map(quoted).join(' ')}`;
}

const quoted = (id: string) => quoteFor(shellInUse(), id);

const shownPoints = (points: number | null) => (points === null ? 'open' : String(points));

function tellMove(move: GradeChange, style: Style): string[] {
  const { learner, name, lesson, before, now, checks, because } = move;
  const points =
    before === now
      ? `${shownPoints(now)}, as before`
      : `${shownPoints(before)} → ${shownPoints(now)}`;
  return [
    '',
    ...hang(
      '',
      '  ',
      style.bold(`${printable(name ? `${learner} ${name}` : learner).text}  ${lesson}: ${points}`),
      style.width,
    ),
    ...because.flatMap(one => hang('  ', '      ', printable(one).text, style.width)),
    ...checks.flatMap(one => [
      ...hang('  ', '      ', `${one.id} ${one.title}: ${one.before} → ${one.now}`, style.width),
      ...(one.why ? hang('      ', '      ', style.dim(printable(one.why).text), style.width) : []),
    ]),
  ];
}

function sum({ moves, compared }: GradeChanges): string {
  const difference = ({ before, now }: GradeChange) => (before ?? 0) - (now ?? 0);
  const up = moves.filter(one => difference(one) < 0).length;
  const down = moves.filter(one => difference(one) > 0).length;
  return `${moves.length} of ${count(compared, 'result')} move: ${up} up, ${down} down, ${moves.length - up - down} with the same points.`;
}
