/** The exchange as a picture: lifelines side by side, time downwards, the whole packet on hover. */
import { safeName, safeText } from '../safe.js';
import type { PacketEntry, Trace } from '../trace.js';
import { columnsOf } from './canvas.js';
import { type Cited, folded, type SceneRow, sceneOf } from './scene.js';
import { CHARACTER, drawnOf, type Geometry, geometryOf, middle, ROW, TOP } from './svg-layout.js';
import { escaped, line, px, STYLE, text } from './svg-parts.js';
import { rowParts } from './svg-rows.js';

export interface SvgOptions {
  /** What the drawing is called; it stands above it. */
  readonly title?: string;
  readonly cited?: Cited;
  /** False: runs of alike packets are drawn one by one. */
  readonly fold?: boolean;
  /** Packets at most; what follows is left out, and the drawing says so. Default 2000. */
  readonly most?: number;
}

/** The lifelines: whole where something is connected, else dotted. */
function lifelinesOf(
  rows: readonly SceneRow[],
  { lifelines, broker }: Geometry,
  bottom: number,
): string {
  const parts = [line(broker, TOP - 14, broker, bottom, 'lane')];
  for (const [who, x] of lifelines) {
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

function names({ lifelines, broker }: Geometry, y: number): string {
  return [...lifelines, ['broker', broker] as const]
    .map(([name, x]) => {
      const shown = safeName(name, { limit: 18 });
      return text(x - (columnsOf(shown) * CHARACTER) / 2, y, shown, 'name');
    })
    .join('');
}

function limited(rows: readonly SceneRow[], most: number): { rows: SceneRow[]; packets: number } {
  let packets = 0;
  const kept: SceneRow[] = [];
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
    lifelinesOf(rows, geometry, bottom),
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
