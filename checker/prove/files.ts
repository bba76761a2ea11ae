import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change, Entry, Part } from './edits.js';
import { applyHunks, Misfit } from './hunks.js';

/** Files by name, as a program is started among them. */
export type Files = ReadonlyMap<string, Buffer>;

/** A program that cannot be made of another one, and the line that tells how. */
export class Unmade extends Error {
  constructor(
    text: string,
    readonly line?: number,
  ) {
    super(text);
  }
}

/** The files of a program, of those that it changes. @throws Unmade when a change does not fit */
export function changed(base: Files, entry: Entry, part: Part, folder: string): Files {
  const of = entry.of === 'solution' ? 'the solution' : entry.of;
  const files = new Map(base);
  for (const change of entry.changes.filter(one => one.part === part)) {
    const content = contentAfter(files.get(change.file), change, entry.name, folder, of);
    if (content === undefined) files.delete(change.file);
    else files.set(change.file, content);
  }
  return files;
}

function contentAfter(
  before: Buffer | undefined,
  { part, file, kind, hunks, line }: Change,
  name: string,
  folder: string,
  of: string,
): Buffer | undefined {
  if (kind === 'whole') {
    const path = wholeFile(folder, part, name, file);
    if (existsSync(path)) return readFileSync(path);
    throw new Unmade(`it is whole, and ${part}/${name}/${file} is not there`, line);
  }
  if (kind === 'new' && before) throw new Unmade(`it makes ${file} new, and ${of} has it`, line);
  if (kind !== 'new' && !before) throw new Unmade(`it changes ${file}, and ${of} has none`, line);
  if (kind === 'deleted') return undefined;
  const text = textOf(before ?? Buffer.alloc(0));
  if (text === undefined) {
    throw new Unmade(`it changes ${file} of ${of}, which is no text: make it whole`, line);
  }
  try {
    return Buffer.from(applyHunks(text, hunks, `${file} of ${of}`));
  } catch (error) {
    if (error instanceof Misfit) throw new Unmade(error.message, error.line);
    throw error;
  }
}

/** Where a file lies that an entry keeps whole. */
export function wholeFile(folder: string, part: Part, name: string, file: string): string {
  return join(folder, part, name, file);
}

/** The text of a file; undefined when it is none. */
export function textOf(content: Buffer): string | undefined {
  const text = content.toString('utf8');
  return !text.includes('\0') && Buffer.from(text).equals(content) ? text : undefined;
}
