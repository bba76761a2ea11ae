import { File, FingerprintIndex, Region, TokenizedFile } from '@dodona/dolos-core';
import type { Track } from '../../checker/index.js';
import { type Token, tokensOf } from './tokens.js';

/** One learner's program for a lesson. */
export interface Handed {
  readonly learner: string;
  readonly lesson: string;
  readonly track: Track;
  readonly source: string;
  /** Its syntax, where it was parsed before: in a process of its own. */
  readonly tokens?: readonly Token[];
}

/** Lines of a fragment that both have; they count from 1. */
export interface Fragment {
  readonly left: { readonly from: number; readonly to: number };
  readonly right: { readonly from: number; readonly to: number };
}

/** Two programs that are alike. Something to look at, no proof of anything. */
export interface SimilarPair {
  readonly lesson: string;
  readonly track: Track;
  readonly left: Handed;
  readonly right: Handed;
  /** Share of both programs that stands in both, 0 to 1; what the stub has does not count. */
  readonly similarity: number;
  /** Length of the longest fragment, in tokens of the syntax. */
  readonly longest: number;
  readonly fragments: readonly Fragment[];
}

export interface SimilarityOptions {
  /** The pristine stub of a lesson and track: what it has is nobody's. */
  readonly stub: (lesson: string, track: Track) => string | undefined;
  /** Pairs below this are not listed, 0 to 1. */
  readonly threshold?: number;
}

/** Tokens of a fingerprint, and fingerprints of which one is kept: for programs of some fifty lines. */
const KGRAM = 17;
const WINDOW = 6;
/** Independent right programs of the course stay below it; copies with other names are above. */
export const THRESHOLD = 0.6;
/** Less than so many tokens of one's own say nothing: there are only so many ways to write them. */
const LEAST_OWN = 40;
/** Fingerprints that only few have and both of a pair do. */
const LEAST_RARE = 2;
/** What so many have is how the exercise is solved, and points at nobody. */
const commonIn = (files: number) => Math.max(8, Math.ceil(files / 3));

/**
 * The pairs of programs that are alike, the most similar first, within each lesson and track. Only
 * reads the texts. Compares by an index of fingerprints, not each with each.
 */
export function similarPairs(handed: readonly Handed[], options: SimilarityOptions): SimilarPair[] {
  const groups = new Map<string, Handed[]>();
  for (const one of handed) {
    const key = `${one.lesson} ${one.track}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()]
    .flatMap(group => pairsOf(group, options))
    .sort(
      (a, b) =>
        b.similarity - a.similarity || b.longest - a.longest || (nameOf(a) < nameOf(b) ? -1 : 1),
    );
}

const nameOf = ({ lesson, left, right }: SimilarPair) =>
  `${lesson} ${left.learner} ${right.learner}`;

function pairsOf(group: readonly Handed[], options: SimilarityOptions): SimilarPair[] {
  const [first] = group;
  if (!first) return [];
  const sorted = [...group].sort((a, b) => (a.learner < b.learner ? -1 : 1));
  const index = new FingerprintIndex(KGRAM, WINDOW);
  const stub = options.stub(first.lesson, first.track);
  if (stub !== undefined)
    index.addIgnoredFile(tokenized('stub', stub, tokensOf(stub, first.track)));
  const files = sorted.map(one =>
    tokenized(one.learner, one.source, one.tokens ?? tokensOf(one.source, one.track)),
  );
  index.addFiles(files);
  const common = commonIn(group.length);
  const byFile = new Map(files.map((file, at) => [file.id, at]));
  const met = new Map<string, number>();
  for (const shared of index.sharedFingerprints()) {
    if (shared.ignored || shared.fileCount() < 2 || shared.fileCount() > common) continue;
    const places = shared
      .files()
      .flatMap(file => byFile.get(file.id) ?? [])
      .sort((a, b) => a - b);
    for (const [at, a] of places.entries()) {
      for (const b of places.slice(at + 1)) {
        met.set(`${a} ${b}`, (met.get(`${a} ${b}`) ?? 0) + 1);
      }
    }
  }
  const threshold = options.threshold ?? THRESHOLD;
  return [...met].flatMap(([key, rare]): SimilarPair[] => {
    if (rare < LEAST_RARE) return [];
    const [a = 0, b = 0] = key.split(' ').map(Number);
    const [left, right] = [sorted[a], sorted[b]];
    const [leftFile, rightFile] = [files[a], files[b]];
    if (!left || !right || !leftFile || !rightFile) return [];
    const pair = index.getPair(leftFile, rightFile);
    const own = Math.min(pair.leftTotal - pair.leftIgnored, pair.rightTotal - pair.rightIgnored);
    // Fragments reach into what the stub has, so more than everything may seem to be alike.
    const share = Math.min(1, pair.similarity);
    if (own < LEAST_OWN || share < threshold) return [];
    const fragments = pair.buildFragments(2).map(one => ({
      left: { from: one.leftSelection.startRow + 1, to: one.leftSelection.endRow + 1 },
      right: { from: one.rightSelection.startRow + 1, to: one.rightSelection.endRow + 1 },
    }));
    const { lesson, track } = left;
    const similarity = Math.round(share * 1000) / 1000;
    return [{ lesson, track, left, right, similarity, longest: pair.longest, fragments }];
  });
}

function tokenized(name: string, source: string, tokens: readonly Token[]): TokenizedFile {
  const lines = lineStarts(source);
  return new TokenizedFile(
    new File(name, source),
    tokens.map(token => token.kind),
    tokens.map(({ from, to }) => {
      const start = placeOf(lines, from);
      const end = placeOf(lines, Math.max(from, to));
      return new Region(start.row, start.column, end.row, end.column);
    }),
  );
}

function lineStarts(source: string): number[] {
  return [0, ...[...source.matchAll(/\n/g)].map(match => match.index + 1)];
}

function placeOf(lines: readonly number[], at: number): { row: number; column: number } {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lines[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return { row: low, column: at - (lines[low] ?? 0) };
}
