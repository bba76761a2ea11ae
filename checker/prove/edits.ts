import type { SentenceId } from '../../course/contract.js';
import { entryFile, type Track } from '../../course/track.js';
import type { KnownMistake } from '../program/spec.js';

/**
 * How a wrong program is written down: what is wrong with it, and what differs from another program.
 *
 *     ## forgets-boot
 *     fails: T10 as forgets-boot
 *     breaks: C10
 *     does: Takes device and seq for the key.
 *     cause: After a restart seq begins at 1 again: new readings look like copies.
 *     @@ typescript
 *     -    const key = `${device} ${boot} ${seq}`;
 *     +    const key = `${device} ${seq}`;
 *     @@ python
 *     …
 *
 * `breaks` names the sentence of the contract that the program breaks, where the checks that fail
 * judge more than one.
 *
 * A change begins with `@@ part [file] [new|deleted|whole]`, and each further place of the same file
 * with `@@` alone. Its lines are those of a unified diff, without numbers: a place is known by its
 * text, which stands there once. Text before the first `##` is for people.
 */

/** Whose change it is: the programs of one track, or the configuration that is the same in each. */
export type Part = Track | 'config';

const parts: readonly Part[] = ['typescript', 'python', 'config'];

/** A line of a place, with its line end. */
export interface HunkLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** One place of a file that changes. */
export interface Hunk {
  /** Line of its first line in the file of edits. */
  readonly line: number;
  readonly lines: readonly HunkLine[];
}

/** What happens to one file. */
export interface Change {
  readonly part: Part;
  readonly file: string;
  /** `whole`: the file lies beside the edits, in `part/name/file`. */
  readonly kind: 'edit' | 'new' | 'deleted' | 'whole';
  /** Of `edit` and `new`. */
  readonly hunks: readonly Hunk[];
  readonly line: number;
}

/** What must come of checking a wrong program. */
export interface Expectation extends KnownMistake {
  /** The sentences of the contract that it breaks, where the checks that fail leave it open. */
  readonly breaks?: readonly SentenceId[];
}

/** One mistake, in each part where it is made the same way; or one unusual but right program. */
export interface Entry {
  readonly name: string;
  /** The program that changes: `solution`, `variant/three-lines`, … */
  readonly of: string;
  /** Of a wrong program. */
  readonly expects?: Expectation;
  /** What the program does, in one sentence. */
  readonly does: string;
  /** Of a wrong program: what is wrong in its code, and what comes of it, as a learner would be told. */
  readonly cause?: string;
  readonly changes: readonly Change[];
  /** Its first line, and the one behind its last. */
  readonly line: number;
  readonly end: number;
}

/** Why a part of a file cannot be read. */
export interface EditProblem {
  readonly line: number;
  readonly text: string;
  /** Of the entry, where it is known. */
  readonly name?: string;
}

/** The entries of a file; what cannot be read is told, and the others are there all the same. */
export interface EditFile {
  readonly entries: readonly Entry[];
  readonly problems: readonly EditProblem[];
}

class Unreadable extends Error {
  constructor(
    readonly line: number,
    text: string,
  ) {
    super(text);
  }
}

/** Behind a last line that has no line end, as in a unified diff. */
export const NO_LINE_END = '\\ No newline at end of file';
const fields = ['fails', 'breaks', 'does', 'cause', 'of'] as const;
type Field = (typeof fields)[number];

/**
 * Reads the entries of a file of edits.
 * @param role what the entries are: a mutant says what it fails, and why; a variant does not
 * @param options `drafts`: also entries in which a question mark stands for what is not known yet
 */
export function parseEdits(
  text: string,
  role: 'mutant' | 'variant',
  { drafts = false }: { readonly drafts?: boolean } = {},
): EditFile {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, at) => (line.startsWith('## ') ? [at] : []));
  const entries: Entry[] = [];
  const problems: EditProblem[] = [];
  const taken = new Map<string, number>();
  for (const [turn, start] of starts.entries()) {
    const name = (lines[start] ?? '').slice(3).trim();
    try {
      const end = starts[turn + 1] ?? lines.length;
      const entry = parseEntry(lines, name, start, end, role, drafts);
      for (const part of new Set(entry.changes.map(one => one.part))) {
        const before = taken.get(`${name} ${part}`);
        if (before !== undefined) {
          throw new Unreadable(start + 1, `${name} is there twice in ${part}: see line ${before}`);
        }
        taken.set(`${name} ${part}`, entry.line);
      }
      entries.push(entry);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      problems.push({ line: error.line, text: error.message, name });
    }
  }
  return { entries, problems };
}

function parseEntry(
  lines: readonly string[],
  name: string,
  start: number,
  end: number,
  role: 'mutant' | 'variant',
  drafts: boolean,
): Entry {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    throw new Unreadable(start + 1, `"${name}" is no name: small letters, digits and hyphens`);
  }
  const header = new Map<Field, string>();
  let at = start + 1;
  for (; at < end; at++) {
    const line = (lines[at] ?? '').trim();
    if (line.startsWith('@@')) break;
    if (line === '') continue;
    const [, key, value] = /^([a-z]+): *(.*)$/.exec(line) ?? [];
    const field = fields.find(one => one === key);
    if (field === undefined || value === undefined) {
      throw new Unreadable(at + 1, `expected one of ${fields.join(', ')} or @@, but read: ${line}`);
    }
    if (header.has(field)) throw new Unreadable(at + 1, `${field} is there twice`);
    const open = /^\??$/.test(value);
    if (open && !drafts) throw new Unreadable(at + 1, `${field} is still to be written`);
    if (!open) header.set(field, value);
  }
  const all: readonly Field[] = role === 'mutant' ? ['fails', 'does', 'cause'] : ['does'];
  const needed = drafts ? [] : all;
  for (const field of needed) {
    if (!header.has(field)) throw new Unreadable(start + 1, `${name} does not say "${field}: …"`);
  }
  const fails = header.get('fails');
  const cause = header.get('cause');
  const breaks = header.get('breaks');
  if (role === 'variant' && (fails ?? cause ?? breaks) !== undefined) {
    throw new Unreadable(start + 1, `${name} is right: it has no "fails", "breaks" or "cause"`);
  }
  const changes = parseChanges(lines, at, end);
  if (changes.length === 0) throw new Unreadable(start + 1, `${name} changes nothing`);
  return {
    name,
    of: header.get('of') ?? 'solution',
    ...(fails === undefined
      ? {}
      : { expects: { ...expectation(fails, start + 1), ...sentences(breaks, start + 1) } }),
    does: header.get('does') ?? '',
    ...(cause === undefined ? {} : { cause }),
    changes,
    line: start + 1,
    end: end + 1,
  };
}

function expectation(text: string, line: number): Expectation {
  const expects = expectationOf(text);
  if (expects) return expects;
  throw new Unreadable(line, `"fails: ${text}" is not of the form "fails: T1, T2 as mistake"`);
}

function sentences(text: string | undefined, line: number): Pick<Expectation, 'breaks'> {
  if (text === undefined) return {};
  const ids = text.split(/, */);
  if (ids.every(isSentenceId)) return { breaks: ids };
  throw new Unreadable(line, `"breaks: ${text}" is not of the form "breaks: C1, C2"`);
}

const isSentenceId = (text: string): text is SentenceId => /^[CG][1-9]\d*$/.test(text);

/** Reads `T1, T2 as mistake`; undefined when it is something else. */
export function expectationOf(text: string): Expectation | undefined {
  const [, ids, mistake] = /^([TU]\d+(?:, *[TU]\d+)*) as ([a-z0-9-]+)$/.exec(text.trim()) ?? [];
  if (ids === undefined || mistake === undefined) return undefined;
  return { mistake, fails: ids.split(/, */) };
}

function parseChanges(lines: readonly string[], from: number, end: number): Change[] {
  const changes: (Change & { hunks: Hunk[] })[] = [];
  let at = from;
  while (at < end) {
    const words = (lines[at] ?? '').trim().split(/\s+/).slice(1);
    const start = at + 1;
    at = start;
    while (at < end && !lines[at]?.startsWith('@@')) at++;
    const hunk = { line: start + 1, lines: hunkLines(lines.slice(start, at), start + 1) };
    const last = changes.at(-1);
    if (words.length === 0) {
      if (last === undefined)
        throw new Unreadable(start, `the first @@ says whose change it is: @@ ${parts.join(', ')}`);
      if (last.kind === 'edit') last.hunks.push(hunk);
      else throw new Unreadable(start, `a file that is ${last.kind} has no other place`);
    } else {
      const change = { ...changeOf(words, start), hunks: hunk.lines.length > 0 ? [hunk] : [] };
      const same = changes.find(one => one.part === change.part && one.file === change.file);
      if (same) {
        throw new Unreadable(
          start,
          `${change.part} ${change.file} is there twice: another place of it begins with @@ alone`,
        );
      }
      changes.push(change);
    }
  }
  for (const { kind, hunks, file, line } of changes) {
    if (kind === 'edit' && (hunks.length === 0 || hunks.some(one => one.lines.length === 0)))
      throw new Unreadable(line, `no lines follow @@ of ${file}`);
    if ((kind === 'deleted' || kind === 'whole') && hunks.length > 0)
      throw new Unreadable(line, `${file} is ${kind}: no lines follow`);
    if (kind === 'new' && hunks.some(one => one.lines.some(({ sign }) => sign !== '+')))
      throw new Unreadable(line, `${file} is new: all its lines begin with +`);
  }
  return changes;
}

function changeOf(words: readonly string[], line: number): Omit<Change, 'hunks'> {
  const [first, ...rest] = words;
  const part = parts.find(one => one === first);
  if (part === undefined) {
    throw new Unreadable(line, `"${first}" is none of ${parts.join(', ')}`);
  }
  const kind = (['new', 'deleted', 'whole'] as const).find(one => one === rest.at(-1));
  const [file = part === 'config' ? undefined : entryFile(part), ...more] = kind
    ? rest.slice(0, -1)
    : rest;
  if (file === undefined) throw new Unreadable(line, '@@ config is followed by the name of a file');
  if (more.length > 0) {
    throw new Unreadable(line, `after the file comes new, deleted or whole, not "${more[0]}"`);
  }
  if (file.split(/[/\\]/).includes('..') || /^([/\\]|[A-Za-z]:)/.test(file)) {
    throw new Unreadable(line, `${file} is outside of the exercise`);
  }
  return { part, file, kind: kind ?? 'edit', line };
}

/** An editor may have taken the space of an empty line; empty lines behind the last one are air. */
function hunkLines(lines: readonly string[], first: number): HunkLine[] {
  const made: HunkLine[] = [];
  const end = lines.findLastIndex(line => line.trimEnd() !== '' || /^[ +-]/.test(line)) + 1;
  for (const [at, line] of lines.slice(0, end).entries()) {
    const sign = ([' ', '-', '+'] as const).find(one => one === line[0]);
    const last = made.at(-1);
    if (sign !== undefined) made.push({ sign, text: `${line.slice(1)}\n` });
    else if (line.trimEnd() === '') made.push({ sign: ' ', text: `${line}\n` });
    else if (line.trimEnd() === NO_LINE_END && last?.text.endsWith('\n'))
      made[made.length - 1] = { ...last, text: last.text.slice(0, -1) };
    else
      throw new Unreadable(
        first + at,
        `a line of a change begins with a space, - or +; this one reads: ${line}`,
      );
  }
  return made;
}
