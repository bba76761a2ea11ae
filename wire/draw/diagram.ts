/** The sequence diagram for a terminal: lifelines side by side, one row for each packet. */
import type { Trace } from '../trace.js';
import { wrapped } from './canvas.js';
import { type DiagramOptions, headOf, planOf } from './diagram-plan.js';
import { rowLines } from './diagram-rows.js';
import { folded, sceneOf } from './scene.js';

export type { DiagramOptions } from './diagram-plan.js';

/**
 * The exchange as a sequence diagram in characters: a lifeline for each program, for the broker, and
 * for each of the checker's clients; a row for each packet. No line is wider than `width`.
 */
export function drawDiagram(trace: Trace, options: DiagramOptions = {}): string[] {
  const scene = sceneOf(trace, options.cited);
  const rows = options.fold === false ? scene.rows : folded(scene.rows);
  if (rows.length === 0) return ['nothing was recorded'];
  const plan = planOf(scene, rows, options);
  const head = headOf(plan, options);
  const body = rows.flatMap(row => rowLines(plan, row, options));
  const cited = scene.rows.flatMap(row =>
    row.kind === 'packet' && row.cited.length > 0
      ? [`#${row.entry.n} (${row.cited.join(', ')})`]
      : [],
  );
  const mark = options.ascii ? '>' : '▶';
  const legend =
    cited.length > 0
      ? wrapped(`${mark} cited by a failed check: ${cited.join(', ')}`, plan.width, 6, '...')
      : [];
  return [...head, ...body, ...(body.length > 40 ? head : []), ...legend];
}
