import type { CheckResult, LauncherRef, Track } from '../../checker/index.js';

/** One submission and lesson, as a worker gets it. */
export interface Job {
  readonly lesson: string;
  readonly track: Track;
  /** Holds the files that count, and nothing else. */
  readonly folder: string;
  /** Path of the program in it. */
  readonly entry: string;
  readonly seed: string;
  /** The lesson mostly waits for timers of the protocol: two of these take the room of one other. */
  readonly waits: boolean;
  /** After so long the worker ends it by itself. */
  readonly wallSeconds: number;
}

/** A job with how its programs are started. */
export interface LaunchedJob extends Job {
  readonly launcher: LauncherRef;
}

/** What a worker says of a job. */
export type WorkerReply =
  | {
      readonly type: 'judged';
      readonly result: Pick<CheckResult, 'status' | 'checks' | 'program' | 'notice'>;
      /** The replay bundle as gzipped JSON. */
      readonly bundle: Uint8Array;
      readonly rssMiB: number;
    }
  | { readonly type: 'stopped'; readonly rssMiB: number }
  | { readonly type: 'broken'; readonly reason: string; readonly rssMiB: number };

/** What came of a job. */
export type Outcome =
  | (Extract<WorkerReply, { type: 'judged' }> & {
      /** Limits that the program ran into, in words. */
      readonly limitHits: readonly string[];
    })
  | {
      /** Nothing was judged: the worker died, hung, grew, or ran out of time. */
      readonly type: 'lost';
      readonly reason: string;
      readonly limitHits: readonly string[];
    };

/** Runs jobs, several at once. */
export interface JobRunner {
  /**
   * Waits for a free worker, then begins if `begin` still wants it. Never throws for what a program or
   * a worker does.
   * @returns undefined when it was not begun
   */
  run(job: Job, begin: () => boolean): Promise<Outcome | undefined>;
  /** Ends the workers, with everything that they started. */
  close(): Promise<void>;
}

/** A job for a process that judges many at once. */
export interface EngineOrder {
  readonly id: number;
  readonly job: LaunchedJob;
}

/** What such a process says. */
export type EngineWord =
  | { readonly type: 'done'; readonly id: number; readonly reply: WorkerReply }
  | {
      readonly type: 'load';
      /** Scenarios that are played now. */
      readonly playing: number;
      /** Scenarios that wait for their turn. */
      readonly waiting: number;
      /** Jobs of which nothing is played yet, or nothing more: they are compiled, or written down. */
      readonly preparing: number;
      /** By how much its thread is late. */
      readonly lateMs: number;
      readonly rssMiB: number;
    };
