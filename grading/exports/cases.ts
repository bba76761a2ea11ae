/** The grades as test cases: what the formats of test reports and of other graders have in common. */
import { assertNever } from '../../wire/assert-never.js';
import { failureMarkdown } from '../feedback/markdown.js';
import { clauseWords, type FeedbackOptions, isTold, unknownWords } from '../feedback/phrases.js';
import type { ClassGrades, GradedCheck, LearnerGrade, LessonGrade } from '../types.js';
import { cleanText } from './text.js';

/** `skipped`: an earlier check did not pass, or nothing was handed in. `unknown`: nobody could tell. */
export type CaseStatus = 'passed' | 'failed' | 'skipped' | 'unknown';

export interface Case {
  /** `5.2`: the lesson's number, and which of its checks it is. */
  readonly number: string;
  readonly id: string;
  readonly title: string;
  readonly status: CaseStatus;
  readonly points: number;
  readonly max: number;
  readonly clauses: readonly string[];
  /** One line: what was seen, or why there is no verdict. Empty when passed. */
  readonly message: string;
  /** The whole of it as plain text; empty when there is no more to say. */
  readonly text: string;
  /** The same as Markdown. */
  readonly markdown: string;
  readonly mistake?: string;
}

/** One lesson as test cases. A lesson without verdicts has one case that says so. */
export function casesOf(lesson: LessonGrade, options: FeedbackOptions = {}): Case[] {
  const number = String(Number(/^\d+/.exec(lesson.lesson)?.[0] ?? Number.NaN) || lesson.lesson);
  if (lesson.unreadable !== undefined) {
    return [whole(lesson, number, 'unknown', unknownWords(lesson))];
  }
  if (lesson.status === 'missing') return [whole(lesson, number, 'skipped', NOTHING)];
  if (lesson.checks.length === 0 || (lesson.status === 'unknown' && !lesson.checks.some(decided)))
    return [whole(lesson, number, 'unknown', CANNOT_TELL)];
  return lesson.checks.map((check, at) => ({
    number: `${number}.${at + 1}`,
    id: check.id,
    title: check.title,
    points: check.points,
    max: check.max,
    clauses: check.clauses,
    ...(check.mistake === undefined ? {} : { mistake: check.mistake }),
    ...said(check, options),
  }));
}

const NOTHING = 'nothing was handed in for this lesson';
const CANNOT_TELL = 'we could not tell; a person looks at it, and it does not count as zero';

const decided = ({ status }: GradedCheck) => status === 'passed' || status === 'failed';

function whole(lesson: LessonGrade, number: string, status: CaseStatus, message: string): Case {
  const id = lesson.lesson;
  const { title, max } = lesson;
  return {
    number,
    id,
    title,
    status,
    points: 0,
    max,
    clauses: [],
    message,
    text: '',
    markdown: '',
  };
}

function said(
  check: GradedCheck,
  options: FeedbackOptions,
): Pick<Case, 'status' | 'message' | 'text' | 'markdown'> {
  const none = { text: '', markdown: '' };
  switch (check.status) {
    case 'passed':
      return { status: 'passed', message: '', ...none };
    case 'not-reached': {
      const waits = check.waitsFor?.join(', ') || 'an earlier check';
      return { status: 'skipped', message: `waits for ${waits}`, ...none };
    }
    case 'unknown':
      return { status: 'unknown', message: CANNOT_TELL, ...none };
    case 'failed': {
      if (!isTold(check, options)) return { status: 'failed', message: check.title, ...none };
      return {
        status: 'failed',
        message: check.why ?? check.title,
        text: fourParts(check),
        markdown: failureMarkdown(check),
      };
    }
    default:
      return assertNever(check.status, 'status of a check');
  }
}

/** Expected, Seen, Why, Try as plain text. */
export function fourParts(check: GradedCheck): string {
  const part = (label: string, text: string | undefined) =>
    text ? [`${label.padEnd(10)}${cleanText(text).replaceAll('\n', `\n${' '.repeat(10)}`)}`] : [];
  return [
    ...part('Expected', check.expected),
    ...part('Seen', check.seen),
    ...part('Why', check.why),
    ...part('Try', check.try),
    ...check.clauses.map(one => `${' '.repeat(10)}[${clauseWords(one)}]`),
  ].join('\n');
}

/** Every learner's lessons with their cases, in the order of the class. */
export function allCases(
  grades: ClassGrades,
  options: FeedbackOptions = {},
): { readonly who: LearnerGrade; readonly lesson: LessonGrade; readonly cases: Case[] }[] {
  return grades.learners.flatMap(who =>
    who.lessons.map(lesson => ({ who, lesson, cases: casesOf(lesson, options) })),
  );
}
