/** The rows of a diagram of characters. */

import { assertNever } from '../assert-never.js';
import { fitted } from '../describe.js';
import { type SafeOptions, safeName, safeText } from '../safe.js';
import { type Canvas, columnsOf, createCanvas, wrapped } from './canvas.js';
import { clock, type DiagramPlan, lifelineColumn, timeOf } from './diagram-plan.js';
import { shortLabel } from './label.js';
import { connectionText, foldWords, type Mark, noteText, type SceneRow } from './scene.js';

/** A canvas with the lifelines: whole where something is connected, else dotted. */
function lifelineRow(plan: DiagramPlan): Canvas {
  const canvas = createCanvas(plan.width);
  const bar = plan.ascii ? '|' : '│';
  const dotted = plan.ascii ? ':' : '┊';
  const whole = new Set([plan.broker]);
  for (const [who, open] of plan.connected) if (open.size > 0) whole.add(lifelineColumn(plan, who));
  for (const column of plan.columns) canvas.put(column, whole.has(column) ? bar : dotted);
  return canvas;
}

interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly stopped?: Mark | undefined;
  /** The tap sends it: the arrow begins between the lifelines. */
  readonly made: boolean;
}

function drawArrow(plan: DiagramPlan, canvas: Canvas, arrow: Arrow): void {
  const { ascii } = plan;
  const dash = ascii ? '-' : '─';
  const right = arrow.to > arrow.from;
  const low = Math.min(arrow.from, arrow.to) + 1;
  const size = Math.max(arrow.from, arrow.to) - low;
  const inside = plan.labelsFrom === undefined;
  const mark = arrow.stopped;
  const symbol = mark ? (ascii ? mark.plain : mark.symbol) : '';
  const word = inside && mark ? (ascii ? mark.word : `${symbol} ${mark.word}`) : symbol;
  // What a stopped arrow leaves free before the lifeline that it does not reach.
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

/** Columns for the label of an arrow from or to this lifeline. */
function labelRoom(plan: DiagramPlan, lifeline: number, mark: Mark | undefined): number {
  if (plan.labelsFrom !== undefined) return plan.width - plan.labelsFrom;
  const size = Math.abs(plan.broker - lifeline) - 1;
  return size - 4 - (mark ? columnsOf(mark.word) + 6 : 0);
}

/** A label beside the lifelines, cut where the window ends. */
function cutLabel(plan: DiagramPlan, label: string): string {
  return fitted(label, { ascii: plan.ascii, width: plan.width - (plan.labelsFrom ?? 0) });
}

function gutter(
  plan: DiagramPlan,
  canvas: Canvas,
  row: SceneRow,
  number?: number,
  cited = false,
): void {
  if (cited) canvas.put(0, plan.ascii ? '>' : '▶');
  if (number !== undefined) canvas.put(2, `#${number}`);
  if (plan.time > 0) canvas.put(3 + plan.number, clock(timeOf(row)).padStart(plan.time));
}

type PacketRow = Extract<SceneRow, { kind: 'packet' }>;

function packetLine(plan: DiagramPlan, row: PacketRow, options: SafeOptions): string {
  const { entry, stopped, special } = row;
  const canvas = lifelineRow(plan);
  gutter(plan, canvas, row, entry.n, row.cited.length > 0);
  const lifeline = lifelineColumn(plan, entry.who);
  const shown = (mark: Mark) => (plan.ascii ? mark.word : `${mark.symbol} ${mark.word}`);
  const words = [
    ...(plan.together.has(entry.who) ? [`${safeName(entry.who, { ...options, limit: 12 })}:`] : []),
    ...(special ? [`${shown(special)}:`] : []),
    ...(plan.labelsFrom !== undefined && stopped ? [`${shown(stopped)}:`] : []),
  ].join(' ');
  const room = labelRoom(plan, lifeline, stopped) - (words === '' ? 0 : columnsOf(words) + 1);
  const label = [words, shortLabel(entry.packet, Math.max(8, room), options)]
    .filter(Boolean)
    .join(' ');
  const toBroker = entry.direction === 'to-broker';
  drawArrow(plan, canvas, {
    from: toBroker ? lifeline : plan.broker,
    to: toBroker ? plan.broker : lifeline,
    label,
    stopped,
    made: entry.madeByTap === true,
  });
  if (plan.labelsFrom !== undefined) canvas.put(plan.labelsFrom, cutLabel(plan, label));
  return canvas.line();
}

function releaseLine(
  plan: DiagramPlan,
  row: Extract<SceneRow, { kind: 'release' }>,
  options: SafeOptions,
) {
  const { entry } = row;
  const canvas = lifelineRow(plan);
  gutter(plan, canvas, row);
  const lifeline = lifelineColumn(plan, entry.who);
  const words = `#${entry.n} passed on:`;
  const room = labelRoom(plan, lifeline, undefined) - words.length - 1;
  const label = `${words} ${shortLabel(entry.packet, Math.max(8, room), options)}`;
  const toBroker = entry.direction === 'to-broker';
  const [from, to] = toBroker ? [lifeline, plan.broker] : [plan.broker, lifeline];
  drawArrow(plan, canvas, { from, to, label, made: true });
  if (plan.labelsFrom !== undefined) canvas.put(plan.labelsFrom, cutLabel(plan, label));
  return canvas.line();
}

/** Words beside a lifeline: a connection, a fault, a note. May take some lines. */
function wordLines(
  plan: DiagramPlan,
  row: SceneRow,
  who: string | undefined,
  symbol: string,
  text: string,
) {
  const lifeline = who === undefined ? undefined : lifelineColumn(plan, who);
  const inside = plan.labelsFrom === undefined;
  const low = lifeline === undefined ? (plan.columns[0] ?? 0) : Math.min(lifeline, plan.broker);
  const high =
    lifeline === undefined ? (plan.columns.at(-1) ?? 0) : Math.max(lifeline, plan.broker);
  const from = inside ? low + 2 : (plan.labelsFrom ?? 0);
  const room = inside ? high - low - 3 : plan.width - from;
  const full = inside || who === undefined ? text : `${safeName(who, plan)}: ${text}`;
  const lines = wrapped(full, room, 4, plan.ascii ? '...' : '…');
  return lines.map((line, at) => {
    const canvas = lifelineRow(plan);
    if (at === 0) gutter(plan, canvas, row);
    if (at === 0 && lifeline !== undefined) canvas.put(lifeline, symbol);
    const right = inside && lifeline !== undefined && lifeline > plan.broker;
    canvas.put(right ? high - 1 - columnsOf(line) : from, line);
    return canvas.line();
  });
}

/** The lines of one row: one for a packet, some for words beside a lifeline. */
export function rowLines(plan: DiagramPlan, row: SceneRow, options: SafeOptions): string[] {
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
    default:
      return assertNever(row, 'row of a drawing');
  }
}
