/** Where things stand in a diagram of characters: lifelines, numbers, times, labels. */

import { fitted } from '../describe.js';
import { type SafeOptions, safeName } from '../safe.js';
import { columnsOf, createCanvas } from './canvas.js';
import type { Cited, Scene, SceneRow } from './scene.js';

export interface DiagramOptions extends SafeOptions {
  /** Columns; default 80. Below 40 it is drawn as for 40. */
  readonly width?: number;
  /** Packets to be marked: by number, with the checks that cite them. */
  readonly cited?: Cited;
  /** False: runs of alike packets are drawn one by one. Default: they are folded. */
  readonly fold?: boolean;
}

const NARROWEST = 40;
/** A gap between two lifelines in which a label is still worth reading. */
const ROOMY_GAP = 40;
const WIDEST_GAP = 100;
/** Where labels stand beside the lifelines: the gap between lifelines, and the columns that labels need. */
const NARROW_GAP = { least: 5, most: 12 };

export interface DiagramPlan {
  readonly width: number;
  readonly ascii: boolean;
  /** Column in which the lifeline of a name stands. */
  readonly column: ReadonlyMap<string, number>;
  readonly columns: readonly number[];
  readonly broker: number;
  /** Labels stand on the arrows; else from this column on. */
  readonly labelsFrom: number | undefined;
  /** Columns of the number; of the time, 0 where there is no room for it. */
  readonly number: number;
  readonly time: number;
  /** Names that share the last lifeline. */
  readonly together: ReadonlySet<string>;
  readonly connected: Map<string, Set<number>>;
}

export const clock = (t: number) => `+${(t / 1000).toFixed(3)}`;

export function timeOf(row: SceneRow): number {
  if (row.kind === 'release') return row.t;
  if (row.kind === 'fold') return row.hidden[0] ? timeOf(row.hidden[0]) : 0;
  return row.entry.t;
}

const TOGETHER = 'others';

export function planOf(
  scene: Scene,
  rows: readonly SceneRow[],
  options: DiagramOptions,
): DiagramPlan {
  const width = Math.max(NARROWEST, options.width ?? 80);
  const numbers = rows.map(row =>
    row.kind === 'packet' || row.kind === 'release' ? row.entry.n : 0,
  );
  const number = Math.max(2, `#${Math.max(0, ...numbers)}`.length);
  const times = rows.map(row => clock(timeOf(row)).length);
  const time = width < 60 ? 0 : Math.max(6, ...times);
  const first = 2 + number + 1 + (time > 0 ? time + 1 : 0);
  const { left } = scene;
  let { right } = scene;
  const room = width - 1 - first;
  const gaps = left.length + right.length;
  const roomy = Math.min(WIDEST_GAP, Math.floor(room / Math.max(1, gaps)));
  const base = { width, ascii: options.ascii ?? false, number, time, connected: new Map() };
  if (roomy >= ROOMY_GAP || gaps <= 1) {
    const columns = Array.from({ length: gaps + 1 }, (_, at) => first + at * roomy);
    return {
      ...base,
      ...placeLifelines(left, right, columns),
      labelsFrom: undefined,
      together: new Set(),
    };
  }
  const label = width < 60 ? 16 : 34;
  const most = Math.max(1, Math.floor((room - label) / NARROW_GAP.least));
  const together = new Set<string>();
  let ownLeft = left;
  if (gaps > most) {
    // The lifelines that came last share one; the programs have the first right to one of their own.
    ownLeft = left.slice(0, Math.max(0, most - 1));
    const ownRight = right.slice(0, Math.max(0, most - 1 - ownLeft.length));
    for (const name of [...left.slice(ownLeft.length), ...right.slice(ownRight.length)]) {
      together.add(name);
    }
    right = [...ownRight, TOGETHER];
  }
  const count = ownLeft.length + right.length;
  const gap = Math.min(NARROW_GAP.most, Math.floor((room - label) / count));
  const columns = Array.from({ length: count + 1 }, (_, at) => first + at * gap);
  const found = placeLifelines(ownLeft, right, columns);
  return { ...base, ...found, labelsFrom: (columns.at(-1) ?? 0) + 2, together };
}

function placeLifelines(
  left: readonly string[],
  right: readonly string[],
  columns: readonly number[],
) {
  const column = new Map<string, number>();
  for (const [at, name] of left.entries()) column.set(name, columns[at] ?? 0);
  const broker = columns[left.length] ?? 0;
  for (const [at, name] of right.entries()) column.set(name, columns[left.length + 1 + at] ?? 0);
  return { column, columns, broker };
}

export function lifelineColumn(plan: DiagramPlan, who: string): number {
  const own = plan.together.has(who) ? undefined : plan.column.get(who);
  return own ?? plan.column.get(TOGETHER) ?? plan.columns[0] ?? 0;
}

export function headOf(plan: DiagramPlan, options: SafeOptions): string[] {
  const name = (text: string) => safeName(text, options);
  const named = [
    ...[...plan.column].map(([text, column]) => ({ column, text: name(text) })),
    { column: plan.broker, text: 'broker' },
  ].sort((a, b) => a.column - b.column);
  const others = [...plan.together].map(name).join(', ');
  const label = (text: string) => (text === TOGETHER && others ? `${text}: ${others}` : text);
  if (plan.labelsFrom === undefined) {
    const canvas = createCanvas(plan.width);
    for (const [at, { column, text }] of named.entries()) {
      const gap = (plan.columns[1] ?? plan.width) - (plan.columns[0] ?? 0);
      const last = at === named.length - 1 && at > 0;
      const short = fitted(text, { ...options, width: gap - 2 });
      const size = columnsOf(short);
      const start = at === 0 ? column : last ? column - size + 1 : column - (size >> 1);
      canvas.put(start, short);
    }
    return [canvas.line()];
  }
  const fits = named.every(({ column, text }, at) => {
    const next = named[at + 1]?.column ?? plan.width;
    return columnsOf(label(text)) < next - column;
  });
  if (fits) {
    const canvas = createCanvas(plan.width);
    for (const { column, text } of named) canvas.put(column, label(text));
    return [canvas.line()];
  }
  // Names wider than the lifelines: each has a row of its own, above its lifeline.
  return named.map(({ column, text }, at) => {
    const canvas = createCanvas(plan.width);
    for (const before of named.slice(0, at)) canvas.put(before.column, plan.ascii ? '|' : '│');
    canvas.put(column, fitted(label(text), { ...options, width: plan.width - column }));
    return canvas.line();
  });
}
