/** Pseudonyms for a class: stable, and reversible by whoever has the key file. */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeAtomic } from '../course/atomic.js';
import { UsageError } from '../course/errors.js';
import type { ClassGrades, Learner, LearnerGrade } from './types.js';

const SCHEMA = 'mqtt-course/pseudonyms/1';

const file = z.object({
  schema: z.literal(SCHEMA),
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** What each pseudonym stands for. */
  names: z.record(z.string(), z.object({ id: z.string(), name: z.string().optional() })),
});

/** Names on one side, pseudonyms on the other. */
export interface Pseudonyms {
  /** The pseudonym of a learner, or of a file that nobody stands for. */
  readonly of: (id: string, kind?: 'learner' | 'file') => string;
  /** What a pseudonym stands for; undefined for a text that is none. */
  readonly behind: (
    pseudonym: string,
  ) => { readonly id: string; readonly name?: string } | undefined;
  /** Writes the mapping down, beside the key. */
  readonly save: () => void;
}

/**
 * Opens a key file, or makes one that only its owner can read. The pseudonym of an id depends on the
 * key and the id alone: the same in every run and on every machine that has the file.
 * @throws UsageError when the file is something else
 */
export function openPseudonyms(path: string): Pseudonyms {
  const { key, names: known } = readOrMake(path);
  const names = new Map(Object.entries(known));
  const of = (id: string, kind: 'learner' | 'file' = 'learner', called?: string): string => {
    const hash = createHmac('sha256', Buffer.from(key, 'hex')).update(`${kind}\0${id}`).digest();
    const code = letters(hash);
    for (let length = 7; ; length++) {
      const pseudonym = `${kind}-${code.slice(0, length)}`;
      const taken = names.get(pseudonym);
      if (taken && taken.id !== id) continue;
      const name = called ?? taken?.name;
      names.set(pseudonym, { id, ...(name === undefined ? {} : { name }) });
      return pseudonym;
    }
  };
  return {
    of,
    behind: pseudonym => {
      const found = names.get(pseudonym);
      return found && { id: found.id, ...(found.name === undefined ? {} : { name: found.name }) };
    },
    save: () => {
      const sorted = Object.fromEntries([...names].sort(([a], [b]) => (a < b ? -1 : 1)));
      const content = { schema: SCHEMA, key, names: sorted };
      writeAtomic(path, `${JSON.stringify(content, null, 2)}\n`, 0o600);
    },
  };
}

function readOrMake(path: string): z.infer<typeof file> {
  const made = { schema: SCHEMA, key: randomBytes(32).toString('hex'), names: {} } as const;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
    return { ...made, names: {} };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new UsageError(`the key file ${path} cannot be made: ${message}`);
  }
  try {
    return file.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new UsageError(
      `${path} is no key file for pseudonyms. Name a file that does not exist, and one is made: --pseudonyms class-key.json`,
    );
  }
}

/** Letters and digits that cannot be taken for one another when read aloud or typed. */
function letters(hash: Buffer): string {
  const alphabet = '23456789abcdefghjkmnpqrstuvwxyz';
  return [...hash].map(byte => alphabet[byte % alphabet.length] ?? '').join('');
}

/**
 * The same grades without a name: ids, names, email addresses and names of files become pseudonyms,
 * and where a learner wrote the own name or id into a program, it is replaced there too. Sorted
 * by pseudonym, so that the order tells nothing either.
 */
export function maskGrades(grades: ClassGrades, pseudonyms: Pseudonyms): ClassGrades {
  const byId = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const file = (name: string) => pseudonyms.of(name, 'file');
  return {
    ...grades,
    learners: grades.learners
      .map(one => maskLearner(one, pseudonyms))
      .sort((a, b) => byId(a.learner.id, b.learner.id)),
    absent: grades.absent.map(id => pseudonyms.of(id)).sort(byId),
    unexpected: grades.unexpected.map(file).sort(byId),
    unreadable: grades.unreadable
      .map(one => ({
        submission: file(one.submission),
        reason: withoutFiles(
          one.reason,
          grades.learners.find(other => other.submission === one.submission),
          file,
        ),
      }))
      .sort((a, b) => byId(a.submission, b.submission)),
  };
}

function maskLearner(one: LearnerGrade, pseudonyms: Pseudonyms): LearnerGrade {
  const id = maskedId(one.learner, pseudonyms);
  const { submission, others, ...rest } = one;
  const file = (name: string) => pseudonyms.of(name, 'file');
  const lessons = maskDeep(one.lessons, one.learner, pseudonyms).map(lesson => ({
    ...lesson,
    ...(lesson.unreadable === undefined
      ? {}
      : { unreadable: withoutFiles(lesson.unreadable, one, file) }),
    notices: lesson.notices.map(notice => withoutFiles(notice, one, file)),
  }));
  return {
    ...rest,
    learner: { id },
    ...(submission === undefined ? {} : { submission: id }),
    ...(others === undefined ? {} : { others: others.map(file) }),
    ...(one.comments ? { comments: maskDeep(one.comments, one.learner, pseudonyms) } : {}),
    lessons,
  };
}

/** A text without the names of what a learner handed in: platforms put the learner's name into them. */
function withoutFiles(
  text: string,
  one: LearnerGrade | undefined,
  file: (name: string) => string,
): string {
  const names = [one?.submission, ...(one?.others ?? [])].filter(name => name !== undefined);
  return names
    .filter(name => name.length > 2)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, name) => rest.replaceAll(name, file(name)), text);
}

function maskedId(learner: Learner, pseudonyms: Pseudonyms): string {
  const named = pseudonyms.of as (id: string, kind: 'learner', name?: string) => string;
  return named(learner.id, 'learner', learner.name);
}

/** Where a learner's own words can stand; what the course says itself is never touched. */
const OWN_WORDS = new Set([
  ...['seen', 'notices', 'stdout', 'stderr', 'bundle', 'clientId', 'username', 'topic'],
  ...['filter', 'filters', 'text', 'error', 'source', 'reason', 'unreadable', 'others'],
]);

/**
 * A value in which a learner's own words name the pseudonym instead of the learner. Short names and
 * short numbers stay: they could be anything.
 */
export function maskDeep<Value>(value: Value, learner: Learner, pseudonyms: Pseudonyms): Value {
  const pseudonym = pseudonyms.of(learner.id);
  const words = [learner.id, learner.name, learner.email, ...Object.values(learner.ids ?? {})]
    .filter(word => word !== undefined)
    .filter(word => word.length >= (/^\d+$/.test(word) ? 6 : 5));
  if (words.length === 0) return value;
  const escaped = [...new Set(words)]
    .sort((a, b) => b.length - a.length)
    .map(word => word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  // A name inside a longer word is another word; numbers and ids end where letters and digits end.
  const pattern = new RegExp(
    `(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`,
    'giu',
  );
  const masked = (one: unknown, own: boolean): unknown => {
    if (typeof one === 'string') return own ? one.replace(pattern, pseudonym) : one;
    if (Array.isArray(one)) return one.map(inner => masked(inner, own));
    if (one === null || typeof one !== 'object') return one;
    const entries = Object.entries(one).map(([key, inner]) => [
      key,
      masked(inner, OWN_WORDS.has(key)),
    ]);
    return Object.fromEntries(entries);
  };
  return masked(value, false) as Value;
}

/** A text in which every known pseudonym is followed by whom it stands for. */
export function unmask(text: string, pseudonyms: Pseudonyms): string {
  return text.replace(/\b(?:learner|file)-[2-9a-z]{7,}/g, found => {
    const behind = pseudonyms.behind(found);
    if (!behind) return found;
    return behind.name === undefined ? behind.id : `${behind.name} (${behind.id})`;
  });
}
