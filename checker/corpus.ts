import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { packageRoot } from '../course/package-root.js';
import type { Track } from './harness/result.js';

/** What a program of the corpus is, and so what must come of checking it. */
export type Role = 'stub' | 'solution' | 'variant' | 'mutant';

/** A program that proves a lesson's checks. */
export interface CorpusProgram {
  readonly lesson: string;
  readonly track: Track;
  readonly role: Role;
  /** `mutant/literal-address`. */
  readonly name: string;
  /** The program's file, or the folder of the files that differ from the solution's. */
  readonly path: string;
  /** Set where the other files of the solution belong to it: an exercise of several files. */
  readonly overlay?: true;
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
  const many = (role: 'variant' | 'mutant', folder: string, part: string): CorpusProgram[] => {
    const here = join(root, 'checker', folder, lesson, part);
    if (!existsSync(here)) return [];
    const several = severalFiles(lesson, track);
    const isProgram = (file: Dirent) =>
      file.isDirectory()
        ? file.name !== '__pycache__'
        : extname(file.name) === extname(entry[track]);
    return readdirSync(here, { withFileTypes: true })
      .filter(isProgram)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(file => {
        const path = join(here, file.name);
        const folder = file.isDirectory();
        return {
          lesson,
          track,
          role,
          name: `${role}/${folder ? file.name : basename(file.name, extname(file.name))}`,
          path,
          ...(folder || several ? { overlay: true as const } : {}),
          ...(role === 'mutant'
            ? { expects: header(folder ? join(path, OVERLAY_HEADER) : path) }
            : {}),
        };
      });
  };
  // Configurations are the same in every track: they are proven once.
  const parts = track === 'typescript' ? [track, 'config'] : [track];
  return [
    ...one('stub', 'exercises'),
    ...one('solution', 'solutions'),
    ...parts.flatMap(part => many('variant', 'variants', part)),
    ...parts.flatMap(part => many('mutant', 'mutants', part)),
  ];
}

function severalFiles(lesson: string, track: Track): boolean {
  const folder = join(packageRoot(), 'solutions', lesson, track);
  return (
    existsSync(folder) && readdirSync(folder).filter(name => name !== '__pycache__').length > 1
  );
}

/** In the folder of a wrong configuration: the lines that a wrong program has at its top. */
const OVERLAY_HEADER = 'MUTANT';

/** The solution with the program's file or files over it, in a folder of its own. */
export async function layOver(
  program: CorpusProgram,
): Promise<{ path: string; dispose(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mqtt-course-overlay-'));
  await cp(join(packageRoot(), 'solutions', program.lesson, program.track), folder, {
    recursive: true,
  });
  const path = join(folder, entry[program.track]);
  const single = extname(program.path) === extname(entry[program.track]);
  await cp(program.path, single ? path : folder, { recursive: true });
  return {
    path,
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The first lines of a mutant: `mistake: …` and `fails: T1, T2` in comments. */
function header(path: string): { mistake: string; fails: string[] } {
  const text = readFileSync(path, 'utf8');
  const field = (name: string) =>
    new RegExp(`^(?://|#)? ?${name}: *(.+)$`, 'm').exec(text)?.[1]?.trim();
  const mistake = field('mistake');
  const fails = field('fails');
  if (!mistake || !fails) {
    throw new Error(`${path}: a mutant begins with the lines "mistake: …" and "fails: T1, T2"`);
  }
  return { mistake, fails: fails.split(/[ ,]+/).filter(Boolean) };
}
