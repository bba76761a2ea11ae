import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesUnder } from '../../../course/index.js';
import { packageRoot } from '../../../course/package-root.js';
import type { Track } from '../../../course/track.js';
import { programHash } from '../stored.js';
import { excusedFile } from './excused.js';
import type { Mutant } from './mutants.js';

/** What came of all mutants of a lesson and track. */
export interface Rate {
  readonly lesson: string;
  readonly track: Track;
  readonly mutants: number;
  readonly killed: number;
  readonly excused: number;
  /** Survivors without an excuse. */
  readonly survived: number;
  /** Nothing could be told of these: the machine's or our own fault. */
  readonly unknown: number;
  /** Killed mutants of which can be said what a true message speaks of, and those that were told so. */
  readonly sampled: number;
  readonly named: number;
  /** Of what the figures are: see `markOf`. */
  readonly mark: string;
}

/** Of a hundred mutants that are not excused, so many are killed. */
export function killRate({ mutants, killed, excused }: Rate): number {
  return mutants === excused ? 100 : (100 * killed) / (mutants - excused);
}

/**
 * Hash of what the figures of a lesson and track depend on: its mutants, and so its programs and the
 * operators, its checks as they are written, and its excuses. The harness is left out: it changes
 * daily, and `npm test` proves it.
 */
export function markOf(lesson: string, mutants: readonly Mutant[], root = packageRoot()): string {
  const hash = createHash('sha256');
  for (const { id, files } of mutants) hash.update(`${id}\n${programHash(files)}\n`);
  const lessons = join(root, 'checker', 'lessons');
  const sources = [
    join(lessons, `${lesson}.test.ts`),
    ...(existsSync(join(lessons, lesson)) ? filesUnder(join(lessons, lesson)) : []).map(
      one => one.path,
    ),
    ...filesUnder(join(lessons, 'shared')).map(one => one.path),
    excusedFile(lesson, root),
  ];
  for (const path of sources.sort()) if (existsSync(path)) hash.update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

const ratesFile = (root: string) => join(root, 'checker', 'prove', 'mutate', 'rates.json');

/** The figures under review. */
export function readRates(root = packageRoot()): Rate[] {
  const file = ratesFile(root);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Rate[]) : [];
}

/** Writes these in place of what was there of the same lessons and tracks: a line for each. */
export function writeRates(rates: readonly Rate[], root = packageRoot()): void {
  const key = ({ lesson, track }: Rate) => `${lesson} ${track}`;
  const all = new Map([...readRates(root), ...rates].map(one => [key(one), one]));
  const lines = [...all.keys()].sort().map(name => `  ${JSON.stringify(all.get(name))}`);
  writeFileSync(ratesFile(root), `[\n${lines.join(',\n')}\n]\n`);
}
