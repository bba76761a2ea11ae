/** The rows of an SVG drawing. */
import { seconds } from '../describe.js';
import { columnsOf } from './canvas.js';
import type { SceneRow } from './scene.js';
import {
  CHARACTER,
  type Drawn,
  type Geometry,
  GUTTER,
  heightOf,
  labelX,
  middle,
  ROW,
  timeOf,
  widthOf,
} from './svg-layout.js';
import { head, line, px, stopSymbol, text, xml } from './svg-parts.js';

function packetParts(
  one: Drawn & { readonly row: Extract<SceneRow, { kind: 'packet' }> },
  at: number,
  rows: readonly SceneRow[],
  geometry: Geometry,
): string {
  const { entry, stopped } = one.row;
  const y = middle(at);
  const lifeline = geometry.lifelines.get(entry.who) ?? geometry.broker;
  const [from, to] =
    entry.direction === 'to-broker' ? [lifeline, geometry.broker] : [geometry.broker, lifeline];
  const way = Math.sign(to - from);
  const start = entry.madeByTap ? from + way * 40 : from;
  const made = entry.madeByTap
    ? `<rect x="${px(start - 5)}" y="${px(y - 5)}" width="10" height="10" class="dot" transform="rotate(45 ${px(start)} ${px(y)})"/>`
    : '';
  if (stopped) {
    const end = from + (to - from) * 0.5;
    const later =
      entry.fate === 'withheld' && entry.releasedAt !== undefined
        ? slanted(end, y, to, heightOf(rows, at, entry, entry.releasedAt))
        : '';
    return [line(start, y, end, y, 'lost'), later, stopSymbol(stopped.symbol, end, y), made].join(
      '',
    );
  }
  const end = entry.releasedAt === undefined ? y : heightOf(rows, at, entry, entry.releasedAt);
  if (end > y) return slanted(start, y, to, end) + made;
  return line(start, y, to, y, entry.madeByTap ? 'made' : 'arrow') + head(start, y, to, y) + made;
}

const slanted = (x1: number, y1: number, x2: number, y2: number) =>
  line(x1, y1, x2, y2, 'late') + head(x1, y1, x2, y2);

/** What was done to a stopped packet, on the free end of its line. */
function stopWord(
  row: Extract<SceneRow, { kind: 'packet' }>,
  at: number,
  geometry: Geometry,
): string {
  const { entry, stopped } = row;
  if (!stopped) return '';
  const lifeline = geometry.lifelines.get(entry.who) ?? geometry.broker;
  const middleX = (lifeline + geometry.broker) / 2;
  const right = (entry.direction === 'to-broker') === lifeline < geometry.broker;
  const x = right ? middleX + 12 : middleX - 12 - columnsOf(stopped.word) * CHARACTER;
  return text(x, middle(at) + 5, stopped.word, 'bad');
}

/** The shapes of one row, and the words that stand above all shapes. */
export function rowParts(one: Drawn, at: number, rows: readonly SceneRow[], geometry: Geometry) {
  const { row } = one;
  const y = middle(at);
  const lifeline = one.who === undefined ? undefined : geometry.lifelines.get(one.who);
  const time = timeOf(row);
  const number = row.kind === 'packet' ? `#${row.entry.n}` : '';
  const cited = row.kind === 'packet' && row.cited.length > 0;
  const gutter = [
    cited ? text(8, y + 4, '▶', 'mark') : '',
    number === '' ? '' : text(22, y + 4, number, cited ? 'mark' : ''),
    time === undefined ? '' : text(GUTTER - 68, y + 4, seconds(time), 'dim'),
  ].join('');
  let shapes = '';
  let words = text(labelX(geometry, one), y - 9, one.label, cited ? 'mark' : '');
  if (row.kind === 'packet') {
    shapes = packetParts({ ...one, row }, at, rows, geometry);
    words += stopWord(row, at, geometry);
    if (cited) {
      const x = labelX(geometry, one) - 4;
      shapes += `<rect x="${px(x)}" y="${px(y - 21)}" width="${px(widthOf(one) + 8)}" height="16" class="box"/>`;
    }
  } else {
    const beside = row.kind === 'fault' ? 'bad' : 'dim';
    words = text(labelX(geometry, one), y + 4, one.label, beside);
    if (row.kind === 'connection' && lifeline !== undefined) {
      const on = row.entry.event === 'opened' ? 'on' : 'dot';
      shapes = `<circle cx="${px(lifeline)}" cy="${px(y)}" r="5" class="${on}"/>`;
    } else if (row.kind === 'fault' && lifeline !== undefined) {
      shapes = stopSymbol('✗', lifeline, y);
    }
  }
  const hit = `<rect x="0" y="${px(y - 18)}" width="${px(geometry.width)}" height="${ROW}" class="hit"/>`;
  return {
    shapes: `<g><title>${xml(one.title)}</title>${hit}${shapes}</g>`,
    words: `<g pointer-events="none">${gutter}${words}</g>`,
  };
}
