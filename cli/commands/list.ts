import type { Command } from 'commander';
import type { OpenWorkspace, Status } from '../../course/index.js';
import { print, printJson, styleFor } from '../invocation.js';
import type { Style } from '../render/style.js';

interface LessonRow {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly minutes: number;
  readonly summary: string;
  readonly status: 'passed' | 'failed' | 'new' | 'unknown';
  readonly attempts: number;
  readonly current: boolean;
  /** In a class: `due Friday 18:00 (2 October), 10 points`. */
  readonly due?: string;
  readonly tracks: Readonly<Record<string, Status>>;
}

interface ListFlags {
  readonly json?: boolean;
  readonly clauses?: boolean;
  readonly contract?: string | true;
}

/** `list`: all lessons with their state. */
export function registerList(program: Command): void {
  program
    .command('list')
    .description('all lessons, with what you have passed')
    .option('--clauses', 'the clauses of the standard: which lesson teaches them, what checks them')
    .option(
      '--contract [lesson]',
      'what a lesson demands, sentence by sentence, and what judges each; default all lessons',
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx mqtt-course list --json\n  npx mqtt-course list --contract 7',
    )
    .action(async (options: ListFlags, command: Command) => {
      if (options.contract !== undefined)
        return listContracts(options.contract, options.json === true, styleFor(command));
      if (options.clauses) return listClauses(options.json === true, styleFor(command));
      const rows = await lessonRows();
      if (options.json) printJson(rows);
      else print(await renderList(rows, styleFor(command)));
    });
}

async function listContracts(wanted: string | true, json: boolean, style: Style): Promise<void> {
  const [
    { findLesson, lessonIds },
    { commonMap, contractMap, hiddenTestFile },
    { renderContractMap },
  ] = await Promise.all([
    import('../../course/index.js'),
    import('../../checker/index.js'),
    import('../render/contract.js'),
  ]);
  const ids = wanted === true ? lessonIds() : [findLesson(wanted).id];
  const found = await Promise.all(
    ids.filter(id => hiddenTestFile(id) !== undefined).map(id => contractMap(id)),
  );
  const maps = [
    ...(wanted === true ? [await commonMap()] : []),
    ...found.filter(one => one !== undefined),
  ];
  if (json) return printJson(maps);
  if (maps.length === 0) {
    return print([
      `The contract of ${ids[0]} stands in its text alone: npx mqtt-course read ${ids[0]}`,
    ]);
  }
  print(maps.flatMap((map, at) => [...(at > 0 ? [''] : []), ...renderContractMap(map, style)]));
}

async function listClauses(json: boolean, style: Style): Promise<void> {
  const [course, { hiddenTestFile, lessonChecks }, { specMap }, { renderSpecMap }] =
    await Promise.all([
      import('../../course/index.js'),
      import('../../checker/index.js'),
      import('../../wire/index.js'),
      import('../render/spec-map.js'),
    ]);
  const ids = course.lessonIds();
  const checks = await Promise.all(
    ids
      .filter(id => hiddenTestFile(id) !== undefined)
      .map(async lesson => (await lessonChecks(lesson)).map(check => ({ lesson, ...check }))),
  );
  const map = specMap({
    lessons: ids.map(id => ({ id, text: course.loadLesson(id).body })),
    checks: checks.flat(),
  });
  if (json) printJson(map);
  else print(renderSpecMap(map, style.width));
}

/** All lessons with their state in the workspace; default the one that the person is in. */
export async function lessonRows(given?: OpenWorkspace): Promise<LessonRow[]> {
  const [course, { lookHere }] = await Promise.all([
    import('../../course/index.js'),
    import('../place.js'),
  ]);
  const opened = given ?? lookHere();
  const current = opened && course.currentLesson(opened.state)?.id;
  return course.lessonRefs().map(({ id, name }) => {
    const { title, minutes, summary } = course.loadLesson(id);
    const due = course.lessonDue(id);
    const tracks = opened ? course.progressOf(opened.state, id).tracks : {};
    return {
      id,
      name,
      title,
      minutes,
      summary,
      status: (opened && course.bestStatus(opened.state, id)) ?? 'new',
      attempts: opened ? course.attempts(opened.state, id) : 0,
      current: id === current,
      ...(due === undefined ? {} : { due }),
      tracks: Object.fromEntries(Object.entries(tracks).map(([track, one]) => [track, one.best])),
    };
  });
}

const words = { passed: 'passed', failed: 'begun', unknown: 'begun', new: 'new' } as const;
const marks = { passed: '✓', failed: '✗', unknown: '?', new: '·' } as const;

/** The lessons as lines for a terminal. */
export async function renderList(rows: readonly LessonRow[], style: Style): Promise<string[]> {
  const { count, hang, pad } = await import('../render/layout.js');
  const longest = Math.max(0, ...rows.map(row => row.id.length));
  const wide = style.width >= 72;
  const passed = rows.filter(row => row.status === 'passed').length;
  const lines = rows.flatMap(row => {
    const paint = { passed: style.green, failed: style.red, unknown: style.yellow, new: style.dim }[
      row.status
    ];
    const here = row.current ? (style.plain ? '> ' : '▶ ') : '  ';
    const mark = paint(
      `${style.plain ? '' : `${marks[row.status]} `}${words[row.status].padEnd(6)}`,
    );
    const facts = [
      ...(row.due === undefined ? [] : [row.due]),
      ...(row.attempts > 0 ? [count(row.attempts, 'attempt')] : []),
      ...(row.current ? ['you are here'] : []),
    ].join(', ');
    const id = row.current
      ? style.bold(pad(row.id, wide ? longest : 0))
      : pad(row.id, wide ? longest : 0);
    const start = `${here}${mark}  ${id}`;
    const tail = facts ? style.dim(` (${facts})`) : '';
    if (wide) return hang(`${start}  `, ' '.repeat(12), `${row.title}${tail}`, style.width);
    const more = [row.title, ...(facts ? [facts] : [])].join(', ');
    return [start, ...hang('    ', '    ', style.dim(more), style.width)];
  });
  return [
    ...lines,
    '',
    `${passed} of ${count(rows.length, 'lesson')} passed.`,
    'Read one: npx mqtt-course read 1   Check your work: npx mqtt-course check 1',
  ].flatMap(line =>
    line === '' ? [''] : line.length <= style.width ? [line] : hang('', '', line, style.width),
  );
}
