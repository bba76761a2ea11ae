import type { Command } from 'commander';
import type { Bundle } from '../checker/index.js';
import { UsageError } from '../course/errors.js';
import type { Trace } from '../wire/trace.js';
import { print, printJson, styleFor } from './invocation.js';
import type { Style } from './render/style.js';

interface TraceOptions {
  readonly scenario?: string;
  readonly packet?: string;
  readonly output?: boolean;
  readonly json?: boolean;
}

/** `trace`: what crossed the wire in the last check of a lesson. */
export function registerTrace(program: Command): void {
  program
    .command('trace')
    .description('the packets of the last check, numbered')
    .argument('[lesson]', 'default the one you are at')
    .option('--scenario <name>', 'only this scenario (the beginning of its name will do)')
    .option('--packet <n>', 'one packet with all its fields and bytes')
    .option('--output', 'all that your program wrote')
    .option('--json', 'the traces as JSON')
    .addHelpText('after', '\nExample:\n  npx mqtt-course trace lesson-5 --packet 4')
    .action(async (name: string | undefined, options: TraceOptions, command: Command) => {
      const [{ chosenLesson, lookHere }, course, { currentFolder }] = await Promise.all([
        import('./place.js'),
        import('../course/index.js'),
        import('./invocation.js'),
      ]);
      const opened = lookHere();
      const workspace = opened?.workspace ?? course.requireWorkspace(currentFolder());
      const { id } = chosenLesson(name, opened);
      const bundle = course.readBundle(workspace, id) as Bundle | undefined;
      if (!bundle || typeof bundle.recordings !== 'object' || bundle.recordings === null) {
        throw new UsageError(
          `there is no trace of ${id} yet. Make one: npx mqtt-course check ${id}`,
        );
      }
      const scenarios = pick(bundle, id, options.scenario);
      const style = styleFor(command);
      if (options.json) {
        return printJson(Object.fromEntries(scenarios.map(([key, one]) => [key, one.trace])));
      }
      const { page } = await import('./pager.js');
      if (options.output) return page(await allOutput(scenarios, style));
      if (options.packet !== undefined) {
        const lines = await onePacket(scenarios, options.packet, bundle, style);
        if (lines) return print(lines);
        throw new UsageError(
          `there is no packet ${options.packet} in this trace. All of them: npx mqtt-course trace ${id}`,
        );
      }
      return page(await allPackets(scenarios, bundle, style));
    });
}

type Scenario = readonly [name: string, recording: Bundle['recordings'][string]];

function pick(bundle: Bundle, lesson: string, wanted: string | undefined): Scenario[] {
  const all = Object.entries(bundle.recordings);
  if (all.length === 0) {
    throw new UsageError(
      `the last check of ${lesson} recorded no packets. Check again: npx mqtt-course check ${lesson}`,
    );
  }
  if (wanted === undefined) return all;
  const exact = all.filter(([name]) => name === wanted);
  const found = exact.length > 0 ? exact : all.filter(([name]) => name.startsWith(wanted));
  if (found.length > 0) return found;
  const names = all.map(([name]) => `"${name}"`).join(', ');
  throw new UsageError(
    `there is no scenario "${wanted}" in the last check of ${lesson}; it has ${names}.`,
  );
}

async function allPackets(
  scenarios: readonly Scenario[],
  bundle: Bundle,
  style: Style,
): Promise<string[]> {
  const [{ traceLines }, { packets }, { wrapKeeping }] = await Promise.all([
    import('../wire/words.js'),
    import('./render/code.js'),
    import('./render/layout.js'),
  ]);
  const { result } = bundle;
  // A pipe or a file gets each entry on one line.
  const fitted = (line: string) =>
    process.stdout.isTTY ? wrapKeeping(line, style.width - 8) : [line];
  const dot = style.plain ? ', ' : ' · ';
  const facts = [
    result.lesson,
    `last check: ${result.status}`,
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
          const mark = cited.has(numbers[index] ?? 0) ? style.red(style.plain ? '> ' : '▶ ') : '  ';
          const [first = '', ...more] = fitted(line);
          return [`${mark}${packets(first, style)}`, ...more.map(part => `        ${part.trim()}`)];
        }),
      ];
    }),
    '',
    `One packet with its bytes: npx mqtt-course trace ${Number.parseInt(result.lesson, 10)} --packet 1`,
  ];
}

/** Numbers of the packets that a failed verdict of this scenario cites. */
function citedIn(bundle: Bundle, scenario: string): Set<number> {
  const failed = bundle.result.checks.filter(
    one => one.status === 'failed' && one.scenario === scenario,
  );
  return new Set(failed.flatMap(one => one.packets));
}

async function onePacket(
  scenarios: readonly Scenario[],
  wanted: string,
  bundle: Bundle,
  style: Style,
): Promise<string[] | undefined> {
  const [{ packetLine }, { packets }, { printable, wrapKeeping }] = await Promise.all([
    import('../wire/words.js'),
    import('./render/code.js'),
    import('./render/layout.js'),
  ]);
  const number = Number(wanted.replace(/^#/, ''));
  const failed = bundle.result.checks.find(one => one.status === 'failed')?.scenario;
  const order = [...scenarios].sort((a, b) => Number(b[0] === failed) - Number(a[0] === failed));
  for (const [name, { trace }] of order) {
    const entry = find(trace, number);
    if (!entry) continue;
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
  return undefined;
}

function find(trace: Trace, number: number) {
  return trace.entries.find(entry => entry.kind === 'packet' && entry.n === number) as
    | Extract<Trace['entries'][number], { kind: 'packet' }>
    | undefined;
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

async function allOutput(scenarios: readonly Scenario[], style: Style): Promise<string[]> {
  const { printable } = await import('./render/layout.js');
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
