import { stripVTControlCharacters } from 'node:util';
import { readOtherCrash } from './other-crashes.js';

/** What a crash left on standard error, for a learner: the error and their own lines, nothing of ours. */
export interface CrashReport {
  /** `TypeError: x is not a function`. */
  readonly error: string;
  /** Where, in the learner's words: `main.ts:12`. */
  readonly where?: string;
  /** The error with the frames that are the learner's. */
  readonly text: string;
  readonly kind: 'syntax' | 'import' | 'exception' | 'signal';
}

const errorLine =
  /^(?:Uncaught )?((?:[A-Za-z_][\w.]*)?(?:Error|Exception|Exit|Interrupt|Warning)\b.*)$/;
const notTheirs =
  /node:internal|node:events|node:net|mqtt-course-run-|node_modules|dist[\\/]vendor|mqttkit\.py|[\\/]kit\.ts|lib[\\/]python3|site-packages|dist-packages|<frozen/;

/** Characters of a line that are read: what says where and why stands at its beginning. */
const LONGEST = 2000;

/**
 * Reads the end of a standard error stream. Undefined when no error stands there. A stranger wrote it:
 * every expression here takes a time that grows with the text and no faster.
 */
export function readCrash(stderr: string): CrashReport | undefined {
  const lines = stripVTControlCharacters(stderr)
    .split(/\r?\n/)
    .map(line => line.slice(0, LONGEST));
  const traceback = lines.findLastIndex(line =>
    line.startsWith('Traceback (most recent call last)'),
  );
  return traceback >= 0 || lines.some(line => /^ {2}File ".*", line \d+/.test(line))
    ? readPython(lines.slice(Math.max(traceback, 0)))
    : (readOtherCrash(lines) ?? readNode(lines));
}

function readPython(lines: readonly string[]): CrashReport | undefined {
  const error = lines.findLast(line => errorLine.test(line));
  if (!error) return undefined;
  const frames: string[] = [];
  let where: string | undefined;
  for (const [at, line] of lines.entries()) {
    const frame = /^ {2}File "(.*)", line (\d+)/.exec(line);
    if (!frame || notTheirs.test(line)) continue;
    where = `${baseName(frame[1] ?? '')}:${frame[2]}`;
    frames.push(`  ${where}`);
    for (const below of lines.slice(at + 1)) {
      if (!/^ {4}/.test(below)) break;
      frames.push(below);
    }
  }
  return report(error, where, frames, true);
}

function readNode(lines: readonly string[]): CrashReport | undefined {
  const at = lines.findIndex(line => errorLine.test(line));
  const error = lines[at];
  if (error === undefined) return undefined;
  const theirs = lines
    .slice(at + 1)
    .filter(line => /^\s+at /.test(line) && !notTheirs.test(line))
    .slice(0, 4);
  const places = theirs.flatMap(line => placeIn(line, /\.[cm]?[jt]s:\d+/) ?? []);
  const head = lines.slice(0, at).flatMap(line => placeIn(line, /\.[cm]?ts:\d+$/) ?? []);
  const { file, line } = places[0] ?? head[0] ?? {};
  return report(
    error,
    file && line ? `${file}:${line}` : undefined,
    theirs.map(
      frame =>
        // A folder may have spaces in its name: a path begins behind a bracket, or behind `at`.
        `  ${frame.trim().replace(/(\(|^at (?:async )?)(?:file:\/\/)?[^()]*[\\/]([^\\/]+\.[cm]?[jt]s)/, '$1$2')}`,
    ),
    false,
  );
}

interface Place {
  readonly file: string;
  readonly line: string;
}

/** The first place in a source file that a line names: found from its ending, then back to its beginning. */
function placeIn(text: string, ending: RegExp): Place | undefined {
  const found = ending.exec(text);
  if (!found) return undefined;
  const [name, line = ''] = found[0].split(':');
  let at = found.index;
  while (at > 0 && !/[\s(/\\]/.test(text.charAt(at - 1))) at -= 1;
  if (at === found.index) return undefined;
  return { file: text.slice(at, found.index) + name, line };
}

function report(
  error: string,
  where: string | undefined,
  frames: readonly string[],
  python: boolean,
): CrashReport {
  const message = (errorLine.exec(error)?.[1] ?? error).slice(0, 400);
  // A TypeScript file was parsed before it ran: a SyntaxError there comes from JSON.parse.
  const kind =
    python && /^(SyntaxError|IndentationError|TabError)/.test(message)
      ? 'syntax'
      : /^(ModuleNotFoundError|ImportError)|ERR_MODULE_NOT_FOUND|Cannot find (module|package)/.test(
            message,
          )
        ? 'import'
        : 'exception';
  return {
    error: message,
    text: [message, ...frames].join('\n'),
    kind,
    ...(where ? { where } : {}),
  };
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
