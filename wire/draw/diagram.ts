/** The sequence diagram for a terminal: lanes side by side, one row for each packet. */
import { type SafeOptions, safeName, safeText } from '../safe.js';
import type { Trace } from '../trace.js';
import { fitted } from '../words.js';
import { type Canvas, columnsOf, createCanvas, wrapped } from './canvas.js';
import { shortLabel } from './label.js';
import {
  type Cited,
  connectionText,
  folded,
  foldWords,
  type Mark,
  noteText,
  type Row,
  type Scene,
  sceneOf,
} from './scene.js';

export interface DiagramOptions extends SafeOptions {
  /** Columns; default 80. Below 40 it is drawn as for 40. */
  readonly width?: number;
  /** Packets to be marked: by number, with the checks that cite them. */
  readonly cited?: Cited;
  /** False: runs of alike packets are drawn one by one. Default: they are folded. */
  readonly fold?: boolean;
}

const NARROWEST = 40;
/** A gap between two lanes in which a label is still worth reading. */
const ROOMY_GAP = 40;
const WIDEST_GAP = 100;
/** Where labels stand beside the lanes: the gap between lanes, and the columns that labels need. */
const NARROW_GAP = { least: 5, most: 12 };

interface Plan {
  readonly width: number;
  readonly ascii: boolean;
  /** Column in which the lane of a name stands. */
  readonly column: ReadonlyMap<string, number>;
  readonly columns: readonly number[];
  readonly broker: number;
  /** Labels stand on the arrows; else from this column on. */
  readonly labelsFrom: number | undefined;
  /** Columns of the number; of the time, 0 where there is no room for it. */
  readonly number: number;
  readonly time: number;
  /** Names that share the last lane. */
  readonly together: ReadonlySet<string>;
  readonly connected: Map<string, Set<number>>;
}

const clock = (t: number) => `+${(t / 1000).toFixed(3)}`;

function timeOf(row: Row): number {
  if (row.kind === 'release') return row.t;
  if (row.kind === 'fold') return row.hidden[0] ? timeOf(row.hidden[0]) : 0;
  return row.entry.t;
}

const TOGETHER = 'others';

function planOf(scene: Scene, rows: readonly Row[], options: DiagramOptions): Plan {
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
      ...lanes(left, right, columns),
      labelsFrom: undefined,
      together: new Set(),
    };
  }
  const label = width < 60 ? 16 : 34;
  const most = Math.max(1, Math.floor((room - label) / NARROW_GAP.least));
  const together = new Set<string>();
  let ownLeft = left;
  if (gaps > most) {
    // The lanes that came last share one; the programs have the first right to one of their own.
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
  const found = lanes(ownLeft, right, columns);
  return { ...base, ...found, labelsFrom: (columns.at(-1) ?? 0) + 2, together };
}

function lanes(left: readonly string[], right: readonly string[], columns: readonly number[]) {
  const column = new Map<string, number>();
  for (const [at, name] of left.entries()) column.set(name, columns[at] ?? 0);
  const broker = columns[left.length] ?? 0;
  for (const [at, name] of right.entries()) column.set(name, columns[left.length + 1 + at] ?? 0);
  return { column, columns, broker };
}

function laneOf(plan: Plan, who: string): number {
  const own = plan.together.has(who) ? undefined : plan.column.get(who);
  return own ?? plan.column.get(TOGETHER) ?? plan.columns[0] ?? 0;
}

function headOf(plan: Plan, options: SafeOptions): string[] {
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
  // Narrow lanes: each name has a row of its own, above its lane.
  return named.map(({ column, text }, at) => {
    const canvas = createCanvas(plan.width);
    for (const before of named.slice(0, at)) canvas.put(before.column, plan.ascii ? '|' : '│');
    canvas.put(column, fitted(label(text), { ...options, width: plan.width - column }));
    return canvas.line();
  });
}

/** A canvas with the lanes: whole where something is connected, else dotted. */
function laneRow(plan: Plan): Canvas {
  const canvas = createCanvas(plan.width);
  const bar = plan.ascii ? '|' : '│';
  const dotted = plan.ascii ? ':' : '┊';
  const whole = new Set([plan.broker]);
  for (const [who, open] of plan.connected) if (open.size > 0) whole.add(laneOf(plan, who));
  for (const column of plan.columns) canvas.put(column, whole.has(column) ? bar : dotted);
  return canvas;
}

interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly stopped?: Mark | undefined;
  /** The tap sends it: the arrow begins between the lanes. */
  readonly made: boolean;
}

function drawArrow(plan: Plan, canvas: Canvas, arrow: Arrow): void {
  const { ascii } = plan;
  const dash = ascii ? '-' : '─';
  const right = arrow.to > arrow.from;
  const low = Math.min(arrow.from, arrow.to) + 1;
  const size = Math.max(arrow.from, arrow.to) - low;
  const inside = plan.labelsFrom === undefined;
  const mark = arrow.stopped;
  const symbol = mark ? (ascii ? mark.plain : mark.symbol) : '';
  const word = inside && mark ? (ascii ? mark.word : `${symbol} ${mark.word}`) : symbol;
  // What a stopped arrow leaves free before the lane that it does not reach.
  const free = mark ? (inside ? 3 : Math.max(1, Math.floor(size / 3))) : 0;
  const begin = arrow.made ? Math.min(3, Math.floor(size / 4)) : 0;
  const length = size - free - begin;
  const start = right ? low + begin : low + free;
  canvas.put(start, dash.repeat(length));
  if (!inside) {
    for (const column of plan.columns) {
      if (column > start && column < start + length) canvas.put(column, ascii ? '+' : '┼');
    }
  }
  const end = right ? start + length : start;
  if (arrow.made) canvas.put(right ? low + begin - 1 : low + size - begin, ascii ? '*' : '◇');
  if (mark) {
    const columns = columnsOf(word);
    if (inside) canvas.put(right ? end - columns - 1 : end, right ? ` ${word}` : `${word} `);
    else canvas.put(right ? end - columns : end, word);
  } else {
    canvas.put(right ? end - 1 : end, ascii ? (right ? '>' : '<') : right ? '▶' : '◀');
  }
  const wordColumns = mark ? columnsOf(word) + 2 : 1;
  if (inside) {
    const text = fitted(arrow.label, { ascii, width: length - wordColumns - 3 });
    const at = right ? start + 1 : start + wordColumns;
    if (text !== '') canvas.put(at, ` ${text} `);
  }
}

/** Columns for the label of an arrow from or to this lane. */
function labelRoom(plan: Plan, lane: number, mark: Mark | undefined): number {
  if (plan.labelsFrom !== undefined) return plan.width - plan.labelsFrom;
  const size = Math.abs(plan.broker - lane) - 1;
  return size - 4 - (mark ? columnsOf(mark.word) + 6 : 0);
}

/** A label beside the lanes, cut where the window ends. */
function cutLabel(plan: Plan, label: string): string {
  return fitted(label, { ascii: plan.ascii, width: plan.width - (plan.labelsFrom ?? 0) });
}

function gutter(plan: Plan, canvas: Canvas, row: Row, number?: number, cited = false): void {
  if (cited) canvas.put(0, plan.ascii ? '>' : '▶');
  if (number !== undefined) canvas.put(2, `#${number}`);
  if (plan.time > 0) canvas.put(3 + plan.number, clock(timeOf(row)).padStart(plan.time));
}

type PacketRow = Extract<Row, { kind: 'packet' }>;

function packetLine(plan: Plan, row: PacketRow, options: SafeOptions): string {
  const { entry, stopped, special } = row;
  const canvas = laneRow(plan);
  gutter(plan, canvas, row, entry.n, row.cited.length > 0);
  const lane = laneOf(plan, entry.who);
  const shown = (mark: Mark) => (plan.ascii ? mark.word : `${mark.symbol} ${mark.word}`);
  const words = [
    ...(plan.together.has(entry.who) ? [`${safeName(entry.who, { ...options, limit: 12 })}:`] : []),
    ...(special ? [`${shown(special)}:`] : []),
    ...(plan.labelsFrom !== undefined && stopped ? [`${shown(stopped)}:`] : []),
  ].join(' ');
  const room = labelRoom(plan, lane, stopped) - (words === '' ? 0 : columnsOf(words) + 1);
  const label = [words, shortLabel(entry.packet, Math.max(8, room), options)]
    .filter(Boolean)
    .join(' ');
  const toBroker = entry.direction === 'to-broker';
  drawArrow(plan, canvas, {
    from: toBroker ? lane : plan.broker,
    to: toBroker ? plan.broker : lane,
    label,
    stopped,
    made: entry.madeByTap === true,
  });
  if (plan.labelsFrom !== undefined) canvas.put(plan.labelsFrom, cutLabel(plan, label));
  return canvas.line();
}

function releaseLine(plan: Plan, row: Extract<Row, { kind: 'release' }>, options: SafeOptions) {
  const { entry } = row;
  const canvas = laneRow(plan);
  gutter(plan, canvas, row);
  const lane = laneOf(plan, entry.who);
  const words = `#${entry.n} passed on:`;
  const room = labelRoom(plan, lane, undefined) - words.length - 1;
  const label = `${words} ${shortLabel(entry.packet, Math.max(8, room), options)}`;
  const toBroker = entry.direction === 'to-broker';
  const [from, to] = toBroker ? [lane, plan.broker] : [plan.broker, lane];
  drawArrow(plan, canvas, { from, to, label, made: true });
  if (plan.labelsFrom !== undefined) canvas.put(plan.labelsFrom, cutLabel(plan, label));
  return canvas.line();
}

/** Words beside a lane: a connection, a fault, a note. May take some lines. */
function wordLines(plan: Plan, row: Row, who: string | undefined, symbol: string, text: string) {
  const lane = who === undefined ? undefined : laneOf(plan, who);
  const inside = plan.labelsFrom === undefined;
  const low = lane === undefined ? (plan.columns[0] ?? 0) : Math.min(lane, plan.broker);
  const high = lane === undefined ? (plan.columns.at(-1) ?? 0) : Math.max(lane, plan.broker);
  const from = inside ? low + 2 : (plan.labelsFrom ?? 0);
  const room = inside ? high - low - 3 : plan.width - from;
  const full = inside || who === undefined ? text : `${safeName(who, plan)}: ${text}`;
  const lines = wrapped(full, room, 4, plan.ascii ? '...' : '…');
  return lines.map((line, at) => {
    const canvas = laneRow(plan);
    if (at === 0) gutter(plan, canvas, row);
    if (at === 0 && lane !== undefined) canvas.put(lane, symbol);
    const right = inside && lane !== undefined && lane > plan.broker;
    canvas.put(right ? high - 1 - columnsOf(line) : from, line);
    return canvas.line();
  });
}

function rowLines(plan: Plan, row: Row, options: SafeOptions): string[] {
  const { ascii } = plan;
  switch (row.kind) {
    case 'packet':
      return [packetLine(plan, row, options)];
    case 'release':
      return [releaseLine(plan, row, options)];
    case 'connection': {
      const { who, connection, event } = row.entry;
      const open = plan.connected.get(who) ?? new Set();
      plan.connected.set(who, open);
      if (event === 'opened') open.add(connection);
      else open.delete(connection);
      const symbol = event === 'opened' ? (ascii ? 'o' : '●') : ascii ? 'x' : '○';
      return wordLines(plan, row, who, symbol, connectionText(row.entry));
    }
    case 'fault': {
      const text = `fault: ${safeText(row.text, options)}`;
      return wordLines(plan, row, row.who, ascii ? '!' : '✗', text);
    }
    case 'note': {
      const symbol = ascii ? '.' : '·';
      return wordLines(plan, row, row.entry.who, symbol, noteText(row.entry, options));
    }
    case 'fold': {
      const canvas = createCanvas(plan.width);
      for (const column of plan.columns) canvas.put(column, ascii ? ':' : '⋮');
      const from = plan.labelsFrom ?? (plan.columns[0] ?? 0) + 2;
      const words = fitted(foldWords(row), { ascii, width: plan.width - from });
      canvas.put(from, words);
      return [canvas.line()];
    }
  }
}

/**
 * The exchange as a sequence diagram in characters: a lane for each program, for the broker, and
 * for each of the checker's clients; a row for each packet. No line is wider than `width`.
 */
export function drawDiagram(trace: Trace, options: DiagramOptions = {}): string[] {
  const scene = sceneOf(trace, options.cited);
  const rows = options.fold === false ? scene.rows : folded(scene.rows);
  if (rows.length === 0) return ['nothing was recorded'];
  const plan = planOf(scene, rows, options);
  const head = headOf(plan, options);
  const body = rows.flatMap(row => rowLines(plan, row, options));
  const cited = scene.rows.flatMap(row =>
    row.kind === 'packet' && row.cited.length > 0
      ? [`#${row.entry.n} (${row.cited.join(', ')})`]
      : [],
  );
  const mark = options.ascii ? '>' : '▶';
  const legend =
    cited.length > 0
      ? wrapped(`${mark} cited by a failed check: ${cited.join(', ')}`, plan.width, 6, '...')
      : [];
  return [...head, ...body, ...(body.length > 40 ? head : []), ...legend];
}
