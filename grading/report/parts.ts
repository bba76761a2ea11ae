/** Pieces of the report that draw numbers: a histogram, bars, cells of a heat map. */
import { points } from '../exports/text.js';
import type { Bin, Rate } from './facts.js';
import { h, type Markup, raw } from './markup.js';

const WIDTH = 620;
const HEIGHT = 190;
const FLOOR = HEIGHT - 34;
const TOP = 22;

/** A histogram; the same numbers stand in a table beside it. */
export function histogram(bins: readonly Bin[]): Markup {
  const most = Math.max(1, ...bins.map(one => one.learners));
  const step = WIDTH / bins.length;
  const bars = bins.map((bin, at) => {
    const tall = ((FLOOR - TOP) * bin.learners) / most;
    const x = at * step + 3;
    const middle = points(x + (step - 6) / 2);
    return [
      `<rect x="${points(x)}" y="${points(FLOOR - tall)}" width="${points(step - 6)}" height="${points(tall)}" rx="2" class="bar"/>`,
      bin.learners > 0
        ? `<text x="${middle}" y="${points(FLOOR - tall - 6)}" text-anchor="middle" class="count">${bin.learners}</text>`
        : '',
      `<text x="${points(at * step)}" y="${FLOOR + 18}" text-anchor="${at === 0 ? 'start' : 'middle'}">${points(bin.from)}</text>`,
    ].join('');
  });
  const end = `<text x="${WIDTH}" y="${FLOOR + 18}" text-anchor="end">${points(bins.at(-1)?.to ?? 0)}</text>`;
  return raw(
    `<svg class="histogram" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Histogram of the sums; the table beside it has the numbers.">${bars.join('')}<line x1="0" y1="${FLOOR}" x2="${WIDTH}" y2="${FLOOR}" class="axis"/>${end}</svg>`,
  );
}

/** A part of a whole in percent, rounded so that only all is 100 and only none is 0. */
export function percent({ passed, of }: Rate): number {
  const exact = of === 0 ? 0 : (100 * passed) / of;
  if (passed > 0 && exact < 1) return 1;
  if (passed < of && exact > 99) return 99;
  return Math.round(exact);
}

/** A bar with its number, for a cell of a table. */
export function bar(rate: Rate): Markup {
  if (rate.of === 0) return h`<span class="dim">nobody</span>`;
  return h`<span class="rate"><span class="meter" aria-hidden="true"><span style="width:${percent(rate)}%"></span></span><span class="num">${percent(rate)} %</span> <span class="dim num">${rate.passed} of ${rate.of}</span></span>`;
}

/** A cell of the heat map: the number says it, the shade helps to find it. */
export function heat(rate: Rate | undefined): Markup {
  if (!rate)
    return h`<td class="heat none"><span class="dim" aria-label="not checked">·</span></td>`;
  const step = Math.min(5, Math.floor((100 - percent(rate)) / 17));
  return h`<td class="heat h${step}" title="${rate.passed} of ${rate.of} passed">${percent(rate)}</td>`;
}

export const PARTS_STYLE = `
.histogram{width:100%;height:auto;max-width:40rem;display:block}
.histogram text{font:13px system-ui,sans-serif;fill:var(--dim)}
.histogram .count{fill:var(--ink);font-weight:600}
.histogram .bar{fill:var(--bar)}
.histogram .axis{stroke:var(--line)}
.rate{display:grid;grid-template-columns:minmax(3rem,1fr) 3.4rem 5.2rem;align-items:center;gap:.5rem}
.heat{text-align:center!important;font-variant-numeric:tabular-nums;min-width:3.2rem}
.h0{background:#e3f1e7;color:#123d23}.h1{background:#f3f0d7;color:#453c05}.h2{background:#f7e3c0;color:#4c3300}.h3{background:#f5cfa9;color:#4f2800}.h4{background:#efb199;color:#4b1508}.h5{background:#e58e82;color:#3d0a05}
@media (prefers-color-scheme:dark){.h0{background:#1b3325;color:#a9e2bd}.h1{background:#35331a;color:#e8dfa0}.h2{background:#46351a;color:#f4d5a0}.h3{background:#57321b;color:#fbcfa8}.h4{background:#662c21;color:#ffcabb}.h5{background:#7a2721;color:#ffd4ce}}
@media print{.heat{-webkit-print-color-adjust:exact;print-color-adjust:exact}.meter,.histogram{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
