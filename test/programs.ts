import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { corpusText } from '../checker/prove/corpus.js';
import { entryFile, packageRoot, type Track } from '../course/index.js';

/** The text of a program: one of the corpus, `mutant/zero-is-falsy`, or a file of the course. */
export function programText(lesson: string, program: string, track: Track = 'typescript'): string {
  return /^(mutant|variant)\//.test(program)
    ? corpusText(lesson, track, program)
    : readFileSync(join(packageRoot(), program), 'utf8');
}

/** The same as a file, until the tests of this file are done. */
export function programFile(lesson: string, program: string, track: Track = 'typescript'): string {
  const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-program-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, entryFile(track));
  writeFileSync(file, programText(lesson, program, track));
  return file;
}
