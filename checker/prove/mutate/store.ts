import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Outcome } from './play.js';

/** What came of mutants, kept so that a run that was ended goes on where it was. */
export interface OutcomeStore {
  /** Of this mutant, played by and judged by just these modules. */
  find(key: string): Outcome | undefined;
  /** What came of the mutant of this name when it was last played, whatever has changed since. */
  last(id: string): Outcome | undefined;
  keep(key: string, id: string, outcome: Outcome): void;
}

interface Line {
  readonly key: string;
  readonly id: string;
  readonly outcome: Outcome;
}

/** Opens the store of a lesson and track. Several processes may write to it: a line at a time. */
export function openOutcomes(folder: string, name: string): OutcomeStore {
  const file = join(folder, `${name}.jsonl`);
  const found = new Map<string, Outcome>();
  const last = new Map<string, Outcome>();
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const one = read(line);
    if (!one) continue;
    found.set(one.key, one.outcome);
    last.set(one.id, one.outcome);
  }
  return {
    find: key => found.get(key),
    last: id => last.get(id),
    keep: (key, id, outcome) => {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, `${JSON.stringify({ key, id, outcome } satisfies Line)}\n`);
      found.set(key, outcome);
      last.set(id, outcome);
    },
  };
}

/** A line that was cut when a run was ended counts as not there. */
function read(line: string): Line | undefined {
  try {
    const { key, id, outcome } = JSON.parse(line) as Partial<Line>;
    return key && id && outcome ? { key, id, outcome } : undefined;
  } catch {
    return undefined;
  }
}
