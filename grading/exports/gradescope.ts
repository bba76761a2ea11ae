/** Gradescope: what an autograder writes to `/autograder/results/results.json`. */
import { decisionLines } from '../decision-lines.js';
import {
  commentLine,
  type FeedbackOptions,
  lateLines,
  summaryWords,
  unknownTexts,
} from '../feedback/phrases.js';
import type { LearnerGrade } from '../types.js';
import { casesOf } from './cases.js';
import { cut, markdown } from './text.js';

/** Who may see a test at Gradescope. A hidden one hides the sum as well. */
export type Visibility = 'visible' | 'hidden' | 'after_due_date' | 'after_published';

export interface GradescopeOptions extends FeedbackOptions {
  readonly visibility?: Visibility;
}

const MOST = 8000;

export interface GradescopeTest {
  readonly name: string;
  readonly name_format: 'text';
  readonly number: string;
  readonly status?: 'passed' | 'failed';
  readonly score?: number;
  readonly max_score?: number;
  readonly output: string;
  readonly output_format: 'md';
  readonly tags: readonly string[];
  readonly visibility: Visibility;
}

export interface GradescopeResults {
  /** After the late policy; absent when something could not be told. */
  readonly score?: number;
  readonly output: string;
  readonly output_format: 'md';
  readonly visibility: Visibility;
  readonly stdout_visibility: 'hidden';
  readonly tests: readonly GradescopeTest[];
  readonly extra_data: { readonly unknown: readonly string[] };
}

/**
 * The result of one learner. What could not be told has no score and no `score` of the whole, and is
 * named in `extra_data.unknown`: the autograder then ends with an error instead of giving a zero.
 */
export function gradescopeResults(
  learner: LearnerGrade,
  options: GradescopeOptions = {},
): GradescopeResults {
  const visibility = options.visibility ?? 'visible';
  const tests = learner.lessons.flatMap(lesson =>
    casesOf(lesson, options).map((one): GradescopeTest => {
      const message = one.message === '' ? '' : markdown(one.message);
      return {
        name: `${lesson.title}: ${one.title} (${one.id})`,
        name_format: 'text',
        number: one.number,
        ...(one.status === 'unknown'
          ? {}
          : {
              status: one.status === 'passed' ? ('passed' as const) : ('failed' as const),
              score: one.points,
              max_score: one.max,
            }),
        output: cut(one.markdown || message, MOST),
        output_format: 'md',
        tags: one.clauses,
        visibility,
      };
    }),
  );
  const late = lateLines(learner).map(markdown);
  const unknown = learner.lessons.filter(one => one.points === null).map(one => one.lesson);
  const byHand = learner.lessons.flatMap(one => [
    ...decisionLines(one).map(line => `${one.title}: ${line}`),
    ...(one.comments ?? []).map(commentLine),
  ]);
  const said = [...byHand, ...(learner.comments ?? []).map(commentLine)].map(markdown);
  const lines = [
    summaryWords(learner),
    ...unknownTexts(learner.lessons).map(markdown),
    ...late,
    ...said,
  ];
  return {
    ...(learner.points === null ? {} : { score: learner.points }),
    output: lines.join('\n\n'),
    output_format: 'md',
    visibility,
    stdout_visibility: 'hidden',
    tests,
    extra_data: { unknown },
  };
}
