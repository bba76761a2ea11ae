/** Two exchanges side by side, with the first difference marked. */

import { assertNever } from '../assert-never.js';
import { fitted } from '../describe.js';
import { type SafeOptions, safeText } from '../safe.js';
import type { PacketEntry, Trace } from '../trace.js';
import { type AlignedPair, alignTraces } from './align.js';
import { columnsOf, wrapped } from './canvas.js';
import { shortLabel } from './label.js';

export interface CompareOptions extends SafeOptions {
  /** Columns; default 80, at least 60. */
  readonly width?: number;
  /** What the two are called; default `yours` and `the solution`. */
  readonly names?: readonly [mine: string, theirs: string];
}

export interface Comparison {
  readonly lines: readonly string[];
  /** How many packets differ, are extra, or are missing. */
  readonly different: number;
}

const WORDS = { same: 'same', differs: 'differs', extra: 'extra', missing: 'missing' } as const;
const STATE = 10;
/** Of a run of equal packets so many stay at each end. */
const KEPT = 3;

function side(entry: PacketEntry | undefined, columns: number, options: SafeOptions): string {
  if (!entry) return '';
  const arrow =
    entry.direction === 'to-broker' ? (options.ascii ? '->' : '→') : options.ascii ? '<-' : '←';
  const head = `#${entry.n} ${arrow} `;
  const fate = entry.fate === 'forwarded' ? '' : ` (${entry.fate})`;
  const room = columns - columnsOf(head) - fate.length;
  return `${head}${shortLabel(entry.packet, room, options)}${fate}`;
}

const mineOf = (pair: AlignedPair) => (pair.state === 'missing' ? undefined : pair.mine);
const theirsOf = (pair: AlignedPair) => (pair.state === 'extra' ? undefined : pair.theirs);

/** A difference in a sentence. */
function sentence(
  pair: AlignedPair,
  names: readonly [string, string],
  options: SafeOptions,
): string {
  const label = (entry: PacketEntry) => `#${entry.n} ${shortLabel(entry.packet, 60, options)}`;
  switch (pair.state) {
    case 'extra':
      return `only ${names[0]} has ${label(pair.mine)}`;
    case 'missing':
      return `only ${names[1]} has ${label(pair.theirs)}`;
    case 'differs': {
      const fields = pair.fields.map(
        ([field, mine, theirs]) =>
          `${field} ${safeText(mine, options)}, in ${names[1]} ${safeText(theirs, options)}`,
      );
      return `${pair.mine.packet.type} #${pair.mine.n}: ${fields.join('; ')}`;
    }
    case 'same':
      return '';
    default:
      return assertNever(pair, 'difference');
  }
}

/**
 * Two exchanges side by side. Identifiers, client identifiers of libraries and times are not
 * compared. Runs of equal packets are folded.
 */
export function drawComparison(
  mine: Trace,
  theirs: Trace,
  options: CompareOptions = {},
): Comparison {
  const width = Math.max(60, options.width ?? 80);
  const names = options.names ?? (['yours', 'the solution'] as const);
  const pairs = alignTraces(mine, theirs);
  const column = Math.floor((width - STATE - 3) / 2);
  const bar = options.ascii ? '|' : '│';
  const row = (state: string, left: string, right: string) => {
    const cut = fitted(left, { ...options, width: column });
    const gap = ' '.repeat(Math.max(0, column - columnsOf(cut)));
    const tail = fitted(right, { ...options, width: column });
    return `${state.padEnd(STATE)}${cut}${gap} ${bar} ${tail}`.trimEnd();
  };
  const first = pairs.findIndex(pair => pair.state !== 'same');
  const lines: string[] = [row('', names[0], names[1])];
  let at = 0;
  while (at < pairs.length) {
    const pair = pairs[at];
    if (!pair) break;
    let run = 0;
    while (pairs[at + run]?.state === 'same') run++;
    if (run > 2 * KEPT + 1) {
      for (const one of pairs.slice(at, at + KEPT)) lines.push(pairLine(one, false));
      const hidden = run - 2 * KEPT;
      lines.push(row('', `${options.ascii ? ':' : '⋮'} ${hidden} more the same`, ''));
      for (const one of pairs.slice(at + run - KEPT, at + run)) lines.push(pairLine(one, false));
      at += run;
      continue;
    }
    lines.push(pairLine(pair, at === first));
    at++;
  }

  function pairLine(pair: AlignedPair, isFirst: boolean): string {
    const mark = isFirst ? (options.ascii ? '> ' : '▶ ') : '  ';
    return row(
      mark + WORDS[pair.state],
      side(mineOf(pair), column, options),
      side(theirsOf(pair), column, options),
    );
  }

  const found = pairs[first];
  const different = pairs.filter(pair => pair.state !== 'same').length;
  const summary = found
    ? wrapped(
        `First difference: ${sentence(found, names, options)}`,
        width,
        6,
        options.ascii ? '...' : '…',
      )
    : [`No difference in ${pairs.length} packets.`];
  return { lines: [...lines, '', ...summary], different };
}
