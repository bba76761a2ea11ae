import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Bundle } from '../../checker/index.js';
import { UsageError } from '../../course/errors.js';
import { errorText } from '../../wire/error-text.js';
import { currentFolder } from '../invocation.js';
import type { Style } from '../render/style.js';
import { citedIn, type FoundPacket, type Scenario } from './pick.js';
import type { ShownExchange } from './stored.js';

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
  fold: boolean,
): Promise<string[]> {
  const [{ drawDiagram }, { painted }] = await Promise.all([
    import('../../wire/draw/diagram.js'),
    import('../render/exchange.js'),
  ]);
  return scenarios.flatMap(([name, { trace }], at) => {
    const lines = drawDiagram(trace, {
      width: columns(style),
      cited: citedIn(bundle, name),
      fold,
    });
    return [...(at > 0 ? [''] : []), style.bold(name), ...lines.map(line => painted(line, style))];
  });
}

/** Every byte of one packet, under the name of its scenario. */
export async function explained(
  { name, trace, entry }: FoundPacket,
  style: Style,
): Promise<string[]> {
  const { everyByte } = await import('../render/exchange.js');
  return [style.bold(name), ...everyByte(trace, entry, style)];
}

/** Writes a file where the person is. @throws UsageError when it cannot be written there */
function write(file: string, content: string | Uint8Array): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch (error) {
    const why = errorText(error);
    throw new UsageError(`${file} cannot be written: ${why}`);
  }
}

/** Where a file went and what is in it; the scenarios that are not, and how to get them. */
function written(file: string, { id, bundle, scenario }: ShownExchange, option: string): string[] {
  const shown = relative(currentFolder(), file);
  const others = Object.keys(bundle.recordings).filter(name => name !== scenario[0]);
  const names = others.map(name => `"${name}"`).join(', ');
  const lines = [
    `wrote ${shown.startsWith('..') ? file : shown}: ${id}, scenario "${scenario[0]}"`,
  ];
  if (others.length === 0) return lines;
  return [
    ...lines,
    `others: ${names}`,
    `one of them: npx mqtt-course trace ${id} ${option} --scenario NAME`,
  ];
}

/** The exchange as an SVG file; `true`: beside the trace; `-`: to standard output. */
export async function picture(
  shown: ShownExchange,
  wanted: string | true,
  fold: boolean,
): Promise<string[]> {
  const { drawSvg } = await import('../../wire/draw/svg.js');
  const { id, bundle, scenario, beside } = shown;
  const [name, { trace }] = scenario;
  const svg = drawSvg(trace, { title: `${id}: ${name}`, cited: citedIn(bundle, name), fold });
  if (wanted === '-') return [svg.trimEnd()];
  const file = wanted === true ? `${beside}.svg` : resolve(currentFolder(), wanted);
  write(file, svg);
  return written(file, shown, wanted === true ? '--svg' : `--svg ${wanted}`);
}

/** The exchange as text for Mermaid. */
export async function mermaid(
  { bundle, scenario: [name, { trace }] }: ShownExchange,
  fold: boolean,
): Promise<string[]> {
  const { drawMermaid } = await import('../../wire/draw/mermaid.js');
  return [drawMermaid(trace, { cited: citedIn(bundle, name), fold }).trimEnd()];
}

/** The exchange as a capture for Wireshark. */
export async function capture(shown: ShownExchange, wanted: string): Promise<string[]> {
  const { drawPcap, PCAP_CHOICE } = await import('../../wire/draw/pcap.js');
  const file = resolve(currentFolder(), wanted);
  write(file, drawPcap(shown.scenario[1].trace));
  const { wrap } = await import('../render/layout.js');
  return [...written(file, shown, `--pcap ${wanted}`), ...wrap(PCAP_CHOICE, shown.style.width)];
}
