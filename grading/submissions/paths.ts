import type { IntakeLimits } from './limits.js';

/** Folders and files that are never part of the work: made by tools, or ours. */
const litter = new Set([
  '__macosx',
  '.ds_store',
  'thumbs.db',
  'desktop.ini',
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  '__pycache__',
  '.venv',
  'venv',
  '.mqtt-course',
  '.idea',
  '.vscode',
]);

/** Whether a name inside a submission is left aside without a word: `node_modules`, `.git`, `._main.ts`. */
export function isLitter(name: string): boolean {
  return litter.has(name.toLowerCase()) || name.startsWith('._') || name.endsWith('.pyc');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/;

/**
 * Why a name in an archive is not taken; undefined when it is harmless. Names never become paths on
 * this machine (only allow-listed ones are unpacked), so this is the second wall, not the first.
 */
export function nameProblem(name: string, limits: IntakeLimits): string | undefined {
  if (name === '') return 'has no name';
  if (control.test(name)) return 'has control characters in its name';
  if (name.length > limits.pathLength)
    return `has a name of more than ${limits.pathLength} letters`;
  if (name.includes('\\')) return 'has a backslash in its name';
  if (name.startsWith('/')) return 'has an absolute path';
  if (/^[a-z]:/i.test(name)) return 'names a drive';
  const parts = name.replace(/\/$/, '').split('/');
  if (parts.includes('..')) return 'leads out of its folder (..)';
  if (parts.length > limits.depth) return `lies more than ${limits.depth} folders deep`;
  return undefined;
}

/** A path without `.` and empty parts: `./a//b` is `a/b`. */
export function tidyPath(name: string): string {
  return name
    .split('/')
    .filter(part => part !== '' && part !== '.')
    .join('/');
}

/** Equal for names that one disk or another takes for the same: case, and composed letters. */
export function sameNameKey(path: string): string {
  // Most names, and a class may have a hundred thousand.
  if (/^[ -~]*$/.test(path)) return path.toUpperCase();
  return path.normalize('NFKC').toLowerCase().toUpperCase().normalize('NFC');
}

/** A name of a stranger as it can be shown: control characters made visible, not too long. */
export function shown(name: string): string {
  const safe = [...name]
    .map(letter => {
      if (!control.test(letter)) return letter;
      return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
    })
    .join('');
  return safe.length > 120 ? `${safe.slice(0, 60)}…${safe.slice(-40)}` : safe;
}
