import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { corpusText } from '../dist/checker/prove/corpus.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * The text of a program: one of the corpus, `mutant/zero-is-falsy`, or a file of the course.
 * @param {string} lesson @param {'typescript' | 'python'} track @param {string} program
 */
export function programText(lesson, track, program) {
  return /^(mutant|variant)\//.test(program)
    ? corpusText(lesson, track, program)
    : readFileSync(join(root, program), 'utf8');
}
