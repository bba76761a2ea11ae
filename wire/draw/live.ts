/** The sequence diagram of an exchange that goes on: only the rows in view are drawn. */
import type { TraceEntry } from '../trace.js';
import { type DiagramOptions, headOf, planOf } from './diagram-plan.js';
import { rowLines } from './diagram-rows.js';
import { type Lifelines, sceneOf } from './scene.js';

export interface LiveOptions extends DiagramOptions {
  /** Lifelines that are there from the beginning, so that the drawing keeps its place. */
  readonly lifelines?: Lifelines;
  /** The first entry shown; connections opened before it are still open. Default 0. */
  readonly from?: number;
}

export interface LiveDiagram {
  /** The names above the lifelines; may take some lines. */
  readonly head: readonly string[];
  readonly rows: number;
  /** The lines of the rows from `from` up to, not including, `to`. A row may take some lines. */
  lines(from: number, to: number): string[];
}

/** The exchange as it is now, unfolded. Cheap to make again whenever an entry has come. */
export function liveDiagram(entries: readonly TraceEntry[], options: LiveOptions): LiveDiagram {
  const from = options.from ?? 0;
  const { rows, ...lifelines } = sceneOf(
    { entries: entries.slice(from) },
    options.cited,
    options.lifelines,
  );
  const plan = planOf({ ...lifelines, rows }, rows, options);
  const before = openAt(entries, from);
  return {
    head: headOf(plan, options),
    rows: rows.length,
    lines(first, end) {
      plan.connected.clear();
      for (const [who, open] of before) plan.connected.set(who, new Set(open));
      // Lifelines are whole where something is connected: the rows above the view say where.
      for (const row of rows.slice(0, first)) {
        if (row.kind === 'connection') rowLines(plan, row, options);
      }
      return rows.slice(first, end).flatMap(row => rowLines(plan, row, options));
    },
  };
}

/** Connections that are open before the entry at `end`, by whose they are. */
function openAt(entries: readonly TraceEntry[], end: number): Map<string, Set<number>> {
  const open = new Map<string, Set<number>>();
  for (const entry of entries.slice(0, end)) {
    if (entry.kind !== 'connection') continue;
    const own = open.get(entry.who) ?? new Set<number>();
    open.set(entry.who, own);
    if (entry.event === 'opened') own.add(entry.connection);
    else own.delete(entry.connection);
  }
  return open;
}
