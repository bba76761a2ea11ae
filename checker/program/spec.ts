import type { Track } from '../result.js';

/** How to start a learner's program: everything that is known before a scenario adds its environment. */
export interface ProgramSpec {
  /** Unique in one run of the checker: `learner`, `mutant/typescript/literal-address`. */
  readonly id: string;
  readonly lesson: string;
  readonly track: Track | 'command';
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to the environment of every start. */
  readonly env: Readonly<Record<string, string>>;
  /** The learner's source text: a hint for messages, never a reason for a verdict. */
  readonly source: string;
  readonly seed: string;
}

/** What the learner can be told in one line when no program can be made: it is not a verdict. */
export class ProgramUnavailable extends Error {
  constructor(
    message: string,
    /** `work`: the learner's file is the reason; `machine`: something is not installed. */
    readonly reason: 'work' | 'machine',
    /** Of a syntax error: the four parts. */
    readonly place?: { readonly file: string; readonly line: number; readonly excerpt: string },
  ) {
    super(message);
    this.name = 'ProgramUnavailable';
  }
}
