import { inShard, type Shard } from '../shard.js';
import type { Member } from '../store.js';
import type { Submission, SubmissionList } from '../submissions/index.js';
import type { Learner } from '../types.js';

/** Who is to be graded here. */
export interface ClassPlan {
  /** Everybody of the class that belongs here, sorted by id. */
  readonly members: readonly Member[];
  /** Those of them whose submission is graded now. */
  readonly submissions: readonly Submission[];
  readonly unexpected: readonly string[];
  readonly unreadable: readonly { readonly submission: string; readonly reason: string }[];
  readonly notices: readonly string[];
}

export interface PlanOptions {
  readonly roster?: readonly Learner[];
  readonly shard?: Shard;
  /** Ids, names of learners or of submissions; only these are graded, the others stay as they are. */
  readonly only?: readonly string[];
}

/** Sorts what was found into the class. @returns also which names of `only` fit nobody */
export function planClass(
  list: SubmissionList,
  { roster = [], shard, only }: PlanOptions,
): ClassPlan & { readonly unmatched: readonly string[] } {
  const here = (id: string) => shard === undefined || inShard(id, shard);
  const submissions = list.submissions.filter(one => here(one.learner.id));
  const submitted = new Set(list.submissions.map(one => one.learner.id));
  const absent = new Set(list.absent);
  const members: Member[] = [
    ...submissions.map(
      ({ learner, name, submittedAt, submittedAtFrom, markedLate, others, problem }): Member => ({
        learner,
        submission: name,
        ...(submittedAt === undefined ? {} : { submittedAt }),
        ...(submittedAtFrom === undefined ? {} : { submittedAtFrom }),
        ...(markedLate ? { markedLate } : {}),
        ...(others ? { others } : {}),
        ...(problem === undefined ? {} : { unreadable: problem }),
        notices: [],
      }),
    ),
    ...roster
      .filter(learner => !submitted.has(learner.id) && here(learner.id))
      .map(
        (learner): Member => ({
          learner,
          ...(absent.has(learner.id)
            ? {}
            : { unreadable: 'nothing of what was handed in could be read' }),
          notices: [],
        }),
      ),
  ].sort((a, b) => (a.learner.id < b.learner.id ? -1 : 1));
  const names = ({ learner, name }: Submission) =>
    [learner.id, learner.name, learner.email, name, ...Object.values(learner.ids ?? {})].map(one =>
      one?.toLowerCase(),
    );
  const wanted = only?.map(one => one.toLowerCase());
  return {
    members,
    submissions: submissions.filter(
      one => !wanted || names(one).some(name => name !== undefined && wanted.includes(name)),
    ),
    unexpected: list.unexpected.filter(here),
    unreadable: list.unreadable.filter(one => here(one.submission)),
    notices: list.notices,
    unmatched: (only ?? []).filter(
      one => !list.submissions.some(submission => names(submission).includes(one.toLowerCase())),
    ),
  };
}
