import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';
import { entryFile, type Track, tracks } from './track.js';

/** A file of an exercise or a solution. */
export interface NamedFile {
  /** Relative to its folder of the lesson and track, with forward slashes: `main.ts`. */
  readonly name: string;
  readonly path: string;
}

const litter = /^(__pycache__|node_modules|\.DS_Store|.*\.pyc)$/;

/** All files under a folder, sorted, with forward slashes. Empty when there is no folder. */
export function filesUnder(folder: string, prefix = ''): NamedFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => !litter.test(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(folder, entry.name);
      const name = `${prefix}${entry.name}`;
      return entry.isDirectory() ? filesUnder(path, `${name}/`) : [{ name, path }];
    });
}

/** The pristine stubs of a lesson in a track. */
export function exerciseFiles(lesson: string, track: Track, root = packageRoot()): NamedFile[] {
  return filesUnder(join(root, 'exercises', lesson, track));
}

/** The reference solution of a lesson in a track. */
export function solutionFiles(lesson: string, track: Track, root = packageRoot()): NamedFile[] {
  return filesUnder(join(root, 'solutions', lesson, track));
}

/** The helpers that exercises import. */
export function kitFiles(root = packageRoot()): NamedFile[] {
  return filesUnder(join(root, 'exercises', 'kit'));
}

/** The tracks in which a lesson has an exercise. */
export function tracksOf(lesson: string, root = packageRoot()): Track[] {
  return tracks.filter(track => exerciseFiles(lesson, track, root).length > 0);
}

/**
 * The file of an exercise that is run, relative to the lesson and track: `main.ts`; where there is
 * none, the first file. Undefined when the lesson has no exercise in the track.
 */
export function exerciseEntry(
  lesson: string,
  track: Track,
  root = packageRoot(),
): string | undefined {
  const files = exerciseFiles(lesson, track, root);
  return (files.find(file => file.name === entryFile(track)) ?? files[0])?.name;
}

/** The program that a lesson provides to be looked at, on the wire; undefined when it has none. */
export function observeProgram(lesson: string, root = packageRoot()): string | undefined {
  const path = join(root, 'exercises', lesson, 'observe', 'main.ts');
  return existsSync(path) ? path : undefined;
}

/** SHA-256 of a text. Line ends do not count: an editor or git may have changed them. */
export function textHash(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
}

/** SHA-256 of a file's text; undefined when it cannot be read. */
export function fileHash(path: string): string | undefined {
  try {
    return textHash(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether a learner's file is still as the course delivers it, in any track. */
export function isStub(path: string, lesson: string, root = packageRoot()): boolean {
  const hash = fileHash(path);
  return tracks.some(track =>
    exerciseFiles(lesson, track, root).some(
      file => hash !== undefined && fileHash(file.path) === hash,
    ),
  );
}
