/** Pieces of an SVG drawing. All text goes through `xml`: what came over the wire is never trusted. */
import { safeText } from '../safe.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for an element or an attribute: characters that XML cannot hold become escapes first. */
export function xml(text: string): string {
  return escaped(safeText(text));
}

/** As `xml`, for text whose control characters are escaped already. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] ?? character);
}

/** Coordinates without noise. */
export const px = (value: number) => String(Math.round(value * 10) / 10);

export function text(x: number, y: number, content: string, style = ''): string {
  const attributes = style === '' ? '' : ` class="${style}"`;
  return `<text x="${px(x)}" y="${px(y)}"${attributes}>${escaped(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" class="${style}"/>`;
}

/** The head of an arrow that comes from (x1, y1), its point at (x2, y2). */
export function head(x1: number, y1: number, x2: number, y2: number): string {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const corner = (turn: number) =>
    `${px(x2 - 10 * Math.cos(angle + turn))},${px(y2 - 10 * Math.sin(angle + turn))}`;
  return `<polygon points="${px(x2)},${px(y2)} ${corner(0.4)} ${corner(-0.4)}" class="head"/>`;
}

/** Where a packet was stopped: a cross, two bars, or a struck circle, so that colour is not needed. */
export function stopSymbol(symbol: string, x: number, y: number): string {
  if (symbol === '⏸') {
    return line(x - 3, y - 5, x - 3, y + 7, 'stop') + line(x + 3, y - 5, x + 3, y + 7, 'stop');
  }
  if (symbol === '∅') {
    const ring = `<circle cx="${px(x)}" cy="${px(y)}" r="5" class="ring"/>`;
    return ring + line(x - 5, y + 5, x + 5, y - 5, 'stop');
  }
  return line(x - 5, y - 5, x + 5, y + 5, 'stop') + line(x - 5, y + 5, x + 5, y - 5, 'stop');
}

/** Two colour schemes; the viewer chooses. Stroke and shape say the same without any colour. */
export const STYLE = `
svg{--back:#fff;--ink:#1f2328;--dim:#57606a;--lane:#8c959f;--bad:#a40e26;--mark:#0550ae;background:#fff}
@media (prefers-color-scheme:dark){svg{--back:#0d1117;--ink:#e6edf3;--dim:#9198a1;--lane:#6e7681;--bad:#ff7b72;--mark:#79c0ff;background:#0d1117}}
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--ink);white-space:pre;paint-order:stroke;stroke:var(--back);stroke-width:3px}
.back{fill:var(--back)}
.dim{fill:var(--dim)}
.bad{fill:var(--bad);font-weight:bold}
.name{font-weight:bold}
.mark{fill:var(--mark);font-weight:bold}
.lane{stroke:var(--lane);stroke-width:1.5}
.away{stroke:var(--lane);stroke-width:1.5;stroke-dasharray:2 5}
.arrow{stroke:var(--ink);stroke-width:1.5}
.made{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:9 3 2 3}
.lost{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:3 4}
.late{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:7 4}
.head{fill:var(--ink)}
.stop{stroke:var(--bad);stroke-width:2.5}
.ring{fill:none;stroke:var(--bad);stroke-width:2}
.box{fill:none;stroke:var(--mark);stroke-width:1.5}
.dot{fill:var(--back);stroke:var(--ink);stroke-width:1.5}
.on{fill:var(--ink)}
.hit{fill:none;pointer-events:all}
`.trim();
