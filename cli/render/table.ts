import { columnsOf, hang, pad, wrap } from './layout.js';
import type { Style } from './style.js';

const GAP = 2;
const NARROWEST = 8;
const LONG_WORD = 24;

/**
 * A table fitted to the width: cells are wrapped, the widest columns give way first. Where even
 * that leaves no room, and in plain, every row becomes a small list of its own.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
  width: number,
): string[] {
  // A column is a place on the screen: who hears the lines is told its name in each row.
  if (style.plain) return stacked(head, rows, style, width);
  const natural = head.map((title, column) =>
    Math.max(columnsOf(title), ...rows.map(row => columnsOf(row[column] ?? ''))),
  );
  const words = head.map((title, column) =>
    Math.min(LONG_WORD, Math.max(...[title, ...rows.map(row => row[column] ?? '')].map(longest))),
  );
  const sizes = shrink(natural, words, width - GAP * (head.length - 1));
  if (!sizes) return stacked(head, rows, style, width);
  const line = style.plain ? '-' : '─';
  return [
    ...renderRow(
      head.map(title => style.bold(title)),
      sizes,
    ),
    style.dim(sizes.map(size => line.repeat(size)).join(' '.repeat(GAP))),
    ...rows.flatMap(row => renderRow(row, sizes)),
  ];
}

function longest(cell: string): number {
  return Math.max(...cell.split(' ').map(word => columnsOf(word)));
}

/** The widest column gives way first; words are broken only when nothing else helps. */
function shrink(
  natural: readonly number[],
  words: readonly number[],
  room: number,
): number[] | undefined {
  const sizes = [...natural];
  const total = () => sizes.reduce((sum, size) => sum + size, 0);
  while (total() > room) {
    const widest = (floor: (column: number) => number) => {
      const free = sizes.map((size, column) => (size > floor(column) ? size : 0));
      const most = Math.max(...free);
      return most > 0 ? free.indexOf(most) : undefined;
    };
    const column = widest(one => words[one] ?? 0) ?? widest(() => NARROWEST);
    if (column === undefined) return undefined;
    sizes[column] = (sizes[column] ?? 0) - 1;
  }
  return sizes;
}

function renderRow(cells: readonly string[], sizes: readonly number[]): string[] {
  const wrapped = sizes.map((size, column) => wrap(cells[column] ?? '', size));
  const height = Math.max(...wrapped.map(lines => lines.length));
  return Array.from({ length: height }, (_, index) =>
    wrapped
      .map((lines, column) => pad(lines[index] ?? '', sizes[column] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

function stacked(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
  width: number,
): string[] {
  return rows.flatMap((row, index) => [
    ...(index > 0 ? [''] : []),
    ...head.flatMap((title, column) =>
      hang('', '  ', `${style.bold(`${title}:`)} ${row[column] ?? ''}`, width),
    ),
  ]);
}
