import type { Verdict } from '../checker/index.js';
import type { CourseFile, LatePolicy } from './course-file.js';
import {
  cents as centsOf,
  decimal,
  factorOf,
  rounded,
  scaledCents,
  wholeShare,
} from './decimal.js';
import { isMeant, type Override } from './overrides.js';
import { laterOf, type Moment, plusDays, secondsBetween } from './time.js';
import type {
  AppliedOverride,
  GradedCheck,
  GradeRecord,
  Lateness,
  Learner,
  LearnerGrade,
  LessonGrade,
  RubricGrade,
} from './types.js';

/** A lesson with its checks, as far as points need it. */
export interface GradedLesson {
  /** `05-wildcards`. */
  readonly id: string;
  readonly title: string;
  /** In the order of the lesson. Detectors are no part of it: they carry no points. */
  readonly checks: readonly {
    readonly id: string;
    readonly title: string;
    readonly clauses: readonly string[];
  }[];
  /** What a person judges: lines without a verdict, empty until somebody fills them in. */
  readonly rubric?: readonly { readonly id: string; readonly title: string }[];
}

/** What points depend on beside the verdicts: who, and when. */
export interface HandedIn {
  readonly learner: Learner;
  /** ISO 8601 with offset. */
  readonly submittedAt?: string;
  readonly markedLate?: boolean;
}

/** A learner with what counts of what came. */
export interface Submitted {
  readonly learner: Learner;
  readonly submission?: string;
  readonly submittedAt?: string;
  readonly submittedAtFrom?: string;
  readonly others?: readonly string[];
}

/*
 * The rounding rule, as docs/grading.md gives it: points are counted in hundredths. The points of a
 * lesson are shared among its checks in whole hundredths by the method of the largest remainder, so
 * that what is shown always adds up. Only the late policy rounds: to 2 decimals, half up. All of it
 * in decimal arithmetic.
 */
const CENTS = 100;
const points = (cents: number) => cents / CENTS;

/**
 * What each check of a lesson can earn, by id; the sum is exactly the lesson's points.
 */
export function checkPoints(lesson: GradedLesson, course: CourseFile): Map<string, number> {
  const cents = checkCents(lesson, course);
  return new Map([...cents].map(([id, value]) => [id, points(value)]));
}

function checkCents(lesson: GradedLesson, course: CourseFile): Map<string, number> {
  const own = course.lessons[lesson.id];
  const total = centsOf(own?.points ?? course.points);
  const weighed = lesson.checks.map(({ id }, index) => ({
    id,
    index,
    weight: decimal(own?.checks[id] ?? 1),
  }));
  const sum = weighed.reduce((all, one) => all.plus(one.weight), decimal(0));
  const cents = new Map(weighed.map(({ id }) => [id, 0]));
  if (sum.eq(0)) return cents;
  const shares = weighed.map(one => ({ ...one, ...wholeShare(total, one.weight, sum) }));
  let left = total - shares.reduce((all, one) => all + one.whole, 0);
  for (const { id, whole } of shares) cents.set(id, whole);
  // Of equal remainders the earlier check is served first.
  const order = [...shares]
    .filter(one => one.weight.gt(0))
    .sort((a, b) => b.rest.cmp(a.rest) || a.index - b.index);
  for (const { id, whole } of order) {
    if (left <= 0) break;
    cents.set(id, whole + 1);
    left -= 1;
  }
  return cents;
}

/**
 * The points of one learner for one lesson. A check that passed earns its share; one that was not
 * reached earns nothing. When a check that carries points could not be told, the lesson is unknown:
 * its points are null, never 0.
 */
export function gradeLesson(
  record: GradeRecord,
  lesson: GradedLesson,
  course: CourseFile,
  handedIn?: HandedIn,
  overrides: readonly Override[] = [],
): LessonGrade {
  const learner = handedIn?.learner ?? { id: record.learner };
  const excused = isExcused(course, learner, lesson.id);
  const full = checkCents(lesson, course);
  const cents = excused ? new Map([...full].map(([id]) => [id, 0])) : full;
  const notices = [...record.notices];
  const verdicts = completed(record, lesson);
  const mine = overrides.filter(one => one.lesson === lesson.id && isMeant(one.learner, learner));
  const decided = new Map(
    mine.flatMap(one => (one.check && decides(one) ? [[one.check, one]] : [])),
  );
  const applied: AppliedOverride[] = [];
  const apply = (one: Override, before: number | null, now: number) => {
    const { check, reason = '', who = '' } = one;
    applied.push({ ...(check ? { check } : {}), before, points: now, reason, who });
    return now;
  };
  const checks = verdicts.map((verdict): GradedCheck => {
    const max = points(cents.get(verdict.id) ?? 0);
    const earned = verdict.status === 'passed' ? max : 0;
    const own = excused ? undefined : decided.get(verdict.id);
    const before = verdict.status === 'unknown' ? null : earned;
    const now = own ? apply(own, before, rounded(own.points ?? max).toNumber()) : earned;
    return { ...verdict, points: now, max, ...(own ? { decided: true as const } : {}) };
  });
  const came = record.status !== 'missing' || decided.size > 0;
  const rubric = rubricOf(lesson, course).map((line): RubricGrade => {
    const own = decided.get(line.id);
    const max = excused ? 0 : line.points;
    if (!own || excused) return { ...line, max, points: came ? null : 0 };
    return { ...line, max, points: own.points ?? 0, reason: own.reason ?? '', who: own.who ?? '' };
  });
  const sum =
    checks.reduce((all, check) => all + centsOf(check.points), 0) +
    rubric.reduce((all, line) => all + centsOf(line.points ?? 0), 0);
  const max = points(
    [...cents.values()].reduce((all, value) => all + value, 0) +
      rubric.reduce((all, line) => all + centsOf(line.max), 0),
  );
  const open = checks.some(
    check => check.status === 'unknown' && !check.decided && (full.get(check.id) ?? 0) > 0,
  );
  const empty = rubric.some(line => line.points === null && line.max > 0);
  const judged = record.status === 'missing' && applied.length > 0 ? 'graded' : record.status;
  const unread = judged === 'unknown' && !(applied.length > 0 && !open);
  const status =
    unread || (judged === 'graded' && open) ? 'unknown' : judged === 'missing' ? judged : 'graded';
  const waits = status === 'unknown' || (empty && status !== 'missing');
  const earned = excused ? 0 : waits ? null : sum;

  let late: Lateness | undefined;
  if (excused) notices.push('excused: this lesson does not count');
  else if (record.status !== 'missing') {
    const outcome = lateness(course, lesson.id, { ...handedIn, learner });
    late = outcome.late;
    if (outcome.notice) notices.push(outcome.notice);
  }
  const before = earned === null ? null : points(scaledCents(earned, late?.factor ?? 1));
  const whole = excused ? undefined : mine.find(one => one.check === undefined && decides(one));
  const after = whole ? apply(whole, before, rounded(whole.points ?? max).toNumber()) : before;
  const comments = mine.flatMap(({ comment, who }) =>
    comment === undefined ? [] : [{ text: comment, ...(who ? { who } : {}) }],
  );
  return {
    lesson: lesson.id,
    title: lesson.title,
    status: whole ? 'graded' : status,
    track: record.track,
    checks,
    ...(rubric.length > 0 ? { rubric } : {}),
    ...(applied.length > 0 ? { overrides: applied } : {}),
    ...(comments.length > 0 ? { comments } : {}),
    points: after,
    earned: earned === null ? null : points(earned),
    max,
    ...(late ? { late } : {}),
    ...(excused ? { excused: true as const } : {}),
    notices,
    ...(record.program ? { program: record.program } : {}),
    seed: record.inputs.seed,
    isolation: record.inputs.isolation,
    ...(record.bundle ? { bundle: record.bundle } : {}),
    ...(status === 'unknown' && !whole && record.unreadable !== undefined
      ? { unreadable: record.unreadable }
      : {}),
  };
}

const decides = (one: Override) => one.reason !== undefined;

/** The lines that a person fills in, with what each can earn on top of the checks. */
export function rubricOf(
  lesson: GradedLesson,
  course: CourseFile,
): { readonly id: string; readonly title: string; readonly points: number }[] {
  const given = course.lessons[lesson.id]?.rubric ?? {};
  return (lesson.rubric ?? []).map(one => ({
    ...one,
    points: rounded(given[one.id] ?? 0).toNumber(),
  }));
}

/**
 * Every check of the lesson in its order, then the detectors. A check without a verdict was not
 * reached when something else failed first (the file is no program); when nothing did, nobody knows.
 */
function completed(record: GradeRecord, lesson: GradedLesson): Verdict[] {
  const given = new Map(record.checks.map(verdict => [verdict.id, verdict]));
  const failed = record.checks.filter(verdict => verdict.status === 'failed').map(one => one.id);
  const own = lesson.checks.map((check): Verdict => {
    const verdict = given.get(check.id);
    if (verdict) return verdict;
    const { id, title, clauses } = check;
    const reached = record.status === 'missing' || failed.length > 0;
    return {
      id,
      title,
      clauses,
      packets: [],
      status: reached ? 'not-reached' : 'unknown',
      ...(reached && failed.length > 0 ? { waitsFor: failed } : {}),
    };
  });
  const ids = new Set(lesson.checks.map(check => check.id));
  return [...own, ...record.checks.filter(verdict => !ids.has(verdict.id))];
}

function isExcused(course: CourseFile, learner: Learner, lesson: string): boolean {
  return course.excused.some(
    one => isMeant(one.learner, learner) && (one.lessons?.includes(lesson) ?? true),
  );
}

/** The deadline of a learner for a lesson, extensions included; undefined when there is none. */
export function deadlineOf(
  course: CourseFile,
  lesson: string,
  learner: Learner,
): Moment | undefined {
  const general = course.lessons[lesson]?.deadline ?? course.deadline;
  if (!general) return undefined;
  return course.extensions
    .filter(one => isMeant(one.learner, learner) && (one.lessons?.includes(lesson) ?? true))
    .map(one => ('until' in one.by ? one.by.until : daysLater(general, one.by.days)))
    .reduce(laterOf, general);
}

function lateness(
  course: CourseFile,
  lesson: string,
  handedIn: HandedIn,
): { readonly late?: Lateness; readonly notice?: string } {
  const deadline = deadlineOf(course, lesson, handedIn.learner);
  const { submittedAt, markedLate } = handedIn;
  if (!deadline) {
    return markedLate
      ? {
          notice:
            'marked as late by the platform; the course file names no deadline, so it costs nothing',
        }
      : {};
  }
  if (submittedAt !== undefined) return { late: lateFor(course.late, deadline, submittedAt) };
  const give = 'give the times with --times FILE';
  const own = isExtended(course, lesson, handedIn.learner);
  if (markedLate && !own) {
    const off = decimal(Math.min(course.late.percentPerDay, course.late.maxPercent));
    const late = { deadline: deadline.iso, seconds: 1, days: 1, factor: factorOf(off) };
    return {
      late: { ...late, marked: true },
      notice: `marked as late by the platform, which does not say how late: it counts as one day (${give})`,
    };
  }
  const marked = markedLate ? ', but it was marked as late, by a clock without the extension' : '';
  return {
    notice: `when it was handed in is not known${marked}; the late policy was not applied (${give})`,
  };
}

function isExtended(course: CourseFile, lesson: string, learner: Learner): boolean {
  return course.extensions.some(
    one => isMeant(one.learner, learner) && (one.lessons?.includes(lesson) ?? true),
  );
}

/** How late a time is, and what a policy makes of it. */
export function lateFor(policy: LatePolicy, deadline: Moment, submittedAt: string): Lateness {
  const seconds = Math.max(0, secondsBetween(deadline.iso, submittedAt));
  const grace = policy.graceMinutes * 60;
  const days = seconds <= grace ? 0 : daysBegun(deadline, submittedAt, grace);
  const counted = Math.min(days, policy.maxDays ?? days);
  const each = decimal(policy.percentPerDay).times(counted);
  const off = each.gt(policy.maxPercent) ? decimal(policy.maxPercent) : each;
  const over = days > 0 && isCutOff(policy, deadline, submittedAt, grace);
  const factor = over ? 0 : factorOf(off);
  const cutoff = over ? cutoffOf(policy, deadline) : undefined;
  return {
    submittedAt,
    deadline: deadline.iso,
    seconds,
    days,
    factor,
    ...(cutoff ? { cutoff: cutoff.iso } : {}),
  };
}

/** Days begun after the deadline, on its own clock: a day on which clocks change is one day. */
function daysBegun(deadline: Moment, submittedAt: string, grace: number): number {
  const guess = Math.floor(secondsBetween(deadline.iso, submittedAt) / 86_400);
  for (let days = Math.max(1, guess - 1); ; days++) {
    if (secondsBetween(plusDays(deadline, days).iso, submittedAt) <= grace) return days;
  }
}

function isCutOff(
  policy: LatePolicy,
  deadline: Moment,
  submittedAt: string,
  grace: number,
): boolean {
  const cutoff = cutoffOf(policy, deadline);
  const given = policy.cutoff && 'days' in policy.cutoff ? grace : 0;
  return cutoff !== undefined && secondsBetween(cutoff.iso, submittedAt) > given;
}

/** After this nothing is earned; undefined when the policy names no end. */
export function cutoffOf(policy: LatePolicy, deadline: Moment): Moment | undefined {
  if (!policy.cutoff) return undefined;
  if ('days' in policy.cutoff) return daysLater(deadline, policy.cutoff.days);
  // Who has more time than the class is not cut off before it ends.
  return laterOf(policy.cutoff.until, deadline);
}

/** Whole days on the clock of the deadline; what is left over, in hours. */
function daysLater(moment: Moment, days: number): Moment {
  const whole = plusDays(moment, Math.floor(days));
  const hours = Math.round((days - Math.floor(days)) * 24);
  return hours === 0 ? whole : plusHours(whole, hours);
}

function plusHours(moment: Moment, hours: number): Moment {
  const iso = new Date(Date.parse(moment.iso) + hours * 3_600_000).toISOString();
  return { ...moment, iso: iso.replace('.000Z', '+00:00') };
}

/** All lessons of one learner. A lesson that could not be told leaves the sum open: null. */
export function gradeLearner(
  { learner, submission, submittedAt, submittedAtFrom, others }: Submitted,
  lessons: readonly LessonGrade[],
): LearnerGrade {
  const cents = lessons.map(one => (one.points === null ? null : Math.round(one.points * CENTS)));
  const total = cents.reduce((all, one) => (all === null || one === null ? null : all + one), 0);
  const max = lessons.reduce((all, one) => all + Math.round(one.max * CENTS), 0);
  return {
    learner,
    ...(submission === undefined ? {} : { submission }),
    ...(submittedAt === undefined
      ? {}
      : { handedIn: { at: submittedAt, from: submittedAtFrom ?? '' } }),
    ...(others && others.length > 0 ? { others } : {}),
    lessons,
    points: total === null ? null : points(total),
    max: points(max),
  };
}
