import type { LogEntry, LogLevel } from './types.js';

/** Where lines of the log go. */
export interface Journal {
  /** True when anybody listens to lines of that level: a line is not composed for nobody. */
  readonly logs: (level: LogLevel) => boolean;
  readonly log: (level: LogLevel, text: string) => void;
}

export interface LogBook extends Journal {
  /** Calls back for each line from now on; returns how to end that. */
  listen(listener: (entry: LogEntry) => void): () => void;
}

/** The broker's log: lines go to whoever listens; with nobody there, none is composed. */
export function journal(first?: (entry: LogEntry) => void): LogBook {
  const listeners = new Set<(entry: LogEntry) => void>();
  if (first !== undefined) listeners.add(first);
  return {
    logs: () => listeners.size > 0,
    log(level, text) {
      const entry = { time: Date.now(), level, text };
      for (const listener of listeners) listener(entry);
    },
    listen(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
