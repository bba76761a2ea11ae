/** The learner's program beside the verdicts: as it was judged, with the cited lines marked. */
import { citedLine } from '../../checker/harness/cited-line.js';
import type { Bundle } from '../../checker/index.js';
import { count } from '../exports/text.js';
import type { JudgedFile } from '../handed-in.js';
import { h, type Markup } from '../report/markup.js';
import type { GradedCheck } from '../types.js';

/** Lines of a file that are shown; the rest lies in the folder of results. */
const LINES = 500;
const AROUND = 4;

/** Which lines the failures point at, with the ids of their checks. */
export function citedLines(
  checks: readonly GradedCheck[],
  bundle: Bundle | undefined,
  file: JudgedFile | undefined,
): ReadonlyMap<number, readonly string[]> {
  const cited = new Map<number, string[]>();
  if (!file) return cited;
  const name = file.name.slice(file.name.lastIndexOf('/') + 1);
  for (const check of checks.filter(one => one.status === 'failed')) {
    const recording = check.scenario === undefined ? undefined : bundle?.recordings[check.scenario];
    const line = citedLine(check, recording, file.text, name);
    if (line !== undefined) cited.set(line, [...(cited.get(line) ?? []), check.id]);
  }
  return cited;
}

/** The files of a lesson, folded; the program is the first. */
export function codeOf(
  files: readonly JudgedFile[],
  cited: ReadonlyMap<number, readonly string[]>,
): Markup | undefined {
  const [program, ...others] = files;
  if (!program) return undefined;
  const marked = cited.size > 0 && `; ${count(cited.size, 'line')} marked`;
  return h`<details><summary>The program as it was judged: ${program.name}${marked}</summary>${lines(program.text, cited)}</details>
${others.map(
  one => h`<details><summary>${one.name}</summary>${lines(one.text, new Map())}</details>
`,
)}`;
}

/** What stands around the first cited line; undefined where none is. */
export function codeAround(
  file: JudgedFile | undefined,
  cited: ReadonlyMap<number, readonly string[]>,
): Markup | undefined {
  const [line] = [...cited.keys()].sort((a, b) => a - b);
  if (!file || line === undefined) return undefined;
  const from = Math.max(1, line - AROUND);
  return h`<p class="small dim">${file.name}, from line ${from}</p>${lines(file.text, cited, from, line + AROUND)}`;
}

function lines(
  text: string,
  cited: ReadonlyMap<number, readonly string[]>,
  from = 1,
  to = LINES,
): Markup {
  const all = text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');
  const width = String(Math.min(to, all.length)).length;
  const shown = all.slice(from - 1, to).map((line, at) => {
    const number = from + at;
    const checks = cited.get(number);
    const start = `${String(number).padStart(width)}  `;
    // A line may be as long as a file.
    const part = line.length > 400 ? `${line.slice(0, 400)} …` : line;
    return checks
      ? h`<span class="dim">${start}</span><mark>${part}</mark> <strong class="bad">← ${checks.join(', ')}</strong>
`
      : h`<span class="dim">${start}</span>${part}
`;
  });
  const more = to >= LINES && all.length > LINES;
  return h`<pre class="code" tabindex="0" role="region" aria-label="Program">${shown}</pre>${more && h`<p class="dim small">${count(all.length - LINES, 'more line')}</p>`}`;
}

export const CODE_STYLE = `
.code{overflow-x:auto;white-space:pre}.code mark{background:#f7e3c0;color:#4c3300}
@media (prefers-color-scheme:dark){.code mark{background:#46351a;color:#f4d5a0}}
`;
