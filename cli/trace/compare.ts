import { UsageError } from '../../course/errors.js';
import { tell } from '../invocation.js';
import { wrap } from '../render/layout.js';
import type { ShownExchange } from './stored.js';

/**
 * `trace --compare`: runs the reference solution in the same scenario, and shows both exchanges.
 * The packets of a solution tell as much as its text: before a pass only with `show`, which is
 * remembered as with `solution`.
 */
export async function compareWithSolution(shown: ShownExchange, show: boolean): Promise<void> {
  const { id, bundle, scenario, style, opened } = shown;
  const [name, { trace }] = scenario;
  const { result } = bundle;
  const [{ solutionExchange }, { drawComparison }, { page }] = await Promise.all([
    import('../../checker/replay/index.js'),
    import('../../wire/draw/compare.js'),
    import('../terminal/pager.js'),
  ]);
  if (bundle.result.checks.length === 0) {
    throw new UsageError(
      `a practice run is not compared: the solution can only repeat a check. Compare the last one: npx mqtt-course trace ${id} --compare`,
    );
  }
  await allowed(shown, show);
  if (process.stderr.isTTY) tell([style.dim(`running the solution of ${id}: "${name}" …`)]);
  const found = await solutionExchange({
    lesson: id,
    scenario: name,
    seed: result.seed,
    track: result.track,
    broker: result.broker,
    ...(opened ? { workspace: opened.workspace.folder } : {}),
  });
  if ('unknown' in found) {
    tell(wrap(`The solution cannot be run to compare with it: ${found.unknown}`, style.width));
    process.exitCode = 3;
    return;
  }
  const facts = [id, `seed ${result.seed}`, `solution in ${found.track}`];
  const lines = () =>
    drawComparison(trace, found.trace, { width: style.width, ascii: style.plain }).lines;
  await page(async () => [
    style.dim(facts.join(style.plain ? ', ' : ' · ')),
    style.bold(name),
    ...lines().map(line =>
      /^[▶>] /.test(line) ? style.red(line) : /^ {2}same/.test(line) ? style.dim(line) : line,
    ),
  ]);
}

/** @throws UsageError before a pass, without `show` */
async function allowed({ id, bundle, opened }: ShownExchange, show: boolean): Promise<void> {
  const course = await import('../../course/index.js');
  if (bundle.result.status === 'passed') return;
  if (opened && course.bestStatus(opened.state, id) === 'passed') return;
  if (!show) {
    throw new UsageError(
      `${id} is not passed yet, and the packets of the solution would give it away. A hint: npx mqtt-course hint ${id}\nThe comparison all the same (that is remembered): npx mqtt-course trace ${id} --compare --show`,
    );
  }
  if (!opened) return;
  const { track } = bundle.result;
  course.recordSolution(opened.workspace, id, track === 'command' ? 'typescript' : track);
  tell(['Shown before a pass; that is remembered in your progress.']);
}
