import type { ProgramOutput, Track, Verdict } from '../checker/index.js';

/**
 * The values that pass between the parts of the grader. All are plain JSON: they are written to
 * disk, merged from many machines, and exported. Nothing in them depends on when or how fast the
 * grading ran, so that the same submissions give the same bytes.
 */

export const GRADE_SCHEMA = 'mqtt-course/grade/1';

/** How a submission's programs were kept apart. `process`: rlimits and a process group only. */
export type Isolation = 'bwrap' | 'container' | 'process';

export interface ProgramLimits {
  /** Memory that one start of a program may use, MiB. */
  readonly memoryMiB: number;
  /** Processes and threads of one start. */
  readonly processes: number;
  /** The largest file a program may write, MiB. */
  readonly fileMiB: number;
  /** Processor seconds of one start. */
  readonly cpuSeconds: number;
  /** Seconds by the clock for one submission and lesson. */
  readonly wallSeconds: number;
  /** Connections of one scenario's program over its life. */
  readonly connections: number;
  /** The largest packet that the tap takes from a program, bytes. */
  readonly packetBytes: number;
  /** Bytes of retained messages that a program may store at the broker of one scenario. */
  readonly retainedBytes: number;
  /** Messages queued for one client. */
  readonly queuedMessages: number;
}

/** Everything that a result depends on. The same inputs give the same `key`, and are not run again. */
export interface GradeInputs {
  /** SHA-256 over the files that count for this lesson (names and contents). */
  readonly submission: string;
  /** SHA-256 over the hidden tests, the checker, the broker, the stubs and the kit. */
  readonly tests: string;
  readonly seed: string;
  readonly limits: ProgramLimits;
  readonly isolation: Isolation;
  /** Version of the course. */
  readonly course: string;
  /** Major version of Node, and versions of Python and paho-mqtt for a Python program. */
  readonly runtime: string;
}

/** One check of a lesson with its points. Points are set from the course file when results are read. */
export interface GradedCheck extends Verdict {
  readonly points: number;
  readonly max: number;
  /** The points are those of a person, whatever the verdict is. */
  readonly decided?: true;
}

/** A decision of a person that changed points. */
export interface AppliedOverride {
  /** A check; undefined for the whole lesson. */
  readonly check?: string;
  /** Null where it could not be told. */
  readonly before: number | null;
  readonly points: number;
  readonly reason: string;
  readonly who: string;
}

/** A line that a person judges. */
export interface RubricGrade {
  readonly id: string;
  readonly title: string;
  readonly max: number;
  /** Null until it is filled in. */
  readonly points: number | null;
  readonly reason?: string;
  readonly who?: string;
}

/** What a person wrote to the learner. */
export interface Comment {
  readonly text: string;
  readonly who?: string;
}

/**
 * graded: judged, points may be 0 · missing: nothing was handed in for this lesson (or the untouched
 * stub: see `notices`) · unknown: could not be told; a person has to look. Never counted as zero.
 */
export type GradeStatus = 'graded' | 'missing' | 'unknown';

/** What one submission got for one lesson, as stored: `results/<learner>/<lesson>.json`. */
export interface GradeRecord {
  readonly schema: typeof GRADE_SCHEMA;
  /** SHA-256 of `inputs`. */
  readonly key: string;
  readonly learner: string;
  /** Lesson id, `05-wildcards`. */
  readonly lesson: string;
  /** Null when nothing was handed in. */
  readonly track: Track | null;
  readonly status: GradeStatus;
  /** Every check of the lesson, and the detectors that found a root cause. Empty when missing. */
  readonly checks: readonly Verdict[];
  readonly inputs: GradeInputs;
  /** How often it was run: 2 when the first run could not tell. */
  readonly attempts: number;
  /** What a person should know: refused files, a limit that was hit, the untouched stub. */
  readonly notices: readonly string[];
  readonly program?: ProgramOutput;
  /** The replay bundle, relative to the results' folder: `bundles/<learner>/<lesson>.json.gz`. */
  readonly bundle?: string;
  /**
   * Something came for the lesson that is not known as the exercise, and why. The status is
   * `unknown`; the learner is asked for the right thing.
   */
  readonly unreadable?: string;
}

/** A learner, from the roster or from how the submission is named. */
export interface Learner {
  /** Unique in the class; the id that shards and files go by. */
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
  /** Ids under which a learning platform knows the learner: `canvas`, `moodle`, `github`, … */
  readonly ids?: Readonly<Record<string, string>>;
}

/** How late a submission was, and what the policy made of that. */
export interface Lateness {
  /** When it was handed in, ISO 8601 with offset; from the platform, never from a commit. */
  readonly submittedAt?: string;
  /** The platform says that it was late, and nobody says when it came. */
  readonly marked?: true;
  readonly deadline: string;
  /** It came after this moment, after which nothing is earned. */
  readonly cutoff?: string;
  /** Seconds after the deadline; 0 when in time. */
  readonly seconds: number;
  /** Whole days after the grace that count. */
  readonly days: number;
  /** What points are multiplied with, 0 to 1. */
  readonly factor: number;
}

export interface LessonGrade {
  readonly lesson: string;
  readonly title: string;
  readonly status: GradeStatus;
  readonly track: Track | null;
  readonly checks: readonly GradedCheck[];
  readonly rubric?: readonly RubricGrade[];
  readonly overrides?: readonly AppliedOverride[];
  readonly comments?: readonly Comment[];
  /** Null when unknown, or while a line of the rubric is empty. After the late policy and all decisions. */
  readonly points: number | null;
  /** Before the late policy; null when unknown. */
  readonly earned: number | null;
  readonly max: number;
  readonly late?: Lateness;
  /** The lesson does not count for this learner: `points` and `max` are 0. */
  readonly excused?: true;
  readonly notices: readonly string[];
  readonly program?: ProgramOutput;
  readonly seed: string;
  readonly isolation: Isolation;
  readonly bundle?: string;
  /** Of an unknown one: what is wrong with what was handed in. The reason is not on our side. */
  readonly unreadable?: string;
}

export interface LearnerGrade {
  readonly learner: Learner;
  /** Name of the folder or archive that counts; undefined when nothing came from this learner. */
  readonly submission?: string;
  /** When it was handed in, and who says so. */
  readonly handedIn?: { readonly at: string; readonly from: string };
  /** What else came from this learner and did not count: names. */
  readonly others?: readonly string[];
  /** One for each lesson of the class, in course order. */
  readonly lessons: readonly LessonGrade[];
  /** What a person wrote on the whole. */
  readonly comments?: readonly Comment[];
  /** Null when a lesson is unknown: a sum with a hole is no grade. */
  readonly points: number | null;
  readonly max: number;
}

/** A notice for the instructor alone: a suspicion is nothing to hand out. */
export const SAME_AS_SOLUTION = "the files are the course's own solution, letter for letter";

/** A whole class, ready to be exported. Learners are sorted by id. */
export interface ClassGrades {
  readonly schema: 'mqtt-course/class/1';
  readonly title: string;
  readonly course: string;
  readonly tests: string;
  readonly isolation: readonly Isolation[];
  readonly lessons: readonly {
    readonly id: string;
    readonly title: string;
    readonly max: number;
    readonly checks: readonly {
      readonly id: string;
      readonly title: string;
      readonly clauses: readonly string[];
      readonly max: number;
    }[];
  }[];
  readonly learners: readonly LearnerGrade[];
  /** On the roster, and nothing came. Ids. */
  readonly absent: readonly string[];
  /** Submissions that nobody on the roster stands for: names of folders or archives. */
  readonly unexpected: readonly string[];
  /** Submissions that could not be read at all, with the reason. */
  readonly unreadable: readonly { readonly submission: string; readonly reason: string }[];
}
