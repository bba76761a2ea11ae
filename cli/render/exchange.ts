/** Exchanges on a terminal: the drawings of wire/draw in colour. */

import { packetLine } from '../../wire/describe.js';
import { explainPacket } from '../../wire/draw/explain.js';
import { explainTable } from '../../wire/draw/explain-table.js';
import type { PacketEntry, Trace } from '../../wire/trace.js';
import { packets } from './code.js';
import { wrapKeeping } from './layout.js';
import type { Style } from './style.js';

/** A row of a diagram in colour: its mark, its number, the names of packets, what a fault did. */
export function painted(line: string, style: Style): string {
  if (!style.color) return line;
  return line
    .replace(/^▶/, mark => style.red(mark))
    .replace(/^((?:\S*)\s+)(#\d+)/, (_, before, number) => before + style.yellow(number))
    .replace(/\b(?:CONN|PUB|SUB|UNSUB|PING|DISCONN|AUTH)[A-Z]*\b/, name => style.cyan(name))
    .replace(/\bfault:/, word => style.red(word))
    .replace(/[✗⏸∅] (?:lost|dropped|replaced|withheld|answered|absorbed)\b/, word =>
      style.red(word),
    );
}

/** One packet in words, and below it every byte with its meaning and its clause. */
export function everyByte(trace: Trace, entry: PacketEntry, style: Style): string[] {
  const options = { ascii: style.plain, width: style.width };
  const [head = '', ...rows] = explainTable(
    Buffer.from(entry.hex, 'hex'),
    explainPacket(trace, entry, options),
    options,
  );
  return [
    ...wrapKeeping(packetLine(entry, { ascii: style.plain }), style.width).map(line =>
      packets(line, style),
    ),
    '',
    style.dim(head),
    ...rows,
  ];
}
