/**
 * Terminal output as an SVG picture: a grid of cells, light and dark as the viewer prefers. Lines of
 * boxes and arrow heads are drawn, not written, so that they meet whatever the viewer's font is.
 */
import stringWidth from 'fast-string-width';

const CELL = { width: 8.4, height: 18 };
const PAD = { side: 16, top: 40, bottom: 14 };
const BASELINE = 13;

/** Names of the colours 31 to 36. */
const COLOURS = ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan'];
const ESCAPES = new RegExp(
  [
    '\\u001B\\[([\\d;]*)m',
    '\\u001B\\][^\\u0007\\u001B]*(?:\\u0007|\\u001B\\\\)',
    '\\u001B[()][A-Z0-9]',
    '[\\u000E\\u000F]',
  ].join('|'),
  'g',
);
const graphemes = new Intl.Segmenter('en');
/** Characters that terminals show in one column, though they have a wide form as emoji. */
const NARROW = /^[\u25B6\u25C0\u23F8\u23F2]/u;
const columns = text => (NARROW.test(text) ? 1 : stringWidth(text));
const px = value => String(Math.round(value * 100) / 100);
const xml = text =>
  text.replace(/[&<>"]/g, one => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one]);

/** @param {string} codes of one escape @param {{ classes: Set<string> }} pen */
function restyle(codes, pen) {
  for (const code of (codes || '0').split(';').map(Number)) {
    if (code === 0) pen.classes.clear();
    else if (code === 1) pen.classes.add('bold');
    else if (code === 2) pen.classes.add('dim');
    else if (code === 3) pen.classes.add('italic');
    else if (code === 4) pen.classes.add('under');
    else if (code === 22) for (const one of ['bold', 'dim']) pen.classes.delete(one);
    else if (code === 23) pen.classes.delete('italic');
    else if (code === 24) pen.classes.delete('under');
    else if ((code >= 31 && code <= 36) || code === 39) {
      for (const one of COLOURS) pen.classes.delete(one);
      if (code !== 39) pen.classes.add(COLOURS[code - 31]);
    }
  }
}

/** Characters that are drawn: as paths in a cell of one by one. */
const DRAWN = {
  '─': 'M0 .5H1',
  '│': 'M.5 0V1',
  '┼': 'M0 .5H1M.5 0V1',
  '┊': 'M.5 .05V.2M.5 .3V.45M.5 .55V.7M.5 .8V.95',
};
/** Symbols that a viewer's font may not have. */
const SYMBOLS = {
  '⏸': 'M.28 .28V.74M.72 .28V.74',
  '✗': 'M.14 .3L.86 .72M.86 .3L.14 .72',
  '∅': 'M.1 .76L.9 .24M.12 .5A.38 .18 0 0 1 .88 .5A.38 .18 0 0 1 .12 .5',
  '◇': 'M.5 .3L.92 .5L.5 .7L.08 .5L.5 .3',
};
const HEADS = { '▶': [0.05, 0.95], '◀': [0.95, 0.05] };

function path(shape, column, row) {
  const x = value => px(PAD.side + (column + Number(value)) * CELL.width);
  const y = value => px(PAD.top + (row + Number(value)) * CELL.height);
  return shape
    .replace(
      /A([\d.]+) ([\d.]+) 0 0 1 ([\d.]+) ([\d.]+)/g,
      (_, rx, ry, tx, ty) =>
        `A${px(rx * CELL.width)} ${px(ry * CELL.height)} 0 0 1 ${x(tx)} ${y(ty)}`,
    )
    .replace(/([ML])(\d*\.?\d+) (\d*\.?\d+)/g, (_, kind, tx, ty) => `${kind}${x(tx)} ${y(ty)}`)
    .replace(/H(\d*\.?\d+)/g, (_, tx) => `H${x(tx)}`)
    .replace(/V(\d*\.?\d+)/g, (_, ty) => `V${y(ty)}`);
}

/** One line of output. */
function drawLine(line, row, parts) {
  const pen = { classes: new Set() };
  let column = 0;
  let run = { text: '', from: 0, style: '' };
  const y = PAD.top + row * CELL.height + BASELINE;
  const flush = () => {
    const text = run.text.trimEnd();
    if (text.trim() !== '') {
      const lead = text.length - text.trimStart().length;
      const from = run.from + lead;
      const size = px((stringWidth(text) - lead) * CELL.width);
      parts.push(
        `<text x="${px(PAD.side + from * CELL.width)}" y="${px(y)}" textLength="${size}"${run.style ? ` class="${run.style}"` : ''}>${xml(text.trimStart())}</text>`,
      );
    }
    run = { text: '', from: column, style: [...pen.classes].join(' ') };
  };
  let at = 0;
  for (const code of [...line.matchAll(ESCAPES), undefined]) {
    for (const { segment } of graphemes.segment(line.slice(at, code?.index ?? line.length))) {
      const style = [...pen.classes].join(' ');
      const shape = DRAWN[segment] ?? SYMBOLS[segment];
      const head = HEADS[segment];
      if (shape || head) {
        flush();
        const kind = SYMBOLS[segment] ? 'sign' : 'box';
        const shown = [kind, style].filter(Boolean).join(' ');
        if (shape) parts.push(`<path d="${path(shape, column, row)}" class="${shown}"/>`);
        else {
          const [tail, tip] = head.map(one => px(PAD.side + (column + one) * CELL.width));
          const [up, mid, low] = [0.27, 0.5, 0.73].map(one =>
            px(PAD.top + (row + one) * CELL.height),
          );
          parts.push(
            `<path d="M${tail} ${up}L${tip} ${mid}L${tail} ${low}z" class="head${style ? ` ${style}` : ''}"/>`,
          );
        }
        column += 1;
        run = { text: '', from: column, style };
      } else {
        if (run.text === '') run = { text: '', from: column, style };
        run.text += segment;
        column += columns(segment);
        // Symbols may have another width in the viewer's font: each stands for itself.
        if (!/[ -\u024F\u2010-\u2026]/.test(segment)) flush();
      }
    }
    flush();
    if (!code) break;
    if (code[1] !== undefined) restyle(code[1], pen);
    run.style = [...pen.classes].join(' ');
    at = code.index + code[0].length;
  }
}

const merged = parts => {
  // Paths of one style, one after another, are one path: the file is smaller by half.
  const out = [];
  for (const part of parts) {
    const [, d, style] = /^<path d="([^"]*)" class="(box[^"]*)"\/>$/.exec(part) ?? [];
    const [, before, same] =
      /^<path d="([^"]*)" class="(box[^"]*)"\/>$/.exec(out.at(-1) ?? '') ?? [];
    if (d && before && style === same)
      out[out.length - 1] = `<path d="${before}${d}" class="${style}"/>`;
    else out.push(part);
  }
  return out;
};

const STYLE = `
svg{--back:#fff;--bar:#f6f8fa;--edge:#d0d7de;--ink:#1f2328;--dim:#6e7781;--red:#cf222e;--green:#1a7f37;--yellow:#9a6700;--blue:#0969da;--magenta:#8250df;--cyan:#1b7c83}
@media (prefers-color-scheme:dark){svg{--back:#0d1117;--bar:#161b22;--edge:#30363d;--ink:#e6edf3;--dim:#8b949e;--red:#ff7b72;--green:#3fb950;--yellow:#d29922;--blue:#58a6ff;--magenta:#bc8cff;--cyan:#39c5cf}}
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:var(--ink);white-space:pre}
.back{fill:var(--back);stroke:var(--edge)}.bar{fill:var(--bar)}.edge{stroke:var(--edge)}.dot{fill:var(--edge)}
.title{fill:var(--dim);font-size:13px}
.bold{font-weight:bold}.dim{fill:var(--dim)}.italic{font-style:italic}.under{text-decoration:underline}
.sign{fill:none;stroke:var(--ink);stroke-width:1.8}.box{fill:none;stroke:var(--ink);stroke-width:1.2}.box.dim{stroke:var(--dim)}.head{fill:var(--ink)}
${COLOURS.map(one => `.${one}{fill:var(--${one})}.box.${one},.sign.${one}{stroke:var(--${one});fill:none}`).join('')}
.box.dim,.sign.dim{fill:none}
.cursor{fill:var(--ink);opacity:.6}`.trim();

/**
 * @param {{ title: string, about: string, lines: readonly string[], columns?: number, cursor?: { row: number, column: number } }} picture
 * @returns {string} an SVG document
 */
export function ansiSvg({ title, about, lines, columns: wanted, cursor }) {
  const bare = lines.map(line => line.replace(ESCAPES, ''));
  const cells = wanted ?? Math.max(...bare.map(line => stringWidth(line)));
  const width = Math.ceil(cells * CELL.width + PAD.side * 2);
  const height = PAD.top + lines.length * CELL.height + PAD.bottom;
  const parts = [];
  for (const [row, line] of lines.entries()) drawLine(line, row, parts);
  const block = cursor
    ? `<rect x="${px(PAD.side + cursor.column * CELL.width)}" y="${px(PAD.top + cursor.row * CELL.height + 1)}" width="${px(CELL.width)}" height="${CELL.height - 2}" class="cursor"/>`
    : '';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title about">`,
    `<title id="title">${xml(title)}</title>`,
    `<desc id="about">${xml(about)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" class="back"/>`,
    `<path d="M1 28V8.5A7.5 7.5 0 0 1 8.5 1H${width - 8.5}A7.5 7.5 0 0 1 ${width - 1} 8.5V28z" class="bar"/>`,
    `<path d="M1 28.5H${width - 1}" class="edge"/>`,
    ...[16, 34, 52].map(x => `<circle cx="${x}" cy="14.5" r="5.5" class="dot"/>`),
    `<text x="70" y="19" class="title">${xml(title)}</text>`,
    ...merged(parts),
    block,
    '</svg>',
    '',
  ]
    .filter((part, at, all) => part !== '' || at === all.length - 1)
    .join('\n');
}
