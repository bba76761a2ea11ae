import type { Journal } from './instance.js';
import type { LogEntry } from './types.js';

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
