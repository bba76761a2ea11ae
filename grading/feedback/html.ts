/** What one learner gets back: one page, in one file. */

import type { ProgramOutput } from '../../checker/harness/result.js';
import type { Bundle } from '../../checker/index.js';
import { count, points } from '../exports/text.js';
import { h, type Markup } from '../report/markup.js';
import { name, page } from '../report/page.js';
import {
  type ClassGrades,
  type GradedCheck,
  type LearnerGrade,
  type LessonGrade,
  SAME_AS_SOLUTION,
} from '../types.js';
import { exchange, exchangeStyle } from './exchange.js';
import {
  CHECK_WORDS,
  clauseWords,
  type FeedbackOptions,
  isTold,
  lateCost,
  lateLines,
  lessonWords,
  outputWords,
  pointsWords,
  summaryWords,
  trackWords,
  UNKNOWN_WORDS,
} from './phrases.js';

export type Bundles = (lesson: string) => Bundle | undefined;

/**
 * The feedback of one learner as a self-contained HTML page. It tells of a hidden test no more than
 * its id, title, clause and points, and the four-part message with the learner's own packets.
 */
export function feedbackHtml(
  grades: Pick<ClassGrades, 'title' | 'course' | 'tests'>,
  learner: LearnerGrade,
  bundles: Bundles = () => undefined,
  options: FeedbackOptions = {},
): string {
  const shown = learner.learner.name ?? learner.learner.id;
  const body = h`<div class="wrap">
<header>
<p class="over">${name(grades.title)}</p>
<h1>${name(shown)}</h1>
${total(learner)}
</header>
<nav aria-labelledby="overview">
<h2 id="overview" class="vh">Lessons</h2>
<table class="overview">
<thead><tr><th scope="col">Lesson</th><th scope="col">Result</th><th scope="col" class="num">Points</th></tr></thead>
<tbody>${learner.lessons.map(overviewRow)}</tbody>
</table>
</nav>
<main id="main">${learner.lessons.map(one => lessonSection(one, bundles, options))}</main>
<footer class="foot"><p>Judged by the packets that crossed the wire. Course ${grades.course}, tests <code>${grades.tests.slice(0, 12)}</code>. At home, <code>npx mqtt-course check N</code> judges lesson N in the same way.</p></footer>
</div>`;
  return page({ title: `${shown}: ${grades.title}`, body, style: `${STYLE}${exchangeStyle()}` });
}

function total(learner: LearnerGrade): Markup {
  const value = learner.points;
  const share = value === null || learner.max === 0 ? 0 : (100 * value) / learner.max;
  const score =
    value === null
      ? h`<p class="score"><strong>open</strong> <span class="dim">of ${points(learner.max)} points</span></p>`
      : h`<p class="score"><strong>${points(value)}</strong> <span class="dim">of ${points(learner.max)} points</span></p>
<div class="meter" aria-hidden="true"><span style="width:${points(Math.min(100, Math.max(0, share)))}%"></span></div>`;
  return h`${score}
<p>${summaryWords(learner)}</p>
${lateLines(learner).map(line => h`<p class="late">${line}</p>`)}`;
}

const anchor = (lesson: string) => `lesson-${lesson.replace(/[^\w-]/g, '-')}`;

function overviewRow(lesson: LessonGrade): Markup {
  const { text, tone } = lessonWords(lesson);
  return h`<tr><td><a href="#${anchor(lesson.lesson)}">${heading(lesson)}</a></td><td><span class="tag ${tone}">${text}</span></td><td class="num">${pointsWords(lesson.points, lesson.max)}</td></tr>
`;
}

function heading({ lesson, title }: LessonGrade): string {
  const number = /^\d+/.exec(lesson)?.[0];
  return number ? `${Number(number)}. ${title}` : title;
}

function lessonSection(lesson: LessonGrade, bundles: Bundles, options: FeedbackOptions): Markup {
  const id = anchor(lesson.lesson);
  const { text, tone } = lessonWords(lesson);
  const facts = [
    trackWords(lesson),
    `${pointsWords(lesson.points, lesson.max)} points`,
    lateCost(lesson),
  ].filter(Boolean);
  return h`
<section id="${id}" aria-labelledby="${id}-h">
<h2 id="${id}-h">${heading(lesson)}</h2>
<p class="facts"><span class="tag ${tone}">${text}</span> <span class="dim">${facts.join(' · ')}</span></p>
${content(lesson, id, bundles, options)}
</section>`;
}

function content(
  lesson: LessonGrade,
  id: string,
  bundles: Bundles,
  options: FeedbackOptions,
): Markup {
  const said = lesson.notices.filter(one => one !== SAME_AS_SOLUTION);
  const notices =
    said.length > 0 && h`<ul class="notices">${said.map(one => h`<li>${one}</li>`)}</ul>`;
  if (lesson.status === 'unknown') return h`<p>${UNKNOWN_WORDS}</p>`;
  if (lesson.status === 'missing') return h`${notices}`;
  const told = lesson.checks.filter(check => isTold(check, options));
  const bundle = told.length > 0 ? bundles(lesson.lesson) : undefined;
  return h`${notices}
${told.map((check, at) => failure(check, exchange(bundle, check, `${id}-x${at}`, options)))}
${output(lesson, options)}
${checkList(lesson)}`;
}

/** Where all is well, the list is one click away; where not, it is what remains to do. */
function checkList(lesson: LessonGrade): Markup {
  const rows = list(lesson);
  if (lessonWords(lesson).tone !== 'good') return rows;
  return h`<details><summary>The ${count(lesson.checks.length, 'check')}</summary>${rows}</details>`;
}

function list({ checks }: LessonGrade): Markup {
  return h`<ul class="checks">${checks.map(check => {
    const { symbol, word, tone } = CHECK_WORDS[check.status];
    const waits = check.waitsFor?.length ? ` (waits for ${check.waitsFor.join(', ')})` : '';
    return h`<li><span class="state ${tone}"><span aria-hidden="true">${symbol}</span> ${word}</span> <span class="what"><span class="dim mono">${check.id}</span> ${check.title}<span class="dim">${waits}</span>${clauses(check)}${check.remark && h` <span class="dim">${check.remark}</span>`}</span> <span class="num dim">${check.max > 0 && `${points(check.points)} of ${points(check.max)}`}</span></li>
`;
  })}</ul>`;
}

const clauses = (check: GradedCheck) =>
  check.clauses.length > 0 && h`<span class="cites dim small">${check.clauses.join(' · ')}</span>`;

function failure(check: GradedCheck, drawing: Markup | undefined): Markup {
  const part = (label: string, text: string | undefined, shape = false) =>
    text !== undefined &&
    text !== '' &&
    h`<dt>${label}</dt><dd>${shape ? h`<pre>${text}</pre>` : text}</dd>
`;
  return h`
<article class="card">
<h3><span class="bad"><span aria-hidden="true">✗</span> failed</span> ${check.title} <span class="dim small">${check.id}</span></h3>
<dl class="four">
${part('Expected', check.expected)}${part('Seen', check.seen, true)}${part('Why', check.why)}${part('Try', check.try)}</dl>
${
  check.clauses.length > 0 &&
  h`<ul class="clauses" aria-label="Clauses of the standard">${check.clauses.map(one => h`<li>${clauseWords(one)}</li>`)}</ul>`
}
${
  drawing &&
  h`<details open><summary>The exchange, packet by packet</summary>
${drawing}</details>`
}
</article>`;
}

function output({ program, checks }: LessonGrade, options: FeedbackOptions): Markup | undefined {
  if (!program || options.detail === 'points') return undefined;
  const failed = checks.some(one => one.status === 'failed');
  const streams = [
    stream('stdout', program.stdout, program.stdoutBytes),
    stream('stderr', program.stderr, program.stderrBytes),
  ].filter(one => one !== undefined);
  const end = ending(program);
  if (streams.length === 0) {
    return failed
      ? h`<p class="dim small">Your program printed nothing and ${end}.</p>`
      : undefined;
  }
  return h`<details><summary>What your program printed; it ${end}</summary>${streams}</details>`;
}

function stream(label: string, text: string, bytes: number): Markup | undefined {
  if (text === '' && bytes === 0) return undefined;
  const shown = outputWords(text, bytes);
  return h`<p class="small dim">${label}: ${shown.note}</p><pre>${shown.text}</pre>`;
}

export function ending({ exitCode, signal }: ProgramOutput): string {
  if (signal) return `was ended by ${signal}`;
  return exitCode === null ? 'was still running' : `ended with exit code ${exitCode}`;
}

const STYLE = `
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.score{font-size:1.15rem;margin:.9rem 0 .4rem}.score strong{font-size:2rem;letter-spacing:-.02em}
header .meter{max-width:26rem}
nav{margin-top:1.6rem}
.facts{margin:.35rem 0 .6rem}
.late{border-left:3px solid var(--ask);padding:.15rem 0 .15rem .8rem}
.notices{color:var(--dim);font-size:.93rem;padding-left:1.2rem}
.checks{list-style:none;padding:0;margin:.9rem 0}
.checks li{display:grid;grid-template-columns:6.2rem minmax(0,1fr) auto;gap:.1rem .8rem;padding:.36rem .2rem;border-bottom:1px solid var(--line)}
.state{font-weight:600;font-size:.9rem;white-space:nowrap}
.cites{display:block}
.card h3{font-weight:600}
@media (max-width:34rem){.checks li{grid-template-columns:minmax(0,1fr) auto}.checks .what{grid-column:1/-1;grid-row:2}}
`;
