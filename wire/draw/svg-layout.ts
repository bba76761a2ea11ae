/** Where things stand in an SVG drawing: lifelines, labels, heights. */

import { assertNever } from '../assert-never.js';
import { fitted, packetLine, traceLine } from '../describe.js';
import { safeName, safeText } from '../safe.js';
import type { PacketEntry } from '../trace.js';
import { columnsOf } from './canvas.js';
import { shortLabel } from './label.js';
import { connectionText, foldWords, noteText, type Scene, type SceneRow } from './scene.js';

export const ROW = 32;
export const TOP = 76;
/** Width of a character of the font, with a little to spare. */
export const CHARACTER = 7.35;
const LABEL = 60;
export const GUTTER = 138;
const LEAST_GAP = 170;

export interface Drawn {
  readonly row: SceneRow;
  readonly who: string | undefined;
  readonly label: string;
  readonly title: string;
}

/** Client lifeline, broker lifeline, and where labels of that client begin. */
export interface Geometry {
  readonly lifelines: ReadonlyMap<string, number>;
  readonly broker: number;
  readonly width: number;
}

const short = (content: string) => fitted(content, { width: LABEL });

export function drawnOf(row: SceneRow): Drawn {
  switch (row.kind) {
    case 'packet': {
      const { entry, special, cited } = row;
      const marks = [
        ...(special ? [`${special.word}: `] : []),
        ...(cited.length > 0 ? [`▶ cited by ${cited.join(', ')}: `] : []),
      ].join('');
      const label = short(
        marks + shortLabel(entry.packet, Math.max(20, LABEL - columnsOf(marks)), {}),
      );
      return { row, who: entry.who, label, title: packetLine(entry) };
    }
    case 'release': {
      const label = short(`#${row.entry.n} passed on`);
      return { row, who: row.entry.who, label, title: packetLine(row.entry) };
    }
    case 'connection':
      return {
        row,
        who: row.entry.who,
        label: short(connectionText(row.entry)),
        title: traceLine(row.entry),
      };
    case 'fault': {
      const label = short(`✗ fault: ${safeText(row.text)}`);
      return { row, who: row.who, label, title: traceLine(row.entry) };
    }
    case 'note': {
      const { entry } = row;
      return { row, who: entry.who, label: short(noteText(entry, {})), title: traceLine(entry) };
    }
    case 'fold':
      return { row, who: undefined, label: foldWords(row), title: foldWords(row) };
    default:
      return assertNever(row, 'row of a drawing');
  }
}

export function geometryOf(scene: Scene, drawn: readonly Drawn[]): Geometry {
  const room = new Map<string, number>();
  const anyone = Math.max(0, ...drawn.filter(one => one.who === undefined).map(widthOf));
  for (const one of drawn) {
    if (one.who === undefined) continue;
    // A stopped packet has its word beside the symbol, on the free end of the line.
    const stop = one.row.kind === 'packet' && one.row.stopped ? 1.5 : 1;
    const word = stop > 1 ? LEAST_GAP * 2 : 0;
    room.set(one.who, Math.max(room.get(one.who) ?? LEAST_GAP, widthOf(one) + 36, word));
  }
  const gap = (who: string) => room.get(who) ?? LEAST_GAP;
  const lifelines = new Map<string, number>();
  let x = GUTTER + 30;
  for (const who of scene.left) {
    lifelines.set(who, x);
    x += gap(who);
  }
  const broker = x;
  for (const who of scene.right) {
    x += gap(who);
    lifelines.set(who, x);
  }
  const names = [...lifelines.keys()].map(name => safeName(name).length * CHARACTER);
  const width = Math.max(x + Math.max(60, (names.at(-1) ?? 0) / 2 + 20), GUTTER + anyone + 80);
  return { lifelines, broker, width };
}

export const widthOf = (one: Drawn) => columnsOf(one.label) * CHARACTER;
export const middle = (at: number) => TOP + at * ROW + 21;

export function timeOf(row: SceneRow): number | undefined {
  if (row.kind === 'fold') return undefined;
  return row.kind === 'release' ? row.t : row.entry.t;
}

/** The height at which a packet was passed on: that of its release, else of the last row up to then. */
export function heightOf(
  rows: readonly SceneRow[],
  from: number,
  entry: PacketEntry,
  t: number,
): number {
  const release = rows.findIndex(row => row.kind === 'release' && row.entry.n === entry.n);
  if (release > from) return middle(release);
  let found = from;
  for (let at = from; at < rows.length; at++) {
    const row = rows[at];
    const time = row && timeOf(row);
    if (time !== undefined && time > t) break;
    found = at;
  }
  return middle(found);
}

/** Where a label begins: right behind the lifeline of a program, or so that it ends at a peer's lifeline. */
export function labelX({ lifelines, broker }: Geometry, one: Drawn): number {
  const lifeline = one.who === undefined ? undefined : lifelines.get(one.who);
  if (lifeline === undefined) return GUTTER + 40;
  return lifeline < broker ? lifeline + 16 : lifeline - 16 - widthOf(one);
}
