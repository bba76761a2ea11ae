import type { PacketEntry } from '../../wire/index.js';
import {
  CannotTell,
  type Check,
  CheckFailure,
  type Diagnosis,
  type Failure,
  type FailurePattern,
  seenText,
} from './check.js';
import { type Detector, type DetectorContext, detectors } from './detectors/index.js';
import { type Lesson, scenariosOf } from './lesson.js';
import { misreadOption } from './matchers.js';
import type { Recording } from './recording.js';
import type { Verdict } from './result.js';

export type Recordings = Readonly<Record<string, Recording>>;

/** The first look at one check, before anything is known about the others. */
export type ProvisionalVerdict =
  | { readonly status: 'passed'; readonly remark?: string }
  | { readonly status: 'failed'; readonly failure: Failure; readonly recording: Recording }
  | { readonly status: 'unknown'; readonly reason: string; readonly scenario?: string };

/** Judges one check by itself: pure, and possible as soon as its scenarios are recorded. */
export function look(check: Check, recordings: Recordings): ProvisionalVerdict {
  let remark: string | undefined;
  for (const { name } of scenariosOf(check)) {
    const recording = recordings[name];
    if (!recording) return { status: 'unknown', reason: `scenario ${name} was not recorded` };
    if (recording.fault) return { status: 'unknown', reason: recording.fault, scenario: name };
    try {
      check.verify(recording);
      remark ??= check.remark?.(recording);
    } catch (error) {
      if (error instanceof CheckFailure)
        return { status: 'failed', failure: error.failure, recording };
      const reason =
        error instanceof CannotTell
          ? error.message
          : error instanceof Error
            ? (error.stack ?? error.message)
            : String(error);
      return { status: 'unknown', reason, scenario: name };
    }
  }
  return { status: 'passed', ...(remark ? { remark } : {}) };
}

/**
 * All verdicts of a lesson from its recordings: detectors that found a root cause first, then the
 * checks in order. A pure function, so a stored exchange can be judged again.
 */
export function judge(lesson: Lesson, recordings: Recordings, context: DetectorContext): Verdict[] {
  const looks = new Map(lesson.checks.map(check => [check.id, look(check, recordings)]));
  const found = findRootCauses(lesson, looks, context);
  const verdicts = new Map<string, Verdict>();
  for (const check of lesson.checks) {
    const waitsFor = (check.needs ?? []).filter(need => verdicts.get(need)?.status !== 'passed');
    const cause = found.explained.get(check.id);
    const first = looks.get(check.id) ?? { status: 'passed' };
    const roots = [...(cause ? [cause] : []), ...waitsFor];
    verdicts.set(
      check.id,
      waitsFor.length > 0 || (cause && first.status !== 'passed')
        ? notReached(check, [...new Set(roots.flatMap(id => verdicts.get(id)?.waitsFor ?? [id]))])
        : verdictOf(check, withHint(first, context)),
    );
  }
  diagnose(lesson, looks, verdicts, context);
  return [...found.verdicts, ...verdicts.values()];
}

/**
 * A hint (`option-ignored`): a failure about QoS that shows a packet at QoS 0, of a program whose text asks for
 * more in a form that the library ignores. A hint beside the reason, never a reason.
 */
function withHint(
  first: ProvisionalVerdict,
  { source, track }: DetectorContext,
): ProvisionalVerdict {
  if (first.status !== 'failed' || track !== 'typescript') return first;
  const { failure } = first;
  const about = /qos/i.test(`${failure.mistake} ${failure.expected}`);
  const seen = typeof failure.seen === 'string' ? [] : failure.seen;
  const hint =
    about && seen.some(one => typeof one !== 'string' && asksForQos0(one))
      ? misreadOption(source)
      : undefined;
  if (!hint) return first;
  return {
    ...first,
    failure: { ...failure, try: `${failure.try}. In your file it may be this: ${hint}` },
  };
}

function asksForQos0({ direction, packet }: PacketEntry): boolean {
  if (direction !== 'to-broker') return false;
  if (packet.type === 'SUBSCRIBE') return packet.filters.some(one => one.qos === 0);
  return packet.type === 'PUBLISH' && packet.qos === 0;
}

function verdictOf(check: Check, first: ProvisionalVerdict): Verdict {
  const base = { id: check.id, title: check.title, clauses: check.clauses, packets: [] };
  if (first.status === 'passed') return { ...base, ...first };
  if (first.status === 'unknown') {
    return {
      ...base,
      status: 'unknown',
      seen: first.reason,
      ...(first.scenario ? { scenario: first.scenario } : {}),
    };
  }
  return failed(base, first.failure, first.recording.scenario);
}

/** The verdict on a check, or of a detector, that a recording has failed. */
export function failed(
  base: Pick<Verdict, 'id' | 'title' | 'clauses'>,
  failure: Failure,
  scenario: string,
): Verdict {
  const seen = seenText(failure.seen);
  const cited = [...seen.packets, ...(failure.packets ?? []).map(entry => entry.n)];
  return {
    ...base,
    status: 'failed',
    clauses: [...new Set([...base.clauses, ...(failure.clauses ?? [])])],
    expected: failure.expected,
    seen: seen.text,
    why: failure.why,
    try: failure.try,
    packets: [...new Set(cited)].sort((a, b) => a - b),
    scenario,
    mistake: failure.mistake,
    ...(failure.field ? { field: failure.field } : {}),
  };
}

function notReached(check: Check, waitsFor: readonly string[]): Verdict {
  return {
    id: check.id,
    title: check.title,
    status: 'not-reached',
    clauses: check.clauses,
    packets: [],
    waitsFor,
  };
}

/** For every failing check, the first detector that finds a cause where the check failed. */
function findRootCauses(
  lesson: Lesson,
  looks: ReadonlyMap<string, ProvisionalVerdict>,
  context: DetectorContext,
) {
  const verdicts = new Map<string, Verdict>();
  const explained = new Map<string, string>();
  const blocked = new Set<string>();
  for (const check of lesson.checks) {
    const first = looks.get(check.id);
    const waits = check.needs?.some(need => blocked.has(need)) ?? false;
    if (waits || first?.status !== 'passed') blocked.add(check.id);
    // What is not reached has its cause elsewhere.
    if (waits || first?.status !== 'failed') continue;
    const cause = firstCause(check, first.recording, context);
    if (!cause) continue;
    explained.set(check.id, cause.detector.id);
    if (!verdicts.has(cause.detector.id)) {
      const { id, title } = cause.detector;
      verdicts.set(id, failed({ id, title, clauses: [] }, cause.failure, first.recording.scenario));
    }
  }
  const order: readonly string[] = detectors.map(detector => detector.id);
  return {
    explained,
    verdicts: [...verdicts.values()].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id)),
  };
}

/** The first detector that finds why a check failed. */
export function firstCause(
  check: Check,
  recording: Recording,
  context: DetectorContext,
): { detector: Detector; failure: Failure } | undefined {
  for (const detector of detectors) {
    if (check.explains?.includes(detector.id)) continue;
    const failure = detector.find(recording, context);
    if (failure) return { detector, failure };
  }
  return undefined;
}

/** Applies the first diagnosis whose pattern fits: one cause, one message, the rest folded. */
function diagnose(
  lesson: Lesson,
  looks: ReadonlyMap<string, ProvisionalVerdict>,
  verdicts: Map<string, Verdict>,
  context: DetectorContext,
): void {
  const failedIds = [...verdicts.values()]
    .filter(one => one.status === 'failed')
    .map(one => one.id);
  if (failedIds.length === 0) return;
  const diagnosis = lesson.diagnoses.find(
    one => failedIds.includes(one.leads) && one.applies(patternFor(one, looks, context)),
  );
  const lead = diagnosis && verdicts.get(diagnosis.leads);
  if (!diagnosis || !lead) return;
  const { clauses, field, ...words } = diagnosis.failure(patternFor(diagnosis, looks, context));
  const { field: _, ...rest } = lead;
  verdicts.set(diagnosis.leads, {
    ...rest,
    ...words,
    ...(field ? { field } : {}),
    clauses: [...new Set([...lead.clauses, ...(clauses ?? [])])],
  });
  for (const id of diagnosis.covers ?? []) {
    const check = lesson.checks.find(one => one.id === id);
    const status = verdicts.get(id)?.status;
    if (check && (status === 'failed' || status === 'unknown')) {
      verdicts.set(id, notReached(check, [diagnosis.leads]));
    }
  }
}

/** Of the checks that a diagnosis does not speak of, it learns nothing: students may not have them. */
export function patternFor(
  { leads, covers = [] }: Diagnosis,
  looks: ReadonlyMap<string, ProvisionalVerdict>,
  { source }: DetectorContext,
): FailurePattern {
  const lookAt = (id: string) => (id === leads || covers.includes(id) ? looks.get(id) : undefined);
  return {
    failed: id => lookAt(id)?.status === 'failed',
    passed: id => lookAt(id)?.status === 'passed',
    mistake: id => {
      const first = lookAt(id);
      return first?.status === 'failed' ? first.failure.mistake : undefined;
    },
    source,
  };
}
