import { type Clause, citedClauses, clause, clauses } from './clauses.js';

/** Where the lessons and checks of a course are, as far as clauses are concerned. */
export interface SpecMapSources {
  /** `text` is what the learner reads, citations included. */
  readonly lessons: readonly { readonly id: string; readonly text: string }[];
  /** `id` is the check's own (`T3`), `clauses` its citations. */
  readonly checks: readonly {
    readonly lesson: string;
    readonly id: string;
    readonly clauses: readonly string[];
  }[];
}

/** One clause and what the course has of it. Both lists empty: neither taught nor checked. */
export interface SpecMapEntry {
  readonly clause: Clause;
  /** Ids of the lessons whose text cites it, in the order given, each once. */
  readonly taughtIn: readonly string[];
  /** The checks that judge it, in the order given. */
  readonly checkedBy: readonly { readonly lesson: string; readonly id: string }[];
}

/**
 * For each 3.1.1 clause that binds a client (alone or with the server), where it is taught and by
 * what it is checked. In the order of the standard. Citations that name no clause are passed over.
 */
export function specMap({ lessons, checks }: SpecMapSources): SpecMapEntry[] {
  const taught = new Map<Clause, Set<string>>();
  for (const { id, text } of lessons) {
    for (const { clause: cited } of citedClauses(text)) {
      if (cited) taught.set(cited, (taught.get(cited) ?? new Set()).add(id));
    }
  }
  const checked = new Map<Clause, { lesson: string; id: string }[]>();
  for (const { lesson, id, clauses: citations } of checks) {
    for (const cited of new Set(citations.map(clause))) {
      if (cited) checked.set(cited, [...(checked.get(cited) ?? []), { lesson, id }]);
    }
  }
  return clauses
    .filter(one => one.version === '3.1.1' && one.binds !== 'server')
    .map(one => ({
      clause: one,
      taughtIn: [...(taught.get(one) ?? [])],
      checkedBy: checked.get(one) ?? [],
    }));
}
