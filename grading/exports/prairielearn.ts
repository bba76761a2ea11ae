/** PrairieLearn: `results.json` of an external grader. */
import {
  type FeedbackOptions,
  lateLines,
  summaryWords,
  unknownTexts,
} from '../feedback/phrases.js';
import type { LearnerGrade } from '../types.js';
import { casesOf } from './cases.js';
import { cut } from './text.js';

/** PrairieLearn takes results of at most 1 MB; what is said of one check stays far below. */
const MOST = 4000;

export interface PrairieLearnResults {
  readonly gradable: boolean;
  readonly message: string;
  readonly score?: number;
  readonly output?: string;
  readonly tests?: readonly {
    readonly name: string;
    readonly description: string;
    readonly points: number;
    readonly max_points: number;
    readonly message: string;
    readonly output: string;
  }[];
}

/**
 * The result of one learner; `score` is the share of the points, late policy included. What could
 * not be told is `gradable: false`: PrairieLearn then takes no attempt and gives no zero.
 */
export function prairieLearnResults(
  learner: LearnerGrade,
  options: FeedbackOptions = {},
): PrairieLearnResults {
  if (learner.points === null) {
    return { gradable: false, message: unknownTexts(learner.lessons).join(' ') };
  }
  const tests = learner.lessons.flatMap(lesson =>
    casesOf(lesson, options).map(one => ({
      name: `${one.number} ${lesson.title}: ${one.title}`,
      description: [one.id, ...one.clauses].join(' · '),
      points: one.points,
      max_points: one.max,
      message: one.status === 'passed' ? '' : cut(one.message, MOST),
      output: cut(one.text, MOST),
    })),
  );
  return {
    gradable: true,
    score: learner.max === 0 ? 0 : Math.min(1, Math.max(0, learner.points / learner.max)),
    message: [summaryWords(learner), ...lateLines(learner)].join(' '),
    output: '',
    tests,
  };
}
