import { statSync } from 'node:fs';
import { win32 } from 'node:path';
import type { Machine } from './shell.js';

/** A command as it can be given to `spawn`. */
export interface Startable {
  readonly command: string;
  readonly args: readonly string[];
  /** The words are quoted already: Windows gives a program one text, and cmd reads it its own way. */
  readonly verbatim?: boolean;
  /** Why it cannot be started, with the command that can. */
  readonly problem?: string;
}

export interface Place extends Machine {
  readonly cwd?: string;
  readonly isFile?: (path: string) => boolean;
}

/** What runs a file that Windows does not start by itself, as a person types it. */
const runners: Readonly<Record<string, string>> = {
  '.py': 'py',
  '.js': 'node',
  '.mjs': 'node',
  '.cjs': 'node',
  '.jar': 'java -jar',
  '.ps1': 'powershell -File',
  '.sh': 'bash',
  '.pl': 'perl',
  '.rb': 'ruby',
  '.php': 'php',
  '.lua': 'lua',
};

/**
 * Finds what a command names, as the shells of Windows do: in the folder, then on the path, with the
 * endings of PATHEXT. A batch file is given to cmd, quoted so that every word arrives as it was: Node
 * refuses to start one, and finds none by its name alone. On other systems all stays as it is.
 */
export function startable(command: string, args: readonly string[], place: Place = {}): Startable {
  const { platform = process.platform, env = process.env } = place;
  if (platform !== 'win32') return { command, args };
  const file = findOnWindows(command, place);
  if (file === undefined) return { command, args };
  const ending = win32.extname(file).toLowerCase();
  if (ending === '.bat' || ending === '.cmd') {
    // In quotes of its own: cmd takes no name apart at a space there.
    const words = [`"${file}"`, ...args.map(word => quotedForCmd(word))];
    const cmd = env['ComSpec'] ?? env['COMSPEC'] ?? 'cmd.exe';
    return { command: cmd, args: ['/d', '/s', '/c', `"${words.join(' ')}"`], verbatim: true };
  }
  if (ending === '.exe' || ending === '.com') return { command: file, args };
  const runner = runners[ending];
  const problem = runner
    ? `${command} is not started by itself; name what runs it: ${runner} ${command}`
    : `${command} is not a program of Windows (.exe, .cmd, .bat); name what runs it`;
  return { command: file, args, problem };
}

/** The file that a command of Windows means; undefined when there is none. */
export function findOnWindows(command: string, place: Place = {}): string | undefined {
  const { env = process.env, cwd = process.cwd(), isFile = isFileHere } = place;
  const path = env['Path'] ?? env['PATH'] ?? '';
  const bare = !/[\\/]|^[A-Za-z]:/.test(command);
  const folders = bare ? [cwd, ...path.split(';').filter(one => one !== '')] : [cwd];
  const endings = (env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD').toLowerCase().split(';');
  // A name with an ending is taken as it stands first; one without is never the program itself.
  const named = win32.extname(command) !== '' ? ['', ...endings] : [...endings, ''];
  for (const folder of folders) {
    const file = win32.resolve(cwd, folder.replace(/^"|"$/g, ''), command);
    const ending = named.find(one => isFile(`${file}${one}`));
    if (ending !== undefined) return `${file}${ending}`;
  }
  return undefined;
}

function isFileHere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** What cmd acts on, also inside quotes. */
const special = /([()\][%!^"`<>&|;, *?])/g;

const forCmd = (text: string) => text.replace(special, '^$1');

/**
 * A word as a program's own reading of its command line gives it back: backslashes before a quote
 * are doubled, the word stands in quotes, and cmd is kept from acting on any sign of it.
 */
export function quotedForCmd(word: string): string {
  const quoted = word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1');
  return forCmd(`"${quoted}"`);
}
