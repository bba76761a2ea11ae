import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { exerciseFiles, filesUnder, solutionFiles } from '../../course/index.js';
import { packageRoot } from '../../course/package-root.js';
import { removeTemporary } from '../../course/system/index.js';
import { entryFile, type Track } from '../../course/track.js';
import { scratchFolder } from '../program/scratch.js';
import { type Entry, type Expectation, type Part, parseEdits } from './edits.js';
import { changed, type Files, Unmade } from './files.js';

/** What a program of the corpus is, and so what must come of checking it. */
export type Role = 'stub' | 'solution' | 'variant' | 'mutant';

/** A program that proves a lesson's checks. */
export interface CorpusProgram {
  readonly lesson: string;
  readonly track: Track;
  readonly role: Role;
  /** `mutant/literal-address`. */
  readonly name: string;
  /** All that it needs, the other files of the solution included. */
  readonly files: Files;
  /** Where the program lies on disk just as it is; else `layOut` puts it there. */
  readonly path?: string;
  /** Of a mutant: the mistake that a failing verdict must name, and the verdicts that fail. */
  readonly expects?: Expectation;
}

/** `05-wildcards python mutant/star`. */
export function idOf({ lesson, track, name }: CorpusProgram): string {
  return `${lesson} ${track} ${name}`;
}

/** A program that is written down, and cannot be made. */
export interface CorpusProblem {
  readonly lesson: string;
  readonly track: Track;
  /** `mutant/literal-address`, or the file that holds it. */
  readonly name: string;
  /** File and line, relative to the course. */
  readonly where: string;
  readonly text: string;
}

export interface CorpusOptions {
  /** The folder of the course. */
  readonly root?: string;
  /** Also what is only half written down: see `parseEdits`. */
  readonly drafts?: boolean;
}

export interface Corpus {
  readonly programs: readonly CorpusProgram[];
  readonly problems: readonly CorpusProblem[];
}

/** The folder with the wrong (`mutant`) or the unusual but right programs of a lesson. */
export function corpusFolder(role: 'mutant' | 'variant', lesson: string, root = packageRoot()) {
  return join(root, 'checker', 'prove', `${role}s`, lesson);
}

/**
 * Every program of a lesson and track: the stub, the solution, and what is written down beside the
 * proofs, made anew from the solution. What cannot be made is a problem, and the others are there.
 */
export function readCorpus(
  lesson: string,
  track: Track,
  { root = packageRoot(), drafts = false }: CorpusOptions = {},
): Corpus {
  const problems: CorpusProblem[] = [];
  // Configurations are the same in every track: they are proven once.
  const parts: readonly Part[] = track === 'typescript' ? [track, 'config'] : [track];
  const told: Told[] = [
    ...onDisk('stub', lesson, track, root),
    ...onDisk('solution', lesson, track, root),
    ...parts.flatMap(part => wholeVariants(lesson, track, part, root)),
    ...(['variant', 'mutant'] as const).flatMap(role =>
      writtenDown(role, lesson, track, root, drafts, problems).filter(one =>
        parts.includes(one.part),
      ),
    ),
  ];
  const made = new Map<string, CorpusProgram | 'in the making'>();
  const wanted = new Map<string, Told>();
  for (const one of told) {
    if (wanted.has(one.name)) problems.push(problem(one, 'there is another one of this name'));
    else wanted.set(one.name, one);
  }
  function make(one: Told): CorpusProgram {
    const there = made.get(one.name);
    if (there === 'in the making') throw new Unmade('it is made of itself');
    if (there) return there;
    made.set(one.name, 'in the making');
    const base = one.of === undefined ? undefined : wanted.get(one.of);
    if (one.of !== undefined && !base) throw new Unmade(`there is no ${one.of} to change`);
    try {
      const program = one.make(base ? make(base) : undefined);
      made.set(one.name, program);
      return program;
    } catch (error) {
      made.delete(one.name);
      throw error;
    }
  }
  const programs = [...wanted.values()].flatMap(one => {
    try {
      return [make(one)];
    } catch (error) {
      if (!(error instanceof Unmade)) throw error;
      problems.push(problem(one, error.message, error.line));
      return [];
    }
  });
  return { programs: programs.sort(inOrder), problems };

  function problem(one: Told, text: string, line = one.line): CorpusProblem {
    return { lesson, track, name: one.name, where: place(one.from, line, root), text };
  }
}

/** The programs of a lesson and track. @throws Error when one of them cannot be made */
export function corpus(lesson: string, track: Track, root = packageRoot()): CorpusProgram[] {
  const { programs, problems } = readCorpus(lesson, track, { root });
  const [first] = problems;
  if (first) throw new Error(`${first.where}: ${first.name}: ${first.text}`);
  return [...programs];
}

/** The text of one program of a lesson, `mutant/zero-is-falsy`. @throws Error when it is not there */
export function corpusText(lesson: string, track: Track, name: string, file?: string): string {
  const program = corpus(lesson, track).find(one => one.name === name);
  const content = program?.files.get(file ?? entryFile(track));
  if (!content) throw new Error(`${lesson} has no ${name} in ${track}`);
  return content.toString('utf8');
}

/** Puts the files of a program into a folder of their own, unless it lies on disk just as it is. */
export async function layOut(
  program: CorpusProgram,
): Promise<{ path: string; dispose(): Promise<void> }> {
  if (program.path !== undefined) return { path: program.path, dispose: async () => undefined };
  const folder = await mkdtemp(join(scratchFolder(), 'corpus-'));
  for (const [name, content] of program.files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return {
    path: join(folder, entryFile(program.track)),
    dispose: () => removeTemporary(folder),
  };
}

/** A program that is known of, and how it is made of another one. */
interface Told {
  readonly name: string;
  readonly part: Part;
  /** The program that it is made of. */
  readonly of?: string;
  /** The file that tells of it, and the line. */
  readonly from: string;
  readonly line?: number;
  /** @throws Unmade */
  make(base: CorpusProgram | undefined): CorpusProgram;
}

const place = (path: string, line: number | undefined, root: string) =>
  `${relative(root, path).split(sep).join('/')}${line === undefined ? '' : `:${line}`}`;

const roles: readonly Role[] = ['stub', 'solution', 'variant', 'mutant'];

function inOrder(a: CorpusProgram, b: CorpusProgram): number {
  const turn = roles.indexOf(a.role) - roles.indexOf(b.role);
  return turn !== 0 ? turn : a.name < b.name ? -1 : 1;
}

const read = (files: readonly { name: string; path: string }[]): Files =>
  new Map(files.map(one => [one.name, readFileSync(one.path)]));

function onDisk(role: 'stub' | 'solution', lesson: string, track: Track, root: string): Told[] {
  const files = (role === 'stub' ? exerciseFiles : solutionFiles)(lesson, track, root);
  const path = files.find(one => one.name === entryFile(track))?.path;
  if (path === undefined) return [];
  const make = () => ({ lesson, track, role, name: role, files: read(files), path });
  return [{ name: role, part: track, from: path, make }];
}

/** Right programs that have little in common with the solution: a file each, or a folder of files. */
function wholeVariants(lesson: string, track: Track, part: Part, root: string): Told[] {
  const here = join(corpusFolder('variant', lesson, root), part);
  if (!existsSync(here)) return [];
  const extension = extname(entryFile(track));
  return readdirSync(here, { withFileTypes: true })
    .filter(one =>
      one.isDirectory() ? one.name !== '__pycache__' : extname(one.name) === extension,
    )
    .map(one => {
      const from = join(here, one.name);
      const name = `variant/${one.isDirectory() ? one.name : basename(one.name, extension)}`;
      const theirs = one.isDirectory()
        ? filesUnder(from)
        : [{ name: entryFile(track), path: from }];
      return {
        name,
        part,
        of: 'solution',
        from,
        make: base => {
          const files = new Map([...(base?.files ?? []), ...read(theirs)]);
          const asItIs = files.size === 1 && !one.isDirectory() ? { path: from } : {};
          return { lesson, track, role: 'variant', name, files, ...asItIs };
        },
      };
    });
}

/** What the files of edits of a lesson hold for one track. */
function writtenDown(
  role: 'mutant' | 'variant',
  lesson: string,
  track: Track,
  root: string,
  drafts: boolean,
  problems: CorpusProblem[],
): Told[] {
  const folder = corpusFolder(role, lesson, root);
  return editFiles(folder).flatMap(from => {
    const { entries, problems: unread } = parseEdits(readFileSync(from, 'utf8'), role, { drafts });
    for (const { name, line, text } of unread) {
      const where = place(from, line, root);
      problems.push({ lesson, track, name: name ? `${role}/${name}` : role, where, text });
    }
    return entries.flatMap(entry =>
      partsOf(entry).map(part => ({
        name: `${role}/${entry.name}`,
        part,
        of: entry.of,
        from,
        line: entry.line,
        make: (base: CorpusProgram | undefined) => ({
          lesson,
          track,
          role,
          name: `${role}/${entry.name}`,
          files: changed(base?.files ?? new Map(), entry, part, folder),
          ...(entry.expects ? { expects: entry.expects } : {}),
        }),
      })),
    );
  });
}

/** The files of edits in a folder of the corpus. */
export function editFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(name => name.endsWith('.diff'))
    .sort()
    .map(name => join(folder, name));
}

/** The parts in which an entry is a program. */
export function partsOf(entry: Entry): Part[] {
  return [...new Set(entry.changes.map(one => one.part))];
}
