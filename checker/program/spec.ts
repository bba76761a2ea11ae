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
  /** Starts it in another way than as a plain child process: in a sandbox. */
  readonly launcher?: LauncherRef;
}

/** A module that changes how programs are started. Plain JSON, so that it crosses threads. */
export interface LauncherRef {
  /** File URL of a module that exports `launch: Launch`. */
  readonly module: string;
  readonly options: unknown;
}

/** How one start of a program is really made. */
export interface Launched {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the command. */
  readonly env: Readonly<Record<string, string>>;
  /** Called once when the command has ended: removes what was made for it. */
  dispose(): void | Promise<void>;
}

export interface LaunchRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** What the program itself shall see. */
  readonly env: Readonly<Record<string, string>>;
}

export type Launch = (request: LaunchRequest, options: unknown) => Launched | Promise<Launched>;

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
