import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../course/package-root.js';

/**
 * Mutants that may survive, with the reason: a reviewed file for each lesson.
 *
 *     # permitted: no sentence says with which code a program ends
 *     typescript solution number-changed: process.exit(1); | 1 → 0
 *
 * A reason holds for the lines below it. `equivalent`: no exchange could tell it from a right
 * program; `permitted`: what it does differently breaks no sentence of the contract. A line that
 * begins with > is for people.
 */
export interface Excuse {
  readonly id: string;
  readonly kind: 'equivalent' | 'permitted';
  readonly reason: string;
  readonly line: number;
}

/** What cannot be read, and what is there twice. */
export interface ExcuseProblem {
  readonly line: number;
  readonly text: string;
}

export function excusedFile(lesson: string, root = packageRoot()): string {
  return join(root, 'checker', 'prove', 'mutate', 'excused', `${lesson}.txt`);
}

export function readExcuses(lesson: string, root = packageRoot()) {
  const file = excusedFile(lesson, root);
  return parseExcuses(existsSync(file) ? readFileSync(file, 'utf8') : '');
}

export function parseExcuses(text: string): {
  readonly excuses: ReadonlyMap<string, Excuse>;
  readonly problems: readonly ExcuseProblem[];
} {
  const excuses = new Map<string, Excuse>();
  const problems: ExcuseProblem[] = [];
  let reason: Pick<Excuse, 'kind' | 'reason'> | undefined;
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('>')) continue;
    if (line.startsWith('#') && !excuses.has(line)) {
      const [, kind, words] = /^# (equivalent|permitted): (.*\S)$/.exec(line) ?? [];
      reason = undefined;
      if (words !== undefined && (kind === 'equivalent' || kind === 'permitted'))
        reason = { kind, reason: words };
      else
        problems.push({
          line: at + 1,
          text: `a reason reads "# equivalent: …" or "# permitted: …", not: ${line}`,
        });
    } else if (!reason) {
      problems.push({ line: at + 1, text: `no reason stands above: ${line}` });
    } else if (excuses.has(line)) {
      problems.push({
        line: at + 1,
        text: `it is excused in line ${excuses.get(line)?.line}, too: ${line}`,
      });
    } else {
      excuses.set(line, { id: line, ...reason, line: at + 1 });
    }
  }
  return { excuses, problems };
}
