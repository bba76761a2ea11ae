import wrapAnsi from 'wrap-ansi';
import type { SpecMapEntry } from '../../wire/clauses-map.js';

const HEADINGS = ['clause', 'taught in', 'checked by', 'what it demands'] as const;
const NARROWEST = 60;

/**
 * The map of the standard as a plain table: each clause that binds a client, the lessons that teach
 * it (by number) and the checks that judge it; `-` where there is none. Ends with the counts.
 *
 * @param width columns of the terminal; below 60 the table is 60 wide
 * @returns lines without trailing space, none longer than the width
 */
export function renderSpecMap(entries: readonly SpecMapEntry[], width = 80): string[] {
  const table = columns(Math.max(width, NARROWEST));
  return [
    ...row(HEADINGS, table),
    table.map(size => '-'.repeat(size)).join('  '),
    ...entries.flatMap(entry => {
      const { id, says } = entry.clause;
      return row([id, taught(entry), checked(entry), says], table);
    }),
    '',
    ...summary(entries).flatMap(line => wrap(line, Math.max(width, NARROWEST))),
  ];
}

function columns(width: number): number[] {
  const [id, lessons, checks] = [13, 11, 14];
  return [id, lessons, checks, width - id - lessons - checks - 6];
}

function row(cells: readonly string[], sizes: readonly number[]): string[] {
  const wrapped = cells.map((cell, at) => wrap(cell, sizes[at] ?? 0));
  const height = Math.max(...wrapped.map(lines => lines.length));
  return Array.from({ length: height }, (_, line) =>
    wrapped
      .map((lines, at) => (lines[line] ?? '').padEnd(sizes[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function wrap(text: string, width: number): string[] {
  return wrapAnsi(text, width, { hard: true }).split('\n');
}

/** `02-publish-a-reading` is `02` in a table; an id without a number stays as it is. */
function short(lesson: string): string {
  return /^\d+(?=-)/.exec(lesson)?.[0] ?? lesson;
}

function taught({ taughtIn }: SpecMapEntry): string {
  return taughtIn.map(short).join(', ') || '-';
}

function checked({ checkedBy }: SpecMapEntry): string {
  const byLesson = new Map<string, string[]>();
  for (const { lesson, id } of checkedBy) {
    byLesson.set(lesson, [...(byLesson.get(lesson) ?? []), id]);
  }
  return (
    [...byLesson].map(([lesson, ids]) => `${short(lesson)} ${ids.join(' ')}`).join(', ') || '-'
  );
}

function summary(entries: readonly SpecMapEntry[]): string[] {
  const count = (taughtToo: boolean, checkedToo: boolean): number =>
    entries.filter(
      ({ taughtIn, checkedBy }) =>
        taughtIn.length > 0 === taughtToo && checkedBy.length > 0 === checkedToo,
    ).length;
  return [
    `${entries.length} clauses of MQTT 3.1.1 bind a client: ${count(true, true)} taught and checked, ` +
      `${count(true, false)} taught only, ${count(false, true)} checked only, ${count(false, false)} neither.`,
    'Clauses that bind only the server are left out.',
  ];
}
