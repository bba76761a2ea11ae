import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { packageRoot } from '../course/package-root.js';
import type { Track } from './result.js';

/** What a program of the corpus is, and so what must come of checking it. */
export type Role = 'stub' | 'solution' | 'variant' | 'mutant';

/** A program that proves a lesson's checks. */
export interface CorpusProgram {
  readonly lesson: string;
  readonly track: Track;
  readonly role: Role;
  /** `mutant/literal-address`. */
  readonly name: string;
  readonly path: string;
  /** Of a mutant: the mistake that the first failing verdict must name, and the verdicts that fail. */
  readonly expects?: { readonly mistake: string; readonly fails: readonly string[] };
}

const entry: Record<Track, string> = { typescript: 'main.ts', python: 'main.py' };

/** Every program of a lesson and track that is on disk. @throws Error when a mutant lacks its header */
export function corpus(lesson: string, track: Track): CorpusProgram[] {
  const root = packageRoot();
  const one = (role: 'stub' | 'solution', folder: string): CorpusProgram[] => {
    const path = join(root, folder, lesson, track, entry[track]);
    return existsSync(path) ? [{ lesson, track, role, name: role, path }] : [];
  };
  const many = (role: 'variant' | 'mutant', folder: string): CorpusProgram[] => {
    const here = join(root, 'checker', folder, lesson, track);
    if (!existsSync(here)) return [];
    return readdirSync(here)
      .filter(file => extname(file) === extname(entry[track]))
      .sort()
      .map(file => {
        const path = join(here, file);
        const name = `${role}/${basename(file, extname(file))}`;
        return {
          lesson,
          track,
          role,
          name,
          path,
          ...(role === 'mutant' ? { expects: header(path) } : {}),
        };
      });
  };
  return [
    ...one('stub', 'exercises'),
    ...one('solution', 'solutions'),
    ...many('variant', 'variants'),
    ...many('mutant', 'mutants'),
  ];
}

/** The first lines of a mutant: `mistake: …` and `fails: T1, T2` in comments. */
function header(path: string): { mistake: string; fails: string[] } {
  const text = readFileSync(path, 'utf8');
  const field = (name: string) =>
    new RegExp(`^(?://|#) ${name}: *(.+)$`, 'm').exec(text)?.[1]?.trim();
  const mistake = field('mistake');
  const fails = field('fails');
  if (!mistake || !fails) {
    throw new Error(`${path}: a mutant begins with the lines "mistake: …" and "fails: T1, T2"`);
  }
  return { mistake, fails: fails.split(/[ ,]+/).filter(Boolean) };
}
