/** The class on one page, for the instructor: what to look at, how it went, what to teach again. */

import type { Bundle } from '../../checker/index.js';
import { clause } from '../../wire/clauses.js';
import { decisionLines } from '../decision-lines.js';
import { maxOf, TOTAL } from '../exports/fill.js';
import { count, points } from '../exports/text.js';
import { CODE_STYLE, citedLines, codeAround } from '../feedback/code.js';
import { exchange, exchangeStyle } from '../feedback/exchange.js';
import { commentLine, moment, rubricLines } from '../feedback/phrases.js';
import type { JudgedFile } from '../handed-in.js';
import type {
  ClassGrades,
  LearnerGrade,
  LessonGrade,
  ProgramLimits,
  RubricGrade,
} from '../types.js';
import {
  bins,
  clauseFacts,
  type LessonFacts,
  type Look,
  lessonFacts,
  looks,
  type Misconception,
  misconceptions,
  spread,
  toldMisconceptions,
} from './facts.js';
import { h, type Markup, type MarkupChild } from './markup.js';
import { name, page } from './page.js';
import { bar, heat, histogram, PARTS_STYLE, percent } from './parts.js';

export interface ClassReportOptions {
  /** The stored bundle of a learner's lesson; draws the example of each misconception. */
  readonly bundles?: (learner: string, lesson: string) => Bundle | undefined;
  /** Name of a learner's feedback page relative to the report; no links without it. */
  readonly feedback?: (learner: string) => string;
  readonly limits?: ProgramLimits;
  /** The files of a lesson as they were judged: the line of an example is shown. */
  readonly code?: (learner: string, lesson: string) => readonly JudgedFile[];
}

/** Rows and names that are shown at once; what is beyond them is folded. */
const LOOKS = 25;
const PEOPLE = 6;

/** The report of a class as one self-contained HTML page. */
export function classReport(grades: ClassGrades, options: ClassReportOptions = {}): string {
  const facts = lessonFacts(grades);
  const body = h`<div class="wrap">
<header><p class="over">Class report</p><h1>${name(grades.title)}</h1>${headline(grades, facts)}</header>
<nav aria-label="Parts of the report"><a href="#look">To look at</a> <a href="#hand">By hand</a> <a href="#points">Points</a> <a href="#lessons">Lessons</a> <a href="#mistakes">Misconceptions</a> <a href="#clauses">Clauses</a> <a href="#learners">Learners</a> <a href="#how">How it was graded</a></nav>
<main id="main">
${part('look', 'To look at before the grades go out', lookPart(grades))}
${part('hand', 'Decided and judged by a person', handPart(grades))}
${part('points', 'Points', pointsPart(grades))}
${part('lessons', 'Lessons and checks', lessonsPart(facts))}
${part('mistakes', 'The commonest misconceptions', mistakesPart(grades, options))}
${part('clauses', 'Clauses of the standard', clausesPart(grades))}
${part('learners', 'Learners', learnersPart(grades, options))}
${part('how', 'How it was graded', howPart(grades, options))}
</main></div>`;
  return page({
    title: `Class report: ${grades.title}`,
    body,
    style: `${STYLE}${CODE_STYLE}${PARTS_STYLE}${exchangeStyle()}`,
  });
}

function part(id: string, title: string, content: MarkupChild): Markup {
  return h`<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${title}</h2>${content}</section>`;
}

const lessonNumber = (id: string) => String(Number(/^\d+/.exec(id)?.[0] ?? Number.NaN) || id);

function headline(grades: ClassGrades, facts: readonly LessonFacts[]): Markup {
  const { median } = spread(grades);
  const came = grades.learners.filter(one => one.submission !== undefined).length;
  const unknown = facts.reduce((sum, one) => sum + one.unknown, 0);
  const hardest = [...facts]
    .filter(one => one.graded > 0)
    .sort((a, b) => a.complete / a.graded - b.complete / b.graded)[0];
  const max = maxOf(grades, TOTAL);
  const tile = (value: string, label: string, tone = '') =>
    h`<div class="tile"><dt>${label}</dt><dd class="${tone}">${value}</dd></div>`;
  return h`<dl class="tiles">
${tile(`${came} of ${grades.learners.length}`, 'learners handed in')}
${tile(median === undefined ? 'none' : points(median), `median of ${points(max)} points`)}
${hardest ? tile(hardest.title, `hardest lesson: ${hardest.complete} of ${hardest.graded} pass every check`) : undefined}
${tile(String(unknown), unknown === 1 ? 'result could not be told' : 'results could not be told', unknown > 0 ? 'ask' : '')}
</dl>`;
}

function lookPart(grades: ClassGrades): Markup {
  const all = looks(grades);
  if (all.length === 0)
    return h`<p>Nothing. Every submission was read and every check was judged.</p>`;
  const table = (rows: readonly Look[]) =>
    h`<div class="scroll" tabindex="0" role="region" aria-label="What to look at"><table><thead><tr><th scope="col">Learner or file</th><th scope="col">Lesson</th><th scope="col">Why</th></tr></thead>
<tbody>${rows.map(
      one => h`<tr><td>${people(one.who, grades)}</td><td>${lessonList(one.lessons, grades)}</td><td>${one.why}</td></tr>
`,
    )}</tbody></table></div>`;
  const rest = all.slice(LOOKS);
  return h`${table(all.slice(0, LOOKS))}
${rest.length > 0 && h`<details><summary>${count(rest.length, 'more line')}</summary>${table(rest)}</details>`}
<p class="dim small">What could not be told counts as open, never as zero.</p>`;
}

/** A few ids with their names; the others are one click away. */
function people(ids: readonly string[], { learners }: ClassGrades): Markup {
  const named = new Map(learners.map(one => [one.learner.id, one.learner.name]));
  const one = (id: string) => {
    const called = named.get(id);
    return h`${name(id)}${called !== undefined && called !== id && h` <span class="dim">${name(called)}</span>`}`;
  };
  const list = (some: readonly string[]) => some.map((id, at) => h`${at > 0 && ', '}${one(id)}`);
  if (ids.length <= PEOPLE) return h`${list(ids)}`;
  return h`${list(ids.slice(0, PEOPLE))}<details class="more"><summary>and ${ids.length - PEOPLE} more</summary>${list(ids.slice(PEOPLE))}</details>`;
}

/** What a person changed, and what waits for one. */
function handPart(grades: ClassGrades): Markup {
  const rows = grades.learners.flatMap(({ learner, lessons, comments = [] }) => [
    ...comments.map(one => ({ learner, lesson: '', line: commentLine(one) })),
    ...lessons.flatMap(lesson =>
      [
        ...decisionLines(lesson),
        ...rubricLines({ ...lesson, rubric: (lesson.rubric ?? []).filter(isSaid(lesson)) }),
        ...(lesson.comments ?? []).map(commentLine),
      ].map(line => ({ learner, lesson: lessonNumber(lesson.lesson), line })),
    ),
  ]);
  if (rows.length === 0) {
    return h`<p>Nothing. What a person decides stands in <code>overrides.csv</code> beside the results.</p>`;
  }
  return h`<div class="scroll" tabindex="0" role="region" aria-label="Decided by a person"><table><thead><tr><th scope="col">Learner</th><th scope="col">Lesson</th><th scope="col">What</th></tr></thead>
<tbody>${rows.map(
    ({
      learner,
      lesson,
      line,
    }) => h`<tr><td>${people([learner.id], grades)}</td><td>${lesson}</td><td>${line}</td></tr>
`,
  )}</tbody></table></div>`;
}

/** A line without points that nobody filled in is no news; of whom nothing came, none is. */
const isSaid = (lesson: LessonGrade) => (line: RubricGrade) =>
  line.points !== null ? line.who !== undefined : line.max > 0 && lesson.status !== 'missing';

function lessonList(ids: readonly string[], grades: ClassGrades): string {
  if (ids.length > 1 && ids.length === grades.lessons.length) return 'all';
  return ids.map(lessonNumber).join(', ');
}

function pointsPart(grades: ClassGrades): Markup {
  const facts = spread(grades);
  const max = maxOf(grades, TOTAL);
  const counted = bins(facts, max);
  const fact = (value: number | undefined) => (value === undefined ? 'none' : points(value));
  return h`<p>Sums of ${count(facts.values.length, 'learner')} who handed in and whose sum is known. Lowest ${fact(facts.lowest)}, median ${fact(facts.median)}, mean ${fact(facts.mean)}, highest ${fact(facts.highest)} of ${points(max)}.</p>
<div class="beside"><figure>${histogram(counted)}<figcaption class="dim small">points → number of learners</figcaption></figure>
<table class="bins"><thead><tr><th scope="col">Points</th><th scope="col" class="num">Learners</th></tr></thead><tbody>${counted
    .filter(one => one.learners > 0)
    .map(
      one => h`<tr><td>${points(one.from)} to ${one === counted.at(-1) ? '' : 'below '}${points(one.to)}</td><td class="num">${one.learners}</td></tr>
`,
    )}</tbody></table></div>`;
}

function lessonsPart(facts: readonly LessonFacts[]): Markup {
  return h`<p class="dim small">Of those who handed in work that could be judged. A check that was not reached counts as not passed.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Lessons"><table><thead><tr><th scope="col">Lesson</th><th scope="col" class="num">Judged</th><th scope="col" class="num">Nothing</th><th scope="col" class="num">Open</th><th scope="col" class="num">Mean</th><th scope="col">Every check passed</th></tr></thead>
<tbody>${facts.map(
    one => h`<tr><th scope="row">${lessonNumber(one.id)}. ${one.title}</th><td class="num">${one.graded}</td><td class="num">${one.missing}</td><td class="num">${one.unknown}</td><td class="num">${one.mean === undefined ? '' : `${points(Math.round(one.mean * 10) / 10)} of ${points(one.max)}`}</td><td>${bar({ passed: one.complete, of: one.graded })}</td></tr>
`,
  )}</tbody></table></div>
${facts.map(
  one => h`<details><summary>${lessonNumber(one.id)}. ${one.title}: ${count(one.checks.length, 'check')}${hardestWords(one)}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Checks of ${one.title}"><table><thead><tr><th scope="col">Check</th><th scope="col">Passed</th></tr></thead><tbody>${one.checks.map(
    check => h`<tr><td><span class="dim mono">${check.id}</span> ${check.title}</td><td class="wide">${bar(check.rate)}</td></tr>
`,
  )}</tbody></table></div></details>`,
)}`;
}

function hardestWords({ checks }: LessonFacts): string {
  const judged = checks.filter(one => one.rate.of > 0 && one.rate.passed < one.rate.of);
  const [worst] = [...judged].sort((a, b) => percent(a.rate) - percent(b.rate));
  return worst ? `; hardest ${worst.id}, ${percent(worst.rate)} % passed` : '';
}

function mistakesPart(grades: ClassGrades, options: ClassReportOptions): Markup {
  const all = misconceptions(grades);
  if (all.length === 0) return h`<p>No known mistake was seen.</p>`;
  const shown = toldMisconceptions(all);
  const rest = all.filter(one => !shown.includes(one));
  return h`<p class="dim small">Recognised by how a program fails on the wire. The words are those that the learners read.</p>
${shown.map((one, at) => mistake(one, at, grades, options))}
${
  rest.length > 0 &&
  h`<details><summary>${count(rest.length, 'more mistake')}, seen less often</summary><ul class="rest">${rest.map(
    one =>
      h`<li><strong>${mistakeName(one)}</strong> <span class="dim small">lesson ${lessonNumber(one.lesson)} ${one.check} · ${people(one.learners, grades)}</span><br>${one.why}</li>`,
  )}</ul></details>`
}`;
}

const mistakeName = ({ mistake }: Misconception) => mistake.replaceAll('-', ' ');

function mistake(
  one: Misconception,
  at: number,
  grades: ClassGrades,
  { bundles, code }: ClassReportOptions,
): Markup {
  const { learner, check } = one.example;
  const [file] = code?.(learner.learner.id, one.lesson) ?? [];
  const cited = citedLines([check], bundles?.(learner.learner.id, one.lesson), file);
  const title = grades.lessons.find(it => it.id === one.lesson)?.title ?? one.lesson;
  // The instructor knows the hidden tests: the whole exchange is drawn.
  const drawing = exchange(bundles?.(learner.learner.id, one.lesson), check, `m${at}`, {
    traces: 'all',
  });
  return h`<article class="card mistake">
<p class="times"><strong>${one.learners.length}</strong><span class="dim"> ${one.learners.length === 1 ? 'learner' : 'learners'}</span></p>
<div><h3>${mistakeName(one)}</h3>
<p class="dim small">Lesson ${lessonNumber(one.lesson)}, ${title} · ${one.check} ${one.title}${one.clauses.length > 0 ? ` · ${one.clauses.join(', ')}` : ''}</p>
<p>${one.why}</p>
<pre>${check.seen ?? ''}</pre>
<details><summary>${one.learners.length === 1 ? 'Who, and the exchange' : 'Who, and one exchange'}</summary>
<p class="small">${people(one.learners, grades)}. The packets are those of ${name(learner.learner.id)}.</p>
${codeAround(file, cited)}${drawing}</details></div>
</article>`;
}

function clausesPart(grades: ClassGrades): Markup {
  const facts = clauseFacts(grades);
  if (facts.length === 0) return h`<p>No check of these lessons cites a clause.</p>`;
  const lessons = grades.lessons.filter(({ id }) => facts.some(one => one.lessons.has(id)));
  return h`<p class="dim small">Percent of checks passed, by clause and lesson; what needs teaching most stands first.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Heat map by clause"><table class="heats"><thead><tr><th scope="col">Clause</th>${lessons.map(
    ({ id, title }) => h`<th scope="col" class="heat" title="${title}">${lessonNumber(id)}</th>`,
  )}<th scope="col" class="heat">all</th></tr></thead>
<tbody>${facts.map(
    one => h`<tr><th scope="row"><span class="nowrap">${one.clause}</span> <span class="dim small says">${clause(one.clause)?.says}</span></th>${lessons.map(({ id }) => heat(one.lessons.get(id)))}${heat(one.total)}</tr>
`,
  )}</tbody></table></div>`;
}

function learnersPart(grades: ClassGrades, options: ClassReportOptions): Markup {
  return h`<div class="scroll" tabindex="0" role="region" aria-label="Points of every learner"><table class="all"><thead><tr><th scope="col">Learner</th>${grades.lessons.map(
    ({ id, title, max }) =>
      h`<th scope="col" class="num" title="${title}, ${points(max)} points">${lessonNumber(id)}</th>`,
  )}<th scope="col" class="num">Sum</th><th scope="col">What was judged</th></tr></thead>
<tbody>${grades.learners.map(one => learnerRow(one, grades, options))}</tbody></table></div>
<p class="dim small">? could not be told · – nothing handed in · ex excused</p>`;
}

function learnerRow(
  one: LearnerGrade,
  grades: ClassGrades,
  { feedback }: ClassReportOptions,
): Markup {
  const { id, name: called } = one.learner;
  const shown = h`${name(called ?? id)}${called !== undefined && called !== id && h` <span class="dim small">${name(id)}</span>`}`;
  const linked = feedback ? h`<a href="${encodeURI(feedback(id))}">${shown}</a>` : shown;
  return h`<tr><th scope="row">${linked}</th>${grades.lessons.map(lesson => {
    const grade = one.lessons.find(it => it.lesson === lesson.id);
    if (grade?.excused) return h`<td class="num dim">ex</td>`;
    if (!grade || grade.status === 'missing') return h`<td class="num dim">–</td>`;
    if (grade.points === null) return h`<td class="num ask">?</td>`;
    return h`<td class="num">${points(grade.points)}</td>`;
  })}<td class="num"><strong>${one.points === null ? '?' : points(one.points)}</strong>${one.lessons.some(it => it.excused) && h` <span class="dim small">of ${points(one.max)}</span>`}</td><td class="small">${judged(one)}</td></tr>
`;
}

/** The submission that counts, when it came, and what else came. */
function judged({ submission, handedIn, others = [] }: LearnerGrade): Markup | undefined {
  if (submission === undefined) return undefined;
  const when =
    handedIn &&
    h` <span class="dim nowrap">${moment(handedIn.at)}${handedIn.from && ` (${handedIn.from})`}</span>`;
  return h`${name(submission)}${when}${others.length > 0 && h`<br><span class="dim">not judged: ${others.join(', ')}</span>`}`;
}

function howPart(grades: ClassGrades, { limits }: ClassReportOptions): Markup {
  const seeds = [...new Set(grades.learners.flatMap(one => one.lessons.map(it => it.seed)))].sort();
  const row = (
    label: string,
    value: MarkupChild,
  ) => h`<tr><th scope="row">${label}</th><td>${value}</td></tr>
`;
  const few = seeds.slice(0, 6).join(', ');
  return h`<table class="how"><tbody>
${row('Course', grades.course)}
${row('Hidden tests', h`<code>${grades.tests}</code>`)}
${row('Kept apart by', grades.isolation.map(isolationWords).join('; '))}
${limits && row('Limits', limitWords(limits))}
${row(seeds.length === 1 ? 'Seed' : 'Seeds', h`<code>${few}</code>${seeds.length > 6 && ` and ${seeds.length - 6} more: each stands in its result`}`)}
</tbody></table>
<p class="dim small">The same submissions, tests, seed and limits give the same grades; this page has no date in it, so that two of them can be compared.</p>`;
}

function isolationWords(isolation: ClassGrades['isolation'][number]): string {
  const words = {
    bwrap: 'bwrap (a sandbox of namespaces: no network, private files, limits)',
    container: 'container (the grader is alone in it)',
    process: 'process (limits only; no sandbox)',
  };
  return words[isolation];
}

function limitWords(limits: ProgramLimits): string {
  return [
    `${limits.memoryMiB} MiB of memory`,
    count(limits.processes, 'process', 'processes'),
    `files up to ${limits.fileMiB} MiB`,
    `${limits.cpuSeconds} s of processor`,
    `${limits.wallSeconds} s by the clock`,
    count(limits.connections, 'connection'),
    `packets up to ${Math.round(limits.packetBytes / 1024)} KiB`,
    `${Math.round(limits.retainedBytes / 1024)} KiB retained`,
    `${count(limits.queuedMessages, 'queued message')}`,
  ].join(', ');
}

const STYLE = `
.wrap{max-width:72rem}
nav{margin:1.4rem 0 0;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.93rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,9.5rem),1fr));gap:.8rem;margin:1.3rem 0 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.75rem 1rem;display:flex;flex-direction:column-reverse;justify-content:flex-end}
.tile dt{color:var(--dim);font-size:.875rem}.tile dd{margin:0;font-size:1.35rem;font-weight:600;line-height:1.3}
.beside{display:grid;grid-template-columns:minmax(0,2.2fr) minmax(12rem,1fr);gap:1.5rem;align-items:start}
figure{margin:.8rem 0}
.bins{font-size:.93rem}
.mistake{display:grid;grid-template-columns:5.2rem minmax(0,1fr);gap:.4rem 1rem}
.mistake .times{margin:0}.mistake .times strong{font-size:1.7rem;display:block;line-height:1.1}
.mistake h3::first-letter{text-transform:uppercase}
.mistake p{margin:.3rem 0}
.heats th[scope=row]{font-weight:500}.says{display:block;font-weight:400}
.all th[scope=row],.how th[scope=row]{font-weight:500;white-space:nowrap}
.how code{overflow-wrap:anywhere}
details.more{display:inline}details.more>summary{display:inline;padding:0;margin-left:.4rem}.rest li{margin:.5rem 0}.rest{padding-left:1.1rem}
.wide{min-width:15rem}
@media (max-width:44rem){.beside{grid-template-columns:minmax(0,1fr)}.mistake{grid-template-columns:minmax(0,1fr)}.mistake .times strong{display:inline;font-size:1.3rem}}
`;
