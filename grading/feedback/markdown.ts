/** The feedback of one learner as Markdown: for issues, pull requests, and whoever reads in an editor. */
import { markdown, markdownBlock, markdownCode, points } from '../exports/text.js';
import {
  type ClassGrades,
  type GradedCheck,
  type LearnerGrade,
  type LessonGrade,
  SAME_AS_SOLUTION,
} from '../types.js';
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

/** What `feedbackHtml` says, without drawings. Nothing of a learner's text marks anything up. */
export function feedbackMarkdown(
  grades: Pick<ClassGrades, 'title' | 'course' | 'tests'>,
  learner: LearnerGrade,
  options: FeedbackOptions = {},
): string {
  const shown = learner.learner.name ?? learner.learner.id;
  const rows = learner.lessons.map(
    one => `| ${heading(one)} | ${lessonWords(one).text} | ${pointsWords(one.points, one.max)} |`,
  );
  return blocks([
    `# ${markdown(shown)}: ${markdown(grades.title)}`,
    `**${pointsWords(learner.points, learner.max)} points.** ${summaryWords(learner)}`,
    ...lateLines(learner).map(markdown),
    ['| Lesson | Result | Points |', '|---|---|---:|', ...rows].join('\n'),
    ...learner.lessons.map(one => lessonMarkdown(one, options)),
    '---',
    `Judged by the packets that crossed the wire. Course ${markdown(grades.course)}, tests ${markdownCode(grades.tests.slice(0, 12))}.`,
  ]);
}

const blocks = (parts: readonly (string | undefined)[]) =>
  `${parts.filter(part => part !== undefined && part !== '').join('\n\n')}\n`;

function heading({ lesson, title }: LessonGrade): string {
  const number = /^\d+/.exec(lesson)?.[0];
  return number ? `${Number(number)}. ${markdown(title)}` : markdown(title);
}

function lessonMarkdown(lesson: LessonGrade, options: FeedbackOptions): string {
  const facts = [
    lessonWords(lesson).text,
    trackWords(lesson),
    `${pointsWords(lesson.points, lesson.max)} points`,
    lateCost(lesson),
  ];
  const notices = lesson.notices
    .filter(one => one !== SAME_AS_SOLUTION)
    .map(one => `* ${markdown(one)}`)
    .join('\n');
  return blocks([
    `## ${heading(lesson)}`,
    facts.filter(Boolean).join(' · '),
    ...(lesson.status === 'unknown' ? [UNKNOWN_WORDS] : [notices]),
    ...(lesson.status === 'graded'
      ? [
          ...lesson.checks.filter(check => isTold(check, options)).map(check => failure(check)),
          ...output(lesson, options),
          lesson.checks.map(checkLine).join('\n'),
        ]
      : []),
  ]).trimEnd();
}

function checkLine(check: GradedCheck): string {
  const { symbol, word } = CHECK_WORDS[check.status];
  const waits = check.waitsFor?.length
    ? ` (waits for ${check.waitsFor.map(markdown).join(', ')})`
    : '';
  const worth = check.max > 0 ? `, ${points(check.points)} of ${points(check.max)}` : '';
  const cites = check.clauses.length > 0 ? ` [${markdown(check.clauses.join('; '))}]` : '';
  const remark = check.remark ? `; ${markdown(check.remark)}` : '';
  return `* ${symbol} ${word} **${markdown(check.id)}** ${markdown(check.title)}${waits}${worth}${cites}${remark}`;
}

/** The four parts of one failed check; also what Gradescope and others show. */
export function failureMarkdown(check: GradedCheck): string {
  return blocks([
    check.expected && `**Expected** ${markdown(check.expected)}`,
    check.seen && `**Seen**\n\n${markdownBlock(check.seen)}`,
    check.why && `**Why** ${markdown(check.why)}`,
    check.try && `**Try** ${markdown(check.try)}`,
    check.clauses.map(one => `* ${markdown(clauseWords(one))}`).join('\n'),
  ]).trimEnd();
}

const failure = (check: GradedCheck) =>
  `### ✗ failed: ${markdown(check.title)} (${markdown(check.id)})\n\n${failureMarkdown(check)}`;

function output({ program, checks }: LessonGrade, options: FeedbackOptions): string[] {
  if (!program || options.detail === 'points') return [];
  if (!checks.some(one => one.status === 'failed')) return [];
  return (['stdout', 'stderr'] as const).flatMap(name => {
    const bytes = program[`${name}Bytes`];
    if (program[name] === '' && bytes === 0) return [];
    const shown = outputWords(program[name], bytes);
    return [`What your program printed (${name}: ${shown.note}):\n\n${markdownBlock(shown.text)}`];
  });
}
