import { dirname } from 'node:path';
import { tell } from './invocation.js';
import { wrap } from './render/layout.js';
import type { Shown } from './trace.js';

/** `trace --compare`: runs the reference solution in the same scenario, and shows both exchanges. */
export async function compareWithSolution(shown: Shown): Promise<void> {
  const { id, bundle, scenario, style, meta } = shown;
  const [name, { trace }] = scenario;
  const { result } = bundle;
  const [{ solutionExchange }, { drawComparison }, { page }] = await Promise.all([
    import('../checker/compare.js'),
    import('../wire/draw/compare.js'),
    import('./pager.js'),
  ]);
  if (process.stderr.isTTY) tell([style.dim(`running the solution of ${id}: "${name}" …`)]);
  const found = await solutionExchange({
    lesson: id,
    scenario: name,
    seed: result.seed,
    track: result.track,
    broker: result.broker,
    workspace: dirname(meta),
  });
  if ('unknown' in found) {
    tell(wrap(`The solution cannot be run to compare with it: ${found.unknown}`, style.width));
    process.exitCode = 3;
    return;
  }
  const { lines } = drawComparison(trace, found.trace, {
    width: style.width,
    ascii: style.plain,
  });
  const facts = [id, `seed ${result.seed}`, `solution in ${found.track}`];
  await page([
    style.dim(facts.join(style.plain ? ', ' : ' · ')),
    style.bold(name),
    ...lines.map(line =>
      /^[▶>] /.test(line) ? style.red(line) : /^ {2}same/.test(line) ? style.dim(line) : line,
    ),
  ]);
}
