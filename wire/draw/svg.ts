/** The exchange as a picture: lanes side by side, time downwards, the whole packet on hover. */
import { safeName, safeText } from '../safe.js';
import type { PacketEntry, Trace } from '../trace.js';
import { fitted, packetLine, seconds, traceLine } from '../words.js';
import { columnsOf } from './canvas.js';
import { shortLabel } from './label.js';
import {
  type Cited,
  connectionText,
  folded,
  foldWords,
  noteText,
  type Row,
  type Scene,
  sceneOf,
} from './scene.js';
import { escaped, head, line, px, STYLE, stopSymbol, text, xml } from './svg-parts.js';

export interface SvgOptions {
  /** What the drawing is called; it stands above it. */
  readonly title?: string;
  readonly cited?: Cited;
  /** False: runs of alike packets are drawn one by one. */
  readonly fold?: boolean;
  /** Packets at most; what follows is left out, and the drawing says so. Default 2000. */
  readonly most?: number;
}

const ROW = 32;
const TOP = 76;
/** Width of a character of the font, with a little to spare. */
const CHARACTER = 7.35;
const LABEL = 60;
const GUTTER = 138;
const LEAST_GAP = 170;

interface Drawn {
  readonly row: Row;
  readonly who: string | undefined;
  readonly label: string;
  readonly title: string;
}

/** Client lane, broker lane, and where labels of that client begin. */
interface Geometry {
  readonly lanes: ReadonlyMap<string, number>;
  readonly broker: number;
  readonly width: number;
}

const short = (content: string) => fitted(content, { width: LABEL });

function drawnOf(row: Row): Drawn {
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
  }
}

function geometryOf(scene: Scene, drawn: readonly Drawn[]): Geometry {
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
  const lanes = new Map<string, number>();
  let x = GUTTER + 30;
  for (const who of scene.left) {
    lanes.set(who, x);
    x += gap(who);
  }
  const broker = x;
  for (const who of scene.right) {
    x += gap(who);
    lanes.set(who, x);
  }
  const names = [...lanes.keys()].map(name => safeName(name).length * CHARACTER);
  const width = Math.max(x + Math.max(60, (names.at(-1) ?? 0) / 2 + 20), GUTTER + anyone + 80);
  return { lanes, broker, width };
}

const widthOf = (one: Drawn) => columnsOf(one.label) * CHARACTER;
const middle = (at: number) => TOP + at * ROW + 21;

function timeOf(row: Row): number | undefined {
  if (row.kind === 'fold') return undefined;
  return row.kind === 'release' ? row.t : row.entry.t;
}

/** The height at which a packet was passed on: that of its release, else of the last row up to then. */
function heightOf(rows: readonly Row[], from: number, entry: PacketEntry, t: number): number {
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

/** Where a label begins: right behind the lane of a program, or so that it ends at a peer's lane. */
function labelX({ lanes, broker }: Geometry, one: Drawn): number {
  const lane = one.who === undefined ? undefined : lanes.get(one.who);
  if (lane === undefined) return GUTTER + 40;
  return lane < broker ? lane + 16 : lane - 16 - widthOf(one);
}

function packetParts(
  one: Drawn & { readonly row: Extract<Row, { kind: 'packet' }> },
  at: number,
  rows: readonly Row[],
  geometry: Geometry,
): string {
  const { entry, stopped } = one.row;
  const y = middle(at);
  const lane = geometry.lanes.get(entry.who) ?? geometry.broker;
  const [from, to] =
    entry.direction === 'to-broker' ? [lane, geometry.broker] : [geometry.broker, lane];
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
function stopWord(row: Extract<Row, { kind: 'packet' }>, at: number, geometry: Geometry): string {
  const { entry, stopped } = row;
  if (!stopped) return '';
  const lane = geometry.lanes.get(entry.who) ?? geometry.broker;
  const middleX = (lane + geometry.broker) / 2;
  const right = (entry.direction === 'to-broker') === lane < geometry.broker;
  const x = right ? middleX + 12 : middleX - 12 - columnsOf(stopped.word) * CHARACTER;
  return text(x, middle(at) + 5, stopped.word, 'bad');
}

function rowParts(one: Drawn, at: number, rows: readonly Row[], geometry: Geometry) {
  const { row } = one;
  const y = middle(at);
  const lane = one.who === undefined ? undefined : geometry.lanes.get(one.who);
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
    if (row.kind === 'connection' && lane !== undefined) {
      const on = row.entry.event === 'opened' ? 'on' : 'dot';
      shapes = `<circle cx="${px(lane)}" cy="${px(y)}" r="5" class="${on}"/>`;
    } else if (row.kind === 'fault' && lane !== undefined) {
      shapes = stopSymbol('✗', lane, y);
    }
  }
  const hit = `<rect x="0" y="${px(y - 18)}" width="${px(geometry.width)}" height="${ROW}" class="hit"/>`;
  return {
    shapes: `<g><title>${xml(one.title)}</title>${hit}${shapes}</g>`,
    words: `<g pointer-events="none">${gutter}${words}</g>`,
  };
}

/** The lanes: whole where something is connected, else dotted. */
function lanesOf(rows: readonly Row[], { lanes, broker }: Geometry, bottom: number): string {
  const parts = [line(broker, TOP - 14, broker, bottom, 'lane')];
  for (const [who, x] of lanes) {
    const open = new Set<number>();
    let from = TOP - 14;
    const draw = (to: number) => {
      parts.push(line(x, from, x, to, open.size > 0 ? 'lane' : 'away'));
      from = to;
    };
    for (const [at, row] of rows.entries()) {
      const inside = row.kind === 'fold' ? row.hidden : [row];
      for (const one of inside) {
        if (one.kind !== 'connection' || one.entry.who !== who) continue;
        draw(middle(at));
        if (one.entry.event === 'opened') open.add(one.entry.connection);
        else open.delete(one.entry.connection);
      }
    }
    draw(bottom);
  }
  return parts.join('');
}

function names({ lanes, broker }: Geometry, y: number): string {
  return [...lanes, ['broker', broker] as const]
    .map(([name, x]) => {
      const shown = safeName(name, { limit: 18 });
      return text(x - (columnsOf(shown) * CHARACTER) / 2, y, shown, 'name');
    })
    .join('');
}

function limited(rows: readonly Row[], most: number): { rows: Row[]; packets: number } {
  let packets = 0;
  const kept: Row[] = [];
  for (const row of rows) {
    if (row.kind === 'packet' && packets === most) break;
    if (kept.length >= most * 2) break;
    if (row.kind === 'packet') packets++;
    kept.push(row);
  }
  return { rows: kept, packets };
}

/**
 * The exchange as a self-contained SVG document: no scripts, no fonts, nothing loaded. Every text
 * of the trace is escaped. An arrow is slanted where the tap kept the packet for a known time;
 * level arrows say nothing of latency, since both ends share the clock of the tap.
 */
export function drawSvg(trace: Trace, options: SvgOptions = {}): string {
  const scene = sceneOf(trace, options.cited);
  const all = options.fold === false ? scene.rows : folded(scene.rows);
  const { rows, packets } = limited(all, options.most ?? 2000);
  const drawn = rows.map(drawnOf);
  const geometry = geometryOf(scene, drawn);
  const bottom = TOP + rows.length * ROW + 8;
  const total = trace.entries.filter((one): one is PacketEntry => one.kind === 'packet').length;
  const cut =
    rows.length < all.length
      ? `✗ cut here: the drawing ends at packet ${packets}; the exchange has ${total} packets`
      : '';
  const key =
    'on hover: the whole packet · slanted: kept so long by the tap · dotted lane: not connected';
  const title = safeText(options.title ?? 'exchange');
  const lines = [columnsOf(title), columnsOf(key), columnsOf(cut)];
  const width = Math.ceil(Math.max(geometry.width, Math.max(...lines) * CHARACTER + 24));
  const height = bottom + 56;
  const parts = drawn.map((one, at) => rowParts(one, at, rows, geometry));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${px(height)}" viewBox="0 0 ${width} ${px(height)}" role="img" aria-labelledby="title about">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="about">${total} MQTT packets as a sequence diagram; time runs downwards.</desc>`,
    `<style>${STYLE}</style>`,
    `<rect width="100%" height="100%" class="back"/>`,
    text(12, 20, title, 'name'),
    text(12, 37, key, 'dim'),
    lanesOf(rows, geometry, bottom),
    // Texts last: a slanted line never crosses out a label.
    ...parts.map(part => part.shapes),
    ...parts.map(part => part.words),
    names(geometry, TOP - 20),
    cut === '' ? '' : text(12, bottom + 18, cut, 'bad'),
    names(geometry, bottom + 38),
    '</svg>',
    '',
  ]
    .filter((part, at, all) => part !== '' || at === all.length - 1)
    .join('\n');
}
