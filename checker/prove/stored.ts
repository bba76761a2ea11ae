import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { filesUnder } from '../../course/index.js';
import { packageRoot } from '../../course/package-root.js';
import type { Recordings } from '../harness/judge.js';

/*
 * Recordings of proofs, kept so that a change in a check or in a text is proven in seconds: checks
 * are pure functions of a recording. Whatever could change what is recorded is in the key: the
 * program, what its scenarios and the harness are made of, the kit, the libraries and the seed.
 */

/** What one program left behind when it was last played. */
export interface StoredPlay {
  readonly seed: string;
  readonly recordings: Recordings;
}

/** Why there is no recording to judge again. */
export type Stale = 'never played' | 'the program changed' | 'what plays it changed' | 'other seed';

/** A program that had to be played. */
export interface StalePlay {
  /** `05-wildcards python mutant/star`. */
  readonly id: string;
  readonly why: Stale;
}

export interface PlayKey {
  /** Hash of the program's own files. */
  readonly program: string;
  /** Hash of what plays it: see `playHash`. */
  readonly play: string;
}

interface Stored extends StoredPlay {
  readonly key: PlayKey;
}

export interface ProofStore {
  find(id: string, key: PlayKey, seed: string | undefined): StoredPlay | Stale;
  keep(id: string, key: PlayKey, play: StoredPlay): void;
}

/** Opens the store in a folder, which is made when something is kept. */
export function openProofStore(folder: string): ProofStore {
  const fileOf = (id: string) => join(folder, `${id.replaceAll(/[^\w.-]+/g, '-')}.json.gz`);
  return {
    find: (id, key, seed) => {
      const stored = read(fileOf(id));
      if (!stored) return 'never played';
      if (stored.key.program !== key.program) return 'the program changed';
      if (stored.key.play !== key.play) return 'what plays it changed';
      if (seed !== undefined && stored.seed !== seed) return 'other seed';
      return { seed: stored.seed, recordings: stored.recordings };
    },
    keep: (id, key, { seed, recordings }) => {
      mkdirSync(folder, { recursive: true });
      const stored: Stored = { key, seed, recordings };
      const file = fileOf(id);
      writeFileSync(`${file}.new`, gzipSync(JSON.stringify(stored), { level: 1 }));
      renameSync(`${file}.new`, file);
    },
  };
}

/** A file that is damaged, or of another version, counts as not there. */
function read(file: string): Stored | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const stored = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Partial<Stored>;
    const { key, seed, recordings } = stored;
    return key && seed !== undefined && recordings ? { key, seed, recordings } : undefined;
  } catch {
    return undefined;
  }
}

/** Hash of a program: the names and contents of its files, in any order. */
export function programHash(files: ReadonlyMap<string, string | Uint8Array>): string {
  const hash = createHash('sha256');
  for (const name of [...files.keys()].sort()) {
    hash.update(`${name}\n${sha256(files.get(name) ?? '')}\n`);
  }
  return hash.digest('hex');
}

/**
 * Hash of everything that plays a program of a lesson: the modules in which its scenarios are made,
 * the harness as far as it performs, the tap, the broker, the kit, the libraries. What only judges
 * is left out: checks, detectors, their texts.
 * @param runtime versions of what runs the program, such as `v20.20.2 paho-mqtt 1.6.1`
 */
export function playHash(lesson: string, runtime: string): string {
  return modulesHash(playModules(lesson), runtime);
}

/** Hash of everything that plays a program of a lesson, and of everything that judges it. */
export function lessonHash(lesson: string, runtime: string): string {
  const checker = join(packageRoot(), 'dist', 'checker');
  const judging = reached([
    join(checker, 'harness', 'judge.js'),
    join(checker, 'lessons', `${lesson}.test.js`),
  ]).map(relativeName);
  return modulesHash([...new Set([...playModules(lesson), ...judging])].sort(), runtime);
}

const relativeName = (path: string) => relative(packageRoot(), path).split(sep).join('/');

function modulesHash(modules: readonly string[], runtime: string): string {
  const hash = createHash('sha256').update(`${runtime}\n`);
  const add = (name: string, path: string) =>
    hash.update(`${name}\n${sha256(readFileSync(path))}\n`);
  for (const name of modules) add(name, join(packageRoot(), name));
  for (const folder of ['dist/vendor', 'exercises/kit']) {
    for (const { name, path } of filesUnder(join(packageRoot(), folder))) {
      if (/\.(js|mjs|cjs|ts|py)$/.test(name)) add(name, path);
    }
  }
  return hash.digest('hex');
}

/** The built modules that play a lesson's scenarios, relative to the course. */
export function playModules(lesson: string): string[] {
  const checker = join(packageRoot(), 'dist', 'checker');
  return reached([
    join(checker, 'harness', 'perform.js'),
    join(checker, 'program', 'prepare.js'),
    ...scenarioModules(join(checker, 'lessons'), lesson),
  ]).map(relativeName);
}

/** The modules of a lesson that make a scenario; in such a file a check belongs to what plays. */
function scenarioModules(lessons: string, lesson: string): string[] {
  const own = existsSync(join(lessons, lesson)) ? filesUnder(join(lessons, lesson)) : [];
  return [join(lessons, `${lesson}.test.js`), ...own.map(one => one.path)].filter(
    path =>
      path.endsWith('.js') && existsSync(path) && /\bscenario\(/.test(readFileSync(path, 'utf8')),
  );
}

/** Files that these import, and those, and so on; sorted. */
function reached(entries: readonly string[]): string[] {
  const all = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (all.has(path) || !existsSync(path)) continue;
    all.add(path);
    for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
      waiting.push(resolve(dirname(path), specifier));
    }
  }
  return [...all].sort();
}

/** As esbuild prints imports of our own files. */
const IMPORT = /(?:\bfrom|\bimport\(?)\s*"(\.{1,2}\/[^"]+)"/g;

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
