import type { Machine } from './shell.js';

/**
 * A path as this system writes it. Inside the course, names in a workspace have forward slashes:
 * they are keys, and the same in every progress file; a person is shown their own system's.
 */
export function nativePath(path: string, { platform = process.platform }: Machine = {}): string {
  return platform === 'win32' ? path.replaceAll('/', '\\') : path;
}

/** A path below the folder that the person is in: `./mqtt-course`, `.\mqtt-course`. */
export function belowHere(path: string, machine: Machine = {}): string {
  return nativePath(`./${path}`, machine);
}

/** Longest folder in which Windows starts a program: MAX_PATH less a drive's `\` and the end. */
const DEEPEST = 258;

/** Whether a folder lies too deep for a program to be started in it. Only Windows has such a limit. */
export function tooDeep(folder: string, { platform = process.platform }: Machine = {}): boolean {
  return platform === 'win32' && folder.length >= DEEPEST;
}
