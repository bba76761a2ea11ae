import type { ContractMap } from '../../checker/index.js';
import type { Contract } from '../../course/index.js';
import { contractMarkdown } from '../../course/index.js';
import { hang } from './layout.js';
import { renderInline, renderMarkdown } from './markdown.js';
import type { Style } from './style.js';

/** A contract sentence by sentence: what judges it, and the wrong programs that break it alone. */
export function renderContractMap({ lesson, rows, problems }: ContractMap, style: Style): string[] {
  const edge = ' '.repeat(5);
  return [
    style.bold(lesson === 'common' ? 'every lesson' : lesson),
    ...rows.flatMap(({ sentence, checks, mutants }) => [
      '',
      ...hang(sentence.id.padEnd(5), edge, renderInline(sentence.text, style), style.width),
      ...hang(edge, edge, style.dim(`judged by ${named(checks.map(one => one.id))}`), style.width),
      ...(lesson === 'common'
        ? []
        : hang(edge, edge, style.dim(`broken alone by ${named(mutants)}`), style.width)),
    ]),
    ...(problems.length > 0
      ? ['', ...problems.flatMap(one => hang('! ', '  ', one, style.width))]
      : []),
  ];
}

const named = (names: readonly string[]) => names.join(', ') || 'nothing';

/**
 * The whole contract of a lesson, for a program without the kit: what it is given, the stop, the
 * exit codes, and what the lesson demands.
 */
export function renderContract(
  title: string,
  common: Contract,
  lesson: Contract,
  style: Style,
): string[] {
  const text = [
    `# ${title}: the contract`,
    contractMarkdown(lesson),
    '## In every lesson',
    contractMarkdown(common),
  ].join('\n\n');
  return renderMarkdown(text, style);
}
