import type { Bundle } from '../checker/index.js';
import type { Style } from './render/style.js';
import { citedIn, type Found, type Scenario } from './trace-pick.js';

/** Columns of the window, also those that prose would leave free. */
function columns(style: Style): number {
  const window = process.stdout.isTTY ? process.stdout.columns : 0;
  return Math.max(style.width, Math.min(200, window || 0));
}

/** The sequence diagrams of some scenarios. */
export async function diagrams(
  scenarios: readonly Scenario[],
  bundle: Bundle,
  style: Style,
  unfolded: boolean,
): Promise<string[]> {
  const { drawDiagram } = await import('../wire/draw/diagram.js');
  return scenarios.flatMap(([name, { trace }], at) => {
    const lines = drawDiagram(trace, {
      width: columns(style),
      ascii: style.plain,
      cited: citedIn(bundle, name),
      fold: !unfolded,
    });
    return [...(at > 0 ? [''] : []), style.bold(name), ...lines.map(line => painted(line, style))];
  });
}

/** A row of a diagram in colour: its mark, its number, the names of packets, what a fault did. */
function painted(line: string, style: Style): string {
  if (!style.color) return line;
  return line
    .replace(/^▶/, mark => style.red(mark))
    .replace(/^((?:\S*)\s+)(#\d+)/, (_, before, number) => before + style.yellow(number))
    .replace(/\b(?:CONN|PUB|SUB|UNSUB|PING|DISCONN|AUTH)[A-Z]*\b/, name => style.cyan(name))
    .replace(/[✗⏸∅] (?:fault|lost|dropped|replaced|withheld|answered|absorbed)\b/, word =>
      style.red(word),
    );
}

/** Every byte of one packet. */
export async function explained({ name, trace, entry }: Found, style: Style): Promise<string[]> {
  const [{ explainPacket }, { explainTable }, { packetLine }, { packets }, { wrapKeeping }] =
    await Promise.all([
      import('../wire/draw/explain.js'),
      import('../wire/draw/explain-table.js'),
      import('../wire/words.js'),
      import('./render/code.js'),
      import('./render/layout.js'),
    ]);
  const options = { ascii: style.plain, width: style.width };
  const [head = '', ...rows] = explainTable(
    Buffer.from(entry.hex, 'hex'),
    explainPacket(trace, entry, options),
    options,
  );
  return [
    style.bold(name),
    ...wrapKeeping(packetLine(entry, { ascii: style.plain }), style.width).map(line =>
      packets(line, style),
    ),
    '',
    style.dim(head),
    ...rows,
  ];
}
