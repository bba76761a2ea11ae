/** A program that was started, from when to when, in milliseconds. */
export interface Known {
  readonly pid: number;
  readonly from: number;
  /** Absent while it runs. */
  readonly until?: number;
}

/** A process in the system's list. */
export interface Listed {
  readonly pid: number;
  readonly parent: number;
  /** When it was started, in milliseconds. */
  readonly created: number;
}

export function leftBehind(programs: readonly Known[], processes: readonly Listed[]): number[];
export function parseProcesses(text: string): Listed[];
