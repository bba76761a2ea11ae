import type { Verdict } from '../checker/index.js';
import type { ClassGrades, LessonGrade } from './types.js';

/** A check whose verdict is another one than before. */
export interface ChangedVerdict {
  readonly id: string;
  readonly title: string;
  /** `failed: no-goodbye`; `not there` for a check that is new. */
  readonly before: string;
  readonly now: string;
  /** The words of the verdict that counts against the learner: the new one's, else the old one's. */
  readonly why?: string;
}

/** A learner's lesson whose points or verdicts are others than before. */
export interface GradeChange {
  readonly learner: string;
  /** For people, where it is known. */
  readonly name?: string;
  readonly lesson: string;
  /** What else than a verdict moves the points: a weight, the late policy, a decision. */
  readonly because: readonly string[];
  /** Null where it could not be told, or was not handed in before or now. */
  readonly before: number | null;
  readonly now: number | null;
  readonly checks: readonly ChangedVerdict[];
}

export interface GradeChanges {
  readonly moves: readonly GradeChange[];
  /** Lessons of learners that both have. */
  readonly compared: number;
  /** Only in one of the two: `ada 05-wildcards`. */
  readonly onlyBefore: readonly string[];
  readonly onlyNow: readonly string[];
}

/** Who moves, and why: two gradings of the same class beside each other. Pure. */
export function gradeChanges(before: ClassGrades, now: ClassGrades): GradeChanges {
  const old = byKey(before);
  const fresh = byKey(now);
  const names = new Map(now.learners.map(one => [one.learner.id, one.learner.name]));
  const both = [...fresh].filter(([key]) => old.has(key));
  const moves = both.flatMap(([key, grade]) => {
    const was = old.get(key) as LessonGrade;
    const checks = changedVerdicts(was, grade);
    if (checks.length === 0 && was.points === grade.points && was.status === grade.status)
      return [];
    const [learner = '', lesson = ''] = key.split('\n');
    const name = names.get(learner);
    const because = was.points === grade.points ? [] : otherReasons(was, grade);
    const who = { learner, ...(name === undefined ? {} : { name }), lesson };
    return [{ ...who, because, before: was.points, now: grade.points, checks }];
  });
  return {
    moves,
    compared: both.length,
    onlyBefore: [...old.keys()].filter(key => !fresh.has(key)).map(shown),
    onlyNow: [...fresh.keys()].filter(key => !old.has(key)).map(shown),
  };
}

/** Why points differ though no verdict does. */
function otherReasons(was: LessonGrade, is: LessonGrade): string[] {
  const worth = is.checks.flatMap(check => {
    const old = was.checks.find(one => one.id === check.id);
    // A lesson that is worth twice as much is said once.
    const share = (max: number, of: number) => (of === 0 ? 0 : max / of);
    const moved = Math.abs(share(check.max, is.max) - share(old?.max ?? 0, was.max)) > 0.002;
    return old && old.max !== check.max && (moved || was.max === is.max)
      ? [`${check.id} ${check.title} is worth ${check.max}, was ${old.max}`]
      : [];
  });
  const factor = (one: LessonGrade) => one.late?.factor ?? 1;
  const decided = (one: LessonGrade) =>
    (one.overrides ?? []).map(
      ({ check, points, who, reason }) =>
        `${check ?? `the lesson ${points}`}, by ${who}: ${reason}`,
    );
  const fresh = decided(is).filter(one => !decided(was).includes(one));
  const gone = decided(was).filter(one => !decided(is).includes(one));
  return [
    ...(was.excused === is.excused ? [] : [is.excused ? 'excused now' : 'not excused any more']),
    ...(was.max === is.max ? [] : [`the lesson has ${is.max} points, had ${was.max}`]),
    ...worth,
    ...(factor(was) === factor(is) ? [] : [`late: times ${factor(is)}, was times ${factor(was)}`]),
    ...fresh.map(one => `decided: ${one}`),
    ...gone.map(one => `not decided any more: ${one}`),
  ];
}

const shown = (key: string) => key.replace('\n', ' ');

function byKey(grades: ClassGrades): Map<string, LessonGrade> {
  return new Map(
    grades.learners.flatMap(({ learner, lessons }) =>
      lessons.map(grade => [`${learner.id}\n${grade.lesson}`, grade] as const),
    ),
  );
}

function changedVerdicts(was: LessonGrade, is: LessonGrade): ChangedVerdict[] {
  const ids = [...new Set([...is.checks, ...was.checks].map(one => one.id))];
  return ids.flatMap(id => {
    const old = was.checks.find(one => one.id === id);
    const fresh = is.checks.find(one => one.id === id);
    if (saying(old) === saying(fresh)) return [];
    const why = [fresh, old].find(one => one?.status === 'failed')?.why;
    return [
      {
        id,
        title: fresh?.title ?? old?.title ?? '',
        before: saying(old),
        now: saying(fresh),
        ...(why ? { why } : {}),
      },
    ];
  });
}

function saying(verdict: Verdict | undefined): string {
  if (!verdict) return 'not there';
  const { status, mistake } = verdict;
  if (status === 'not-reached') return 'not reached';
  return status === 'failed' && mistake ? `failed: ${mistake}` : status;
}
