import type { Track } from '../../course/index.js';
import type { Learner } from '../types.js';

export type LearnerFrom = 'roster' | 'canvas' | 'moodle' | 'github' | 'gradescope' | 'folder';

/** What one learner handed in, found but not yet looked into. */
export interface Submission {
  /** Name of the folder or archive; of loose files, the first of them. */
  readonly name: string;
  readonly path: string;
  /** `files`: loose files in a folder with those of others, as platforms give them. */
  readonly kind: 'folder' | 'zip' | 'tar' | 'files';
  /** Of `files`: where they are, and what the learner called them. */
  readonly files?: readonly { readonly name: string; readonly path: string }[];
  readonly learner: Learner;
  /** Whose word it is that this is the learner. Never that of a file inside. */
  readonly learnerFrom: LearnerFrom;
  /** ISO 8601 with offset. Undefined when nobody but the learner says when. */
  readonly submittedAt?: string;
  /** Where that comes from: `submissions.csv`, `Gradescope`, `Moodle`. */
  readonly submittedAtFrom?: string;
  /** The platform says that it came late, without saying how late. */
  readonly markedLate?: boolean;
  /** Why nothing of it can be read, as far as its name tells: an archive of another kind. */
  readonly problem?: string;
  /** What else came from this learner and does not count: names. */
  readonly others?: readonly string[];
}

export interface SubmissionList {
  /** One for each learner, sorted by the learner's id. */
  readonly submissions: readonly Submission[];
  /** Ids of learners of the roster from whom nothing came. */
  readonly absent: readonly string[];
  /** Names of submissions that nobody on the roster stands for. They are graded all the same. */
  readonly unexpected: readonly string[];
  readonly unreadable: readonly { readonly submission: string; readonly reason: string }[];
  readonly notices: readonly string[];
}

/** The work for one lesson, copied to a place of ours. */
export interface UnpackedExercise {
  readonly lesson: string;
  readonly track: Track;
  /** Holds the allow-listed files and nothing else. */
  readonly folder: string;
  /** Path of the program in it. The file is missing when the learner handed in none. */
  readonly entry: string;
  /** SHA-256 over the track, the names and the contents. */
  readonly hash: string;
  /** Every file is as the course delivers it. */
  readonly isStub: boolean;
  /** What a person should know about this lesson. */
  readonly notices: readonly string[];
}

export interface UnpackedSubmission {
  /** By lesson id; a lesson for which nothing was handed in is not there. */
  readonly exercises: ReadonlyMap<string, UnpackedExercise>;
  /**
   * Lessons for which something came that is not known as the exercise, with the reason: a person
   * has to look, and the learner is asked for the right thing. Never counted as nothing.
   */
  readonly open: ReadonlyMap<string, string>;
  /** What a person should know about the whole: refused files, how it was read. */
  readonly notices: readonly string[];
  /** Removes the copies. */
  dispose(): Promise<void>;
}
