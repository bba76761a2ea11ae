import type { Check, Diagnosis } from './check.js';
import type { DetectorContext } from './detectors/index.js';
import {
  failed,
  firstCause,
  judge,
  look,
  type ProvisionalVerdict,
  patternFor,
  type Recordings,
} from './judge.js';
import { type Lesson, scenariosOf } from './lesson.js';
import type { Recording } from './recording.js';
import type { Verdict } from './result.js';

/** A failure that the result will hold as it is, whatever is still to be recorded. */
export interface FirstFailure {
  readonly verdict: Verdict;
  /** The exchange that it is about. */
  readonly recording: Recording;
}

/** What is known of a check: `open` while a scenario that could change it is still played. */
type State = 'passed' | 'failed' | 'explained' | 'not-reached' | 'unknown' | 'open';

/**
 * Of the scenarios recorded so far: the first check in the lesson's order whose failure is certain.
 * Certain is what `judge` will say of it with all recordings, word for word: the checks that it needs
 * have passed, the detectors have nothing earlier to say, and no diagnosis can speak for it any more.
 */
export function certainFailure(
  lesson: Lesson,
  recordings: Recordings,
  context: DetectorContext,
): FirstFailure | undefined {
  const looks = new Map<string, ProvisionalVerdict>();
  for (const check of lesson.checks) {
    const first = lookSoFar(check, recordings);
    if (first) looks.set(check.id, first);
  }
  const states = statesOf(lesson, looks, context);
  let everyBefore = true;
  for (const check of lesson.checks) {
    const first = looks.get(check.id);
    const state = states.get(check.id);
    if (first?.status === 'failed' && (state === 'explained' || state === 'failed')) {
      const verdict =
        state === 'failed'
          ? saidOf(check, lesson, looks, states, recordings, context)
          : // The first check that leads to a detector gives its words.
            everyBefore && causeOf(check, first.recording, context);
      if (verdict) return { verdict, recording: first.recording };
    }
    everyBefore &&= state !== 'open';
  }
  return undefined;
}

/** The look at a check, where its later scenarios cannot change it any more. */
function lookSoFar(check: Check, recordings: Recordings): ProvisionalVerdict | undefined {
  const scenarios = scenariosOf(check);
  const missing = scenarios.findIndex(({ name }) => recordings[name] === undefined);
  if (missing < 0) return look(check, recordings);
  const first = look({ ...check, on: scenarios.slice(0, missing) }, recordings);
  return first.status === 'passed' ? undefined : first;
}

function statesOf(
  lesson: Lesson,
  looks: ReadonlyMap<string, ProvisionalVerdict>,
  context: DetectorContext,
): ReadonlyMap<string, State> {
  const states = new Map<string, State>();
  const stateOf = (check: Check): State => {
    const needs = (check.needs ?? []).map(need => states.get(need));
    if (needs.some(one => one !== 'passed' && one !== 'open')) return 'not-reached';
    const first = looks.get(check.id);
    if (!first || needs.includes('open')) return 'open';
    if (first.status !== 'failed') return first.status;
    return firstCause(check, first.recording, context) ? 'explained' : 'failed';
  };
  for (const check of lesson.checks) states.set(check.id, stateOf(check));
  return states;
}

function causeOf(
  check: Check,
  recording: Recording,
  context: DetectorContext,
): Verdict | undefined {
  const cause = firstCause(check, recording, context);
  if (!cause) return undefined;
  const { id, title } = cause.detector;
  return failed({ id, title, clauses: [] }, cause.failure, recording.scenario);
}

/** What is said of a check that failed; undefined while a diagnosis may still change it, or covers it. */
function saidOf(
  { id }: Check,
  lesson: Lesson,
  looks: ReadonlyMap<string, ProvisionalVerdict>,
  states: ReadonlyMap<string, State>,
  recordings: Recordings,
  context: DetectorContext,
): Verdict | undefined {
  if (!isSettled(id, lesson.diagnoses, looks, states, context)) return undefined;
  const known = lesson.checks.filter(one => looks.has(one.id));
  const verdict = judge({ ...lesson, checks: known }, recordings, context).find(
    one => one.id === id,
  );
  return verdict?.status === 'failed' ? verdict : undefined;
}

/** Whether it is known what the diagnoses make of a failed check. Only the first that applies speaks. */
function isSettled(
  id: string,
  diagnoses: readonly Diagnosis[],
  looks: ReadonlyMap<string, ProvisionalVerdict>,
  states: ReadonlyMap<string, State>,
  context: DetectorContext,
): boolean {
  let another = false;
  for (const one of diagnoses) {
    const spokenOf = [one.leads, ...(one.covers ?? [])];
    const mine = spokenOf.includes(id);
    const lead = states.get(one.leads);
    if (lead !== 'failed' && lead !== 'open') continue;
    if (lead === 'open' || !spokenOf.every(name => looks.has(name))) {
      if (mine) return false;
      another = true;
    } else if (one.applies(patternFor(one, looks, context))) return !(mine && another);
  }
  return true;
}
