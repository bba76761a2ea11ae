/** The wire and the programs' output as lines of a log, as they come. */

import { traceLine } from '../../wire/describe.js';
import type { TraceEntry } from '../../wire/trace.js';
import { print } from '../invocation.js';
import { packets } from '../render/code.js';
import { cutLine, printable, wrapKeeping } from '../render/layout.js';
import type { Style } from '../render/style.js';
import { createLines } from './lines.js';

export interface Log {
  entry(entry: TraceEntry): void;
  output(stream: 'stdout' | 'stderr', text: string): void;
  /** Prints what was written without an end of line. */
  flush(): void;
}

/** One output line of a program, behind a word that says which stream it was. */
export function outputLine(stream: 'stdout' | 'stderr', line: string, style: Style): string {
  const bar = stream === 'stdout' ? style.green('out') : style.red('err');
  return `${bar} ${style.dim(style.plain ? '|' : '│')} ${line}`;
}

export function createLog(style: Style): Log {
  // A pipe or a file gets each entry on one line.
  const fitted = (line: string) =>
    process.stdout.isTTY ? wrapKeeping(line, style.width - 6) : [line];
  const said = new Set<unknown>();
  const lines = createLines((stream, line) => {
    const { text } = printable(line);
    print([outputLine(stream, process.stdout.isTTY ? cutLine(text, style.plain) : text, style)]);
  });
  return {
    entry(entry) {
      // An entry comes again when what became of its packet changes.
      const key = entry.kind === 'packet' ? `${entry.n} ${entry.fate}` : entry;
      if (said.has(key)) return;
      said.add(key);
      const [line = '', ...more] = fitted(traceLine(entry, { ascii: style.plain }));
      print([packets(line, style), ...more.map(part => `      ${part.trim()}`)]);
    },
    output: lines.add,
    flush: lines.flush,
  };
}
