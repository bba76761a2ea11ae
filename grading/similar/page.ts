import { csv } from '../exports/csv.js';
import { h, type Markup } from '../report/markup.js';
import { name, page } from '../report/page.js';
import type { Fragment, Handed, SimilarPair } from './pairs.js';

/** Pairs that are shown side by side; the table has them all. */
const SHOWN = 60;

/** One page with every pair: a table, then the programs side by side. */
export function similarHtml(pairs: readonly SimilarPair[], compared: number): string {
  const body = h`<main id="main" class="wrap">
<h1>Programs that are alike</h1>
<p>${String(compared)} programs were compared by their syntax: names, texts, comments and what the stub
has do not count. What many have is how the exercise is solved, and does not count either.</p>
<p><strong>This is something to look at, and no proof.</strong> Two people who sat together, one book
and one helpful page give the same picture as a copy.</p>
${pairs.length === 0 ? h`<p>No two programs are alike.</p>` : table(pairs)}
${pairs.slice(0, SHOWN).map((pair, at) => sideBySide(pair, at))}
${pairs.length > SHOWN ? h`<p class="dim">The first ${String(SHOWN)} are shown; similar.csv has all ${String(pairs.length)}.</p>` : undefined}
</main>`;
  return page({ title: 'Programs that are alike', body, style: STYLE });
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

function table(pairs: readonly SimilarPair[]): Markup {
  return h`<div class="scroll"><table>
<caption>The most similar first. The longest fragment is counted in tokens of the syntax.</caption>
<thead><tr><th>Lesson</th><th>Programs</th><th class="num">Alike</th><th class="num">Longest</th></tr></thead>
<tbody>${pairs.map(
    (pair, at) => h`<tr><td>${pair.lesson}<br><span class="dim small">${pair.track}</span></td>
<td>${at < SHOWN ? h`<a href="#pair-${String(at + 1)}">${both(pair)}</a>` : both(pair)}</td>
<td class="num">${percent(pair.similarity)}</td><td class="num">${String(pair.longest)}</td></tr>
`,
  )}</tbody></table></div>`;
}

const both = ({ left, right }: SimilarPair) => h`${name(left.learner)} and ${name(right.learner)}`;

function sideBySide(pair: SimilarPair, at: number): Markup {
  const { left, right, fragments } = pair;
  return h`<section id="pair-${String(at + 1)}">
<h2>${both(pair)}</h2>
<p class="over">${pair.lesson}, ${pair.track}, ${percent(pair.similarity)} alike. Lines with a bar stand in both.</p>
<div class="sides">${side(left, fragments, 'left')}${side(right, fragments, 'right')}</div>
</section>
`;
}

function side(one: Handed, fragments: readonly Fragment[], which: 'left' | 'right'): Markup {
  const lines = one.source.replaceAll('\r\n', '\n').split('\n');
  const alike = (line: number) =>
    fragments.some(fragment => fragment[which].from <= line && line <= fragment[which].to);
  return h`<div><h3>${name(one.learner)}</h3><pre tabindex="0">${lines.map((text, at) =>
    alike(at + 1) ? h`<mark>${text || ' '}</mark>` : h`<span>${text || ' '}</span>`,
  )}</pre></div>`;
}

const STYLE = `
.sides{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:1rem}
.sides pre{max-height:36rem;overflow:auto;white-space:pre}
.sides pre>*{display:block;padding-left:.5rem;border-left:.25rem solid transparent}
.sides mark{background:var(--ask-soft);color:var(--ink);border-left-color:var(--ask)}
.wrap{max-width:80rem}
@media (max-width:48rem){.sides{grid-template-columns:minmax(0,1fr)}}
`;

export function similarCsv(pairs: readonly SimilarPair[]): string {
  return csv([
    ['lesson', 'track', 'one', 'other', 'similarity', 'longest'],
    ...pairs.map(one => [
      one.lesson,
      one.track,
      one.left.learner,
      one.right.learner,
      one.similarity,
      one.longest,
    ]),
  ]);
}
