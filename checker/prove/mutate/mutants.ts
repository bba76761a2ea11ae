import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { entryFile, type Track } from '../../../course/track.js';
import type { CorpusProgram } from '../corpus.js';
import { type Files, textOf } from '../files.js';
import { type Meaning, meaningsOf } from './alike.js';
import { configurationMutations } from './configuration.js';
import { pythonOperators } from './python.js';
import { applied, type Mutation, mutationsOf, parse } from './syntax.js';
import { typescriptOperators } from './typescript.js';

/** A wrong program that was made of a right one. */
export interface Mutant {
  /**
   * What it is known by: program, operator and the lines that differ. Lines that move, and lines
   * beside it that change, leave it as it is.
   */
  readonly id: string;
  readonly lesson: string;
  readonly track: Track;
  /** The right program: `solution`, `variant/own-loop`. */
  readonly of: string;
  readonly operator: string;
  readonly files: Files;
  /** What a true message speaks of, where that can be said. */
  readonly about?: string;
}

/**
 * Every mutant of the right programs of a lesson and track, once: what does not compile, what means
 * the same as a right program, and what another mutant is already, is left out.
 */
export async function mutantsOf(programs: readonly CorpusProgram[]): Promise<Mutant[]> {
  const right = programs.filter(({ role }) => role === 'solution' || role === 'variant');
  const solution = right.find(({ role }) => role === 'solution');
  const made = right.flatMap(program =>
    ownFiles(program, solution).flatMap(([file, text]) => mutantsOfFile(program, file, text)),
  );
  const known = new Set<string>();
  const rightTexts = right.flatMap(program =>
    ownFiles(program, solution).map(([file, text]) => ({ file, text, program })),
  );
  const rightMeanings = await meaningsOf(
    rightTexts.map(one => ({ name: one.file, text: one.text })),
  );
  for (const [at, { file, program }] of rightTexts.entries()) {
    const meaning = rightMeanings[at];
    if (meaning !== undefined) known.add(keyOf(file, besides(program.files, file), meaning));
  }
  const meanings: Meaning[] = await meaningsOf(
    made.map(({ file, text }) => ({ name: file, text })),
  );
  const mutants: Mutant[] = [];
  const names = new Map<string, number>();
  for (const [at, { mutant, file }] of made.entries()) {
    const meaning = meanings[at];
    if (meaning === undefined) continue;
    const key = keyOf(file, besides(mutant.files, file), meaning);
    if (known.has(key)) continue;
    known.add(key);
    const count = (names.get(mutant.id) ?? 0) + 1;
    names.set(mutant.id, count);
    mutants.push(count === 1 ? mutant : { ...mutant, id: `${mutant.id} #${count}` });
  }
  return mutants;
}

/** What stands beside a file belongs to what a program is. */
function besides(files: Files, file: string): string {
  const hash = createHash('sha256');
  for (const name of [...files.keys()].sort()) {
    if (name !== file) hash.update(`${name}\n`).update(files.get(name) ?? '');
  }
  return hash.digest('hex');
}

const keyOf = (file: string, others: string, meaning: string) => `${file}\n${others}\n${meaning}`;

/** The files of a program that no other one has: configurations are mutated once, not in each track. */
function ownFiles(program: CorpusProgram, solution: CorpusProgram | undefined): [string, string][] {
  return [...program.files].flatMap(([name, content]) => {
    const language = extname(name) === '.py' || extname(name) === '.ts';
    if (!language && program.track !== 'typescript') return [];
    if (program.role === 'variant' && solution?.files.get(name)?.equals(content)) return [];
    const text = textOf(content);
    return text === undefined || /\.(mjs|js|json|pem|crt|key)$/.test(name) ? [] : [[name, text]];
  });
}

function mutantsOfFile(program: CorpusProgram, file: string, text: string) {
  const { lesson, track, name: of, files } = program;
  return mutationsIn(file, text).map(({ operator, edits, about }) => {
    const changed = applied(text, edits);
    const where = file === entryFile(track) ? '' : `${file} `;
    const id = `${track} ${of} ${where}${operator}: ${changeBetween(text, changed)}`;
    const mutant: Mutant = {
      id,
      lesson,
      track,
      of,
      operator,
      files: new Map(files).set(file, Buffer.from(changed)),
      ...(about === undefined ? {} : { about }),
    };
    return { mutant, file, text: changed };
  });
}

/** Every mutation of a file, by its name. */
export function mutationsIn(file: string, text: string): Mutation[] {
  if (extname(file) === '.ts') return mutationsOf(parse(text, 'typescript'), typescriptOperators);
  if (extname(file) === '.py') return mutationsOf(parse(text, 'python'), pythonOperators);
  return configurationMutations(file, text);
}

/** Where two texts differ: the first line that does, and what became of it: `{ qos: 1 } | 1 → 0`. */
export function changeBetween(before: string, after: string): string {
  let from = 0;
  while (from < before.length && before[from] === after[from]) from++;
  let [end, other] = [before.length, after.length];
  while (end > from && other > from && before[end - 1] === after[other - 1]) {
    end--;
    other--;
  }
  // Whole words, so that `1 → 10` is not `→ 0`.
  while (from > 0 && word.test(before[from - 1] ?? '')) from--;
  while (end < before.length && word.test(before[end] ?? '')) {
    end++;
    other++;
  }
  const start = before.lastIndexOf('\n', from - 1) + 1;
  const stop = before.indexOf('\n', from);
  const line = shortened(before.slice(start, stop < 0 ? undefined : stop), 100);
  return `${line} | ${shortened(before.slice(from, end), 60)} → ${shortened(after.slice(from, other), 60)}`.trim();
}

const word = /\w/;

/** Long enough to be read, and still this text alone. */
function shortened(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line.length <= most) return line;
  return `${line.slice(0, most - 10)}… (${createHash('sha256').update(line).digest('hex').slice(0, 6)})`;
}
