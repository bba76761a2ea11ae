import type { Command } from 'commander';
import { wrapWords } from './render/layout.js';
import { makeStyle, type Style } from './render/style.js';

/**
 * Parts a command line at `--`: what follows is the learner's own command, and none of its flags are
 * ours. `own` is empty where no `--` stands.
 */
export function splitCommandLine(args: readonly string[]): {
  readonly ours: readonly string[];
  readonly own: readonly string[];
} {
  const at = args.indexOf('--');
  if (at === -1) return { ours: args, own: [] };
  return { ours: args.slice(0, at), own: args.slice(at + 1) };
}

/** The folder that the person is in. An npm script runs elsewhere, and says where it was called. */
export function currentFolder(): string {
  const { npm_lifecycle_event: script, INIT_CWD: from } = process.env;
  return script !== undefined && from ? from : process.cwd();
}

/** The style for standard output, with the global `--plain`. */
export function styleFor(command: Command): Style {
  const { plain } = command.optsWithGlobals<{ plain?: boolean }>();
  return makeStyle(plain ? { plain } : {});
}

/** True when a question can be asked: a terminal on both sides, and no CI. */
export function canAsk(): boolean {
  return Boolean(process.stdin.isTTY && process.stdout.isTTY) && !process.env['CI'];
}

export function print(lines: readonly string[]): void {
  write(process.stdout, lines);
}

/** A line that is wider than the terminal goes on below, and no word of it is broken. */
function write(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  const fitted = stream.isTTY
    ? lines.flatMap(line => wrapWords(line, Math.max(20, stream.columns || 80)))
    : lines;
  stream.write(fitted.map(line => `${line}\n`).join(''));
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Beside the result: notices go to standard error, so that `--json` stays clean. */
export function tell(lines: readonly string[]): void {
  write(process.stderr, lines);
}
