import type { Command } from 'commander';
import { UsageError } from '../../course/errors.js';
import { print, printJson, styleFor } from '../invocation.js';
import { findPacket, pick, pickOne, type Scenario } from '../trace/pick.js';
import type { ShownExchange } from '../trace/stored.js';

interface TraceFlags {
  readonly scenario?: string;
  readonly packet?: string;
  readonly explain?: string;
  readonly diagram?: boolean;
  readonly svg?: string | true;
  readonly mermaid?: boolean;
  readonly pcap?: string;
  readonly compare?: boolean;
  readonly show?: boolean;
  readonly run?: boolean;
  readonly from?: string;
  readonly unfolded?: boolean;
  readonly output?: boolean;
  readonly json?: boolean;
}

/** Options that each choose what is shown: one at a time. */
const WAYS = [
  'packet',
  'explain',
  'diagram',
  'svg',
  'mermaid',
  'pcap',
  'compare',
  'output',
  'json',
] as const;

/** `trace`: what crossed the wire in the last check of a lesson. */
export function registerTrace(program: Command): void {
  program
    .command('trace')
    .description('the packets of the last check: list, diagram, every byte')
    .argument('[lesson]', 'default the one you are at')
    .option('--scenario <name>', 'only this scenario (the beginning of its name will do)')
    .option('--diagram', 'as a sequence diagram')
    .option('--svg [file]', 'as a picture; - is standard output')
    .option('--mermaid', 'as text for Mermaid')
    .option('--pcap <file>', 'as a capture for Wireshark')
    .option('--compare', 'beside the exchange of the solution, once you have passed')
    .option('--show', 'with --compare: before a pass too; that is remembered')
    .option('--run', 'the last practice run, instead of the last check')
    .option('--from <file>', 'an exchange that is stored elsewhere')
    .option('--unfolded', 'in a diagram: packets that come again and again one by one')
    .option('--packet <n>', 'one packet with all its fields and bytes')
    .option('--explain <n>', 'every byte of a packet, with the clause of the standard')
    .option('--output', 'all that your program wrote')
    .option('--json', 'the traces as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx mqtt-course trace lesson-5 --diagram\n  npx mqtt-course trace lesson-5 --explain 4',
    )
    .action(async (named: string | undefined, given: TraceFlags, command: Command) => {
      const { name, options } = lessonOrFile(named, given);
      const ways = WAYS.filter(way => options[way] !== undefined);
      if (ways.length > 1) {
        throw new UsageError(`--${ways[0]} and --${ways[1]} do not go together; choose one.`);
      }
      if (options.unfolded && !options.diagram && !options.svg && !options.mermaid) {
        throw new UsageError(
          '--unfolded is about diagrams. Together: npx mqtt-course trace --diagram --unfolded',
        );
      }
      if (options.show && !options.compare) {
        throw new UsageError(
          '--show is about --compare. Together: npx mqtt-course trace --compare --show',
        );
      }
      if (options.run && options.from !== undefined) {
        throw new UsageError('--run and --from do not go together; choose one.');
      }
      const { storedExchange } = await import('../trace/stored.js');
      const stored = await storedExchange(name, options);
      const { id, bundle } = stored;
      const scenarios = pick(bundle, id, options.scenario);
      const scenario = pickOne(bundle, id, options.scenario);
      await show({ ...stored, scenarios, scenario, style: styleFor(command) }, options);
    });
}

/** `trace --svg 5`: commander takes the lesson for the file's name. */
function lessonOrFile(name: string | undefined, options: TraceFlags) {
  const { svg } = options;
  if (name !== undefined || typeof svg !== 'string' || svg === '-' || /[./\\]/.test(svg)) {
    return { name, options };
  }
  return { name: svg, options: { ...options, svg: true as const } };
}

async function show(shown: ShownExchange, options: TraceFlags): Promise<void> {
  const { id, bundle, scenarios, style } = shown;
  if (options.json) {
    return printJson(Object.fromEntries(scenarios.map(([key, one]) => [key, one.trace])));
  }
  const [{ page }, list, draw] = await Promise.all([
    import('../terminal/pager.js'),
    import('../trace/list.js'),
    import('../trace/draw.js'),
  ]);
  const fold = options.unfolded !== true;
  if (options.output) return page(() => list.allOutput(scenarios, style));
  // A diagram says by place who sends what to whom; the list says it in words.
  if (options.diagram && !style.plain) {
    return page(() => draw.diagrams(scenarios, bundle, style, fold));
  }
  if (options.compare)
    return (await import('../trace/compare.js')).compareWithSolution(shown, options.show ?? false);
  if (options.svg !== undefined) return print(await draw.picture(shown, options.svg, fold));
  if (options.mermaid) return print(await draw.mermaid(shown, fold));
  if (options.pcap !== undefined) return print(await draw.capture(shown, options.pcap));
  const wanted = options.explain ?? options.packet;
  if (wanted === undefined) return page(() => list.allPackets(scenarios, bundle, style));
  const found = findPacket(scenarios, wanted, bundle);
  if (!found) {
    throw new UsageError(
      `there is no packet ${wanted} in this trace${range(scenarios)}. All of them: npx mqtt-course trace ${id}`,
    );
  }
  return print(
    options.explain === undefined
      ? await list.onePacket(found, style)
      : await draw.explained(found, style),
  );
}

/** `; it has #1 to #14`, where there is one trace to speak of. */
function range(scenarios: readonly Scenario[]): string {
  const [only, ...more] = scenarios;
  if (!only || more.length > 0) return '';
  const numbers = only[1].trace.entries.flatMap(one => (one.kind === 'packet' ? [one.n] : []));
  return numbers.length === 0 ? '; it has none' : `; it has #${numbers[0]} to #${numbers.at(-1)}`;
}
