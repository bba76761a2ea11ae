import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { UsageError } from '../../course/errors.js';
import { filesUnder } from '../../course/index.js';
import { packageRoot } from '../../course/package-root.js';
import type { Track } from '../../course/track.js';
import { type CorpusProgram, corpusFolder, editFiles, partsOf, readCorpus } from './corpus.js';
import {
  type Change,
  type Entry,
  type Expectation,
  type Hunk,
  type Part,
  parseEdits,
} from './edits.js';
import { type Files, textOf, wholeFile } from './files.js';
import { formatEntry } from './format.js';
import { linesOf, makeHunks } from './hunks.js';

/** A wrong program that an author makes or changes. */
export interface Authored {
  readonly lesson: string;
  /** `forgets-boot`. */
  readonly name: string;
  readonly part: Part;
  /** The program that it changes; default what it changes now, else the solution. */
  readonly of?: string;
  readonly root?: string;
}

/** What an author says about it; what is left out stays as it is, or is still to be written. */
export interface Told {
  readonly expects?: Expectation;
  readonly does?: string;
  readonly cause?: string;
}

/** Configurations are the same in every track; the checks have them from this one. */
export const trackOf = (part: Part): Track => (part === 'config' ? 'typescript' : part);

/** The folder of the copy that an author edits. */
export function copyFolder({ lesson, name, part, root = packageRoot() }: Authored): string {
  return join(root, '.tmp', 'mutants', lesson, part, name);
}

/** The program as it is written down now; undefined when there is none. */
export function writtenProgram(one: Authored): CorpusProgram | undefined {
  return programOf(one, `mutant/${one.name}`);
}

/**
 * Makes the copy: the program as it is written down, or else the one that it is to change.
 * @throws UsageError when there is nothing to copy
 */
export function makeCopy(one: Authored): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(one.name)) {
    throw new UsageError(
      `"${one.name}" is no name of a mutant: small letters, digits and hyphens. For example: npm run mutant 7 forgets-boot`,
    );
  }
  const folder = copyFolder(one);
  const { files } = (one.of === undefined ? writtenProgram(one) : undefined) ?? baseOf(one);
  for (const [name, content] of files) put(join(folder, name), content);
  // What it is a change of is asked for again when it is written down.
  if (one.of !== undefined) put(`${folder}.of`, Buffer.from(one.of));
  return folder;
}

/** Whether the copy differs from the program that it is a change of. */
export function copyDiffers(one: Authored): boolean {
  return changesOf(one).changes.length > 0;
}

/**
 * Writes the copy down as an edit, and removes it.
 * @returns the file of edits, the line of the entry, and its text
 */
export function writeDown(one: Authored, told: Told): { file: string; line: number; text: string } {
  const { root = packageRoot(), lesson, name, part } = one;
  const folder = corpusFolder('mutant', lesson, root);
  const { changes, whole } = changesOf(one);
  const file = fileOf(one);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : preamble(lesson, part);
  const made = withProgram(before, { name, part, of: ofOf(one), changes, ...told }, file);
  rmSync(join(folder, part, name), { recursive: true, force: true });
  for (const [path, content] of whole) put(wholeFile(folder, part, name, path), content);
  put(file, Buffer.from(made.text));
  rmSync(copyFolder(one), { recursive: true });
  rmSync(`${copyFolder(one)}.of`, { force: true });
  return { file, line: made.line, text: made.entry };
}

function put(path: string, content: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function programOf({ lesson, part, root }: Authored, name: string): CorpusProgram | undefined {
  const options = { drafts: true, ...(root === undefined ? {} : { root }) };
  const { programs } = readCorpus(lesson, trackOf(part), options);
  return programs.find(program => program.name === name);
}

function ofOf(one: Authored): string {
  const noted = `${copyFolder(one)}.of`;
  if (one.of !== undefined) return one.of;
  if (existsSync(noted)) return readFileSync(noted, 'utf8');
  return entryOf(one)?.entry.of ?? 'solution';
}

function baseOf(one: Authored): CorpusProgram {
  const name = ofOf(one);
  const base = programOf(one, name);
  if (base) return base;
  const track = trackOf(one.part);
  throw new UsageError(`${one.lesson} has no ${name} in ${track} that could be changed`);
}

/** Where a wrong program is written down. */
function entryOf(one: Authored): { file: string; entry: Entry } | undefined {
  const files = editFiles(corpusFolder('mutant', one.lesson, one.root));
  for (const file of files) {
    const { entries } = parseEdits(readFileSync(file, 'utf8'), 'mutant', { drafts: true });
    const entry = entries.find(it => it.name === one.name && partsOf(it).includes(one.part));
    if (entry) return { file, entry };
  }
  return undefined;
}

function fileOf(one: Authored): string {
  const usual = one.part === 'config' ? 'configuration.diff' : 'programs.diff';
  return entryOf(one)?.file ?? join(corpusFolder('mutant', one.lesson, one.root), usual);
}

function preamble(lesson: string, part: Part): string {
  const what = part === 'config' ? 'configurations' : 'programs';
  const number = Number.parseInt(lesson, 10);
  return `Wrong ${what} of lesson ${number}: each is a right one with a change. How to read and make them: CONTRIBUTING.md.\n`;
}

/** An edit that says so much more than the program itself hides what is wrong with it. */
const LINES_TOO_MANY = 10;

/** What differs between a program and the copy of it, file by file; also files to be kept whole. */
function changesOf(one: Authored): { changes: Change[]; whole: Map<string, Buffer> } {
  const folder = copyFolder(one);
  const base = baseOf(one).files;
  const copy: Files = new Map(filesUnder(folder).map(it => [it.name, readFileSync(it.path)]));
  const whole = new Map<string, Buffer>();
  const names = [...new Set([...copy.keys(), ...base.keys()])];
  const changes = names.flatMap((file): Change[] => {
    const [before, after] = [base.get(file), copy.get(file)];
    const change = { part: one.part, file, line: 0 };
    if (!after) return [{ ...change, kind: 'deleted', hunks: [] }];
    if (before?.equals(after)) return [];
    const hunks = hunksBetween(before, after);
    if (hunks) return [{ ...change, kind: before ? 'edit' : 'new', hunks }];
    whole.set(file, after);
    return [{ ...change, kind: 'whole', hunks: [] }];
  });
  return { changes, whole };
}

/** Undefined where an edit would not be readable. */
function hunksBetween(before: Buffer | undefined, after: Buffer): Hunk[] | undefined {
  const base = before ? textOf(before) : '';
  const text = textOf(after);
  if (base === undefined || text === undefined) return undefined;
  const hunks = makeHunks(base, text);
  const lines = hunks.reduce((sum, hunk) => sum + hunk.lines.length + 1, 0);
  return before && lines > linesOf(text).length + LINES_TOO_MANY ? undefined : hunks;
}

interface Written extends Told {
  readonly name: string;
  readonly part: Part;
  readonly of: string;
  readonly changes: readonly Change[];
}

const order: readonly Part[] = ['typescript', 'python', 'config'];

/**
 * A file of edits with a program in it: beside the other tracks of the same mistake where they fail
 * the same checks, else as an entry of its own, in the order of the names.
 */
function withProgram(
  before: string,
  written: Written,
  file: string,
): { text: string; line: number; entry: string } {
  const { name, part, of } = written;
  const { entries, problems } = parseEdits(before, 'mutant', { drafts: true });
  const unread = problems.find(one => one.name === name);
  if (unread) {
    throw new UsageError(
      `${relative(process.cwd(), file)}:${unread.line}: ${unread.text}. Mend or remove this entry first`,
    );
  }
  const same = entries.filter(one => one.name === name);
  const old = same.find(one => partsOf(one).includes(part));
  const others = same
    .map(one => ({ ...one, changes: one.changes.filter(it => it.part !== part) }))
    .filter(one => one.changes.length > 0);
  const told = toldOf(old, same, written);
  const beside = others.find(
    one => one.of === of && (!told.expects || !one.expects || alike(one.expects, told.expects)),
  );
  const entry = {
    name,
    of,
    ...(beside ? headerOf(beside) : {}),
    ...told,
    changes: [...(beside?.changes ?? []), ...written.changes].sort(
      (a, b) => order.indexOf(a.part) - order.indexOf(b.part),
    ),
  };
  const group = [...others.filter(one => one !== beside), entry]
    .sort((a, b) => firstPart(a) - firstPart(b))
    .map(one => ({ text: formatEntry(one, 'mutant'), isNew: one === entry }));
  const blocks = blocksOf(before).filter(block => block.name !== name);
  const next = blocks.findIndex(block => block.name !== undefined && block.name > name);
  const at = next < 0 ? blocks.length : next;
  const all = [
    ...blocks.slice(0, at).map(block => ({ text: block.text, isNew: false })),
    ...group,
    ...blocks.slice(at).map(block => ({ text: block.text, isNew: false })),
  ];
  const place = all.findIndex(one => one.isNew);
  const above = all.slice(0, place).map(one => `${one.text}\n`);
  return {
    text: all.map(one => one.text).join('\n'),
    line: above.join('').split('\n').length,
    entry: all[place]?.text ?? '',
  };
}

const firstPart = ({ changes }: { changes: readonly Change[] }) =>
  order.indexOf(changes[0]?.part ?? 'config');

function headerOf({ expects, does, cause }: Told): Told {
  return {
    ...(expects ? { expects } : {}),
    ...(does ? { does } : {}),
    ...(cause ? { cause } : {}),
  };
}

/** What is said anew, over what was said before. The checks say which of them fail, not which sentence is broken. */
function toldOf(old: Entry | undefined, same: readonly Entry[], written: Told): Told {
  const told: Told = { ...(old ? headerOf(old) : {}), ...headerOf(written) };
  const { expects } = told;
  const breaks = same.find(one => one.expects && expects && alike(one.expects, expects))?.expects
    ?.breaks;
  return expects && breaks ? { ...told, expects: { breaks, ...expects } } : told;
}

function alike(a: Expectation, b: Expectation): boolean {
  return a.mistake === b.mistake && [...a.fails].sort().join() === [...b.fails].sort().join();
}

/** The text before the first entry, and each entry, without the empty lines between them. */
function blocksOf(text: string): { name?: string; text: string }[] {
  return text.split(/^(?=## )/m).map(block => ({
    ...(block.startsWith('## ') ? { name: (block.split('\n')[0] ?? '').slice(3).trim() } : {}),
    text: `${block.replace(/\n+$/, '')}\n`,
  }));
}
