import type { GradeRecord } from '../types.js';

/** What the grading of a class tells while it runs. Plain JSON: a line each with `--json`. */
export type GradeEvent =
  | {
      readonly type: 'plan';
      readonly submissions: number;
      readonly lessons: readonly string[];
      /** Submissions × lessons. */
      readonly jobs: number;
      readonly seed: string;
      readonly isolation: string;
      readonly workers: number;
    }
  | { readonly type: 'start'; readonly learner: string; readonly lesson: string }
  | {
      /** The first run could not tell; it is run once more with the same seed. */
      readonly type: 'again';
      readonly learner: string;
      readonly lesson: string;
      readonly reason: string;
    }
  | {
      readonly type: 'done';
      readonly learner: string;
      readonly lesson: string;
      readonly status: GradeRecord['status'];
      /** Of the checks. */
      readonly passed: number;
      readonly failed: number;
      /** It was there already, from the same inputs. */
      readonly kept: boolean;
      readonly reason?: string;
    }
  | {
      readonly type: 'unreadable';
      /** Undefined where nobody knows whose it is. */
      readonly learner?: string;
      readonly submission: string;
      readonly reason: string;
      /** How many of the jobs that settles. */
      readonly jobs: number;
    };
