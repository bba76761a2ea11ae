import type { Command } from 'commander';
import { makeStyle, type Style } from './render/style.js';

let held: readonly string[] = [];

/**
 * Takes what follows `--` out of a command line: it is the learner's own command, and none of its
 * flags are ours.
 */
export function holdCommand(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--');
  held = at === -1 ? [] : args.slice(at + 1);
  return at === -1 ? args : args.slice(0, at);
}

/** What stood after `--`; empty when nothing did. */
export function heldCommand(): readonly string[] {
  return held;
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
  process.stdout.write(lines.map(line => `${line}\n`).join(''));
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Beside the result: notices go to standard error, so that `--json` stays clean. */
export function tell(lines: readonly string[]): void {
  process.stderr.write(lines.map(line => `${line}\n`).join(''));
}
