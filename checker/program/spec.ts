import type { BoundSocket } from '../../wire/index.js';
import type { Track } from '../harness/result.js';

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
  /** Of a known mistake: once it was told, and nothing that stands before it is open, no more is played. */
  readonly until?: KnownMistake;
}

/** What a wrong program is known for. */
export interface KnownMistake {
  /** The mistake that a failing verdict names. */
  readonly mistake: string;
  /** The verdicts that fail, and no others. */
  readonly fails: readonly string[];
}

/** A module that changes how programs are started. Plain JSON, so that it crosses threads. */
export interface LauncherRef {
  /** File URL of a module that exports `openLauncher: OpenLauncher`. */
  readonly module: string;
  readonly options: unknown;
  /** What protects the broker, the tap and the checks from the program. */
  readonly guards?: Guards;
}

/** Caps on what one program may do to the checker in one scenario. */
export interface Guards {
  /** Connections over its life. */
  readonly connections: number;
  /** Bytes of one packet, finished or not. */
  readonly packetBytes: number;
  /** Packets over its life. */
  readonly packets: number;
  /** Bytes over its life. */
  readonly bytes: number;
  /** Bytes of retained messages, topics included. */
  readonly retainedBytes: number;
  readonly retainedMessages: number;
  /** Topic filters over its life. */
  readonly topicFilters: number;
  /** Levels of a topic. */
  readonly topicLevels: number;
  /** Messages sent to it over its life. */
  readonly deliveries: number;
  /** Messages that wait at the broker for one client. */
  readonly queuedMessages: number;
  /** Mixed into the client identifiers of the checker's own peers, so that nobody can guess them. */
  readonly salt: string;
}

/** Starts the programs of one scenario in another way than as plain child processes. */
export interface Launcher {
  launch(request: LaunchRequest): Launched;
  /**
   * Binds a socket which the programs reach at 127.0.0.1 (port 0: a free one) as soon as it listens.
   * Absent when programs share the machine's loopback.
   */
  bind?(port: number): Promise<BoundSocket>;
  /** The system's table of the TCP sockets of the programs. */
  readonly socketTable?: string;
  close(): Promise<void>;
}

/** What a launcher's module exports. `onLimit` is told, in words, what a program ran into. */
export type OpenLauncher = (
  options: unknown,
  onLimit: (program: string, text: string) => void,
) => Promise<Launcher>;

export interface LaunchRequest {
  /** The program's name in the trace. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** What the program itself shall see. */
  readonly env: Readonly<Record<string, string>>;
  /** It is no program but the compiler, before a program: it needs to see its own files. */
  readonly build?: true;
}

/** How one start of a program is really made. */
export interface Launched {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the command. */
  readonly env: Readonly<Record<string, string>>;
  /** Output after which the program is ended, bytes. */
  readonly outputBytes: number;
  /** Nothing that it starts can leave its tree of processes, or outlive it: the kernel sees to that. */
  readonly contained?: boolean;
  /** The command runs. */
  started(pid: number): void;
  /** Too much output came: ends it. */
  flooded(): void;
  /** Ends the program at once, before any command around it: none of them may tell it the end first. */
  kill(pid: number): void;
  /** Which process is the program itself; undefined while there are only commands around it. */
  programPid(pid: number): number | undefined;
  /**
   * How the program itself ended, when this is how the command did, and `status` what it wrote to
   * file descriptor 3. Removes what was made for it.
   */
  ended(code: number | null, signal: string | undefined, status: string): Ending;
}

export interface Ending {
  readonly exitCode: number | null;
  readonly signal?: string;
  /** The program was never reached: not its fault. */
  readonly startError?: string;
}

/** The words of a verdict on a file that is no program. */
export interface UnreadableWords {
  readonly mistake: string;
  readonly expected: string;
  readonly why: string;
  readonly try: string;
}

/** What the learner can be told in one line when no program can be made: it is not a verdict. */
export class ProgramUnavailable extends Error {
  constructor(
    message: string,
    /** `work`: the learner's file is the reason; `machine`: something is not installed. */
    readonly reason: 'work' | 'machine',
    /** Of a syntax error: the four parts. */
    readonly place?: { readonly file: string; readonly line: number; readonly excerpt: string },
    /** What the verdict says, where the file is no program for another reason than its syntax. */
    readonly words?: UnreadableWords,
  ) {
    super(message);
    this.name = 'ProgramUnavailable';
  }
}
