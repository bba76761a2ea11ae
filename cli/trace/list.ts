import type { Bundle } from '../../checker/index.js';
import type { Style } from '../render/style.js';
import { citedIn, type FoundPacket, type Scenario } from './pick.js';

/** The packets as a numbered list. */
export async function allPackets(
  scenarios: readonly Scenario[],
  bundle: Bundle,
  style: Style,
): Promise<string[]> {
  const [{ traceLines }, { packets }, { wrapKeeping }] = await Promise.all([
    import('../../wire/describe.js'),
    import('../render/code.js'),
    import('../render/layout.js'),
  ]);
  const { result } = bundle;
  const command = `npx mqtt-course trace ${Number.parseInt(result.lesson, 10)}`;
  // A pipe or a file gets each entry on one line.
  const fitted = (line: string) =>
    process.stdout.isTTY ? wrapKeeping(line, style.width - 8) : [line];
  const dot = style.plain ? ', ' : ' · ';
  const facts = [
    result.lesson,
    result.checks.length === 0 && result.notice ? result.notice : `last check: ${result.status}`,
    `seed ${result.seed}`,
    `${result.broker} broker`,
  ];
  return [
    style.dim(facts.join(dot)),
    ...scenarios.flatMap(([name, { trace }]) => {
      const cited = citedIn(bundle, name);
      const lines = traceLines(trace, { ascii: style.plain });
      const numbers = trace.entries.map(entry => (entry.kind === 'packet' ? entry.n : 0));
      return [
        '',
        style.bold(name),
        ...lines.flatMap((line, index) => {
          const by = cited.get(numbers[index] ?? 0);
          const mark = by ? style.red(style.plain ? '> ' : '▶ ') : '  ';
          const words = by && style.plain ? `  (cited by ${by.join(', ')})` : '';
          const [first = '', ...more] = fitted(`${line}${words}`);
          return [`${mark}${packets(first, style)}`, ...more.map(part => `        ${part.trim()}`)];
        }),
      ];
    }),
    '',
    ...(style.plain ? [] : [`Drawn: ${command} --diagram`]),
    `Every byte of one packet: ${command} --explain 1`,
  ];
}

/** One packet with its fields and bytes. */
export async function onePacket({ name, entry }: FoundPacket, style: Style): Promise<string[]> {
  const [{ packetLine }, { packets }, { printable, wrapKeeping }] = await Promise.all([
    import('../../wire/describe.js'),
    import('../render/code.js'),
    import('../render/layout.js'),
  ]);
  const fields = printable(JSON.stringify(entry.packet, null, 2)).text.split('\n');
  return [
    style.bold(name),
    ...wrapKeeping(packetLine(entry, { ascii: style.plain }), style.width).map(line =>
      packets(line, style),
    ),
    '',
    ...fields.slice(1, -1),
    '',
    ...hexDump(entry.hex, style),
  ];
}

/** Bytes as hexadecimal and ASCII, 16 a line; 8 where the window is narrow. */
export function hexDump(hex: string, style: Style): string[] {
  const bytes = Buffer.from(hex, 'hex');
  const perLine = style.width >= 74 ? 16 : 8;
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += perLine) {
    const part = [...bytes.subarray(at, at + perLine)];
    const codes = part.map(byte => byte.toString(16).padStart(2, '0')).join(' ');
    const text = part
      .map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join('');
    lines.push(
      `${style.dim(at.toString(16).padStart(4, '0'))}  ${codes.padEnd(perLine * 3)} ${text}`,
    );
  }
  return lines;
}

/** All that the programs wrote. */
export async function allOutput(scenarios: readonly Scenario[], style: Style): Promise<string[]> {
  const { printable } = await import('../render/layout.js');
  return scenarios.flatMap(([name, { programs }]) =>
    programs.flatMap(program =>
      (['stdout', 'stderr'] as const).flatMap(stream => {
        const { text, escaped } = printable(program[stream].replace(/\n$/, ''));
        if (text === '') return [];
        const more = program[`${stream}Bytes`] - Buffer.byteLength(program[stream]);
        return [
          style.bold(`${name}, ${program.name}, ${stream}`),
          ...(escaped > 0 ? [style.dim(`(${escaped} control characters shown as escapes)`)] : []),
          ...text.split('\n'),
          ...(more > 0 ? [style.dim(`(${more} more bytes were not kept)`)] : []),
          '',
        ];
      }),
    ),
  );
}
