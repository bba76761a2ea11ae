/** What a class shows when all its grades are seen together. Pure counting, no pages here. */
import { countingPoints, TOTAL } from '../exports/fill.js';
import type { ClassGrades, GradedCheck, LearnerGrade, LessonGrade } from '../types.js';

/** Part of a whole: `of` learners were judged, `passed` of them passed. */
export interface Rate {
  readonly passed: number;
  readonly of: number;
}

export interface CheckFacts {
  readonly id: string;
  readonly title: string;
  readonly clauses: readonly string[];
  readonly rate: Rate;
}

export interface LessonFacts {
  readonly id: string;
  readonly title: string;
  readonly max: number;
  readonly graded: number;
  readonly missing: number;
  readonly unknown: number;
  /** Of those graded: every check passed. */
  readonly complete: number;
  /** Mean of the points of those graded; undefined when nobody was. */
  readonly mean: number | undefined;
  readonly checks: readonly CheckFacts[];
}

/** A wrong idea, recognised by how it fails. */
export interface Misconception {
  readonly lesson: string;
  readonly mistake: string;
  /** The check that most of its failures were seen in. */
  readonly check: string;
  readonly title: string;
  readonly clauses: readonly string[];
  readonly why: string;
  /** Ids of the learners, sorted. */
  readonly learners: readonly string[];
  /** One of them, and the failure itself. */
  readonly example: { readonly learner: LearnerGrade; readonly check: GradedCheck };
}

export interface ClauseFacts {
  readonly clause: string;
  /** By lesson id; absent where the lesson does not check it. */
  readonly lessons: ReadonlyMap<string, Rate>;
  readonly total: Rate;
}

/** One thing that a person should look at, with everyone and every lesson that it concerns. */
export interface Look {
  /** Learners, or names of files that belong to nobody; sorted. */
  readonly who: readonly string[];
  /** Lesson ids in course order; empty when it is about the whole submission. */
  readonly lessons: readonly string[];
  readonly why: string;
}

export interface Spread {
  /** Learners whose sum is known and who handed something in. */
  readonly values: readonly number[];
  readonly median: number | undefined;
  readonly mean: number | undefined;
  readonly lowest: number | undefined;
  readonly highest: number | undefined;
}

const share = ({ passed, of }: Rate) => (of === 0 ? 1 : passed / of);

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function graded(grades: ClassGrades, lesson: string): { who: LearnerGrade; of: LessonGrade }[] {
  return grades.learners.flatMap(who => {
    const of = who.lessons.find(one => one.lesson === lesson);
    return of?.status === 'graded' && !of.excused ? [{ who, of }] : [];
  });
}

/** Of those whose check could be judged, who passed it. A check that was not reached is not passed. */
function rateOf(works: readonly { readonly of: LessonGrade }[], ids: readonly string[]): Rate {
  let passed = 0;
  let of = 0;
  for (const work of works) {
    for (const check of work.of.checks) {
      if (!ids.includes(check.id) || check.status === 'unknown') continue;
      of++;
      if (check.status === 'passed') passed++;
    }
  }
  return { passed, of };
}

/** Each lesson and each of its checks, in course order. */
export function lessonFacts(grades: ClassGrades): LessonFacts[] {
  return grades.lessons.map(({ id, title, max, checks }) => {
    const works = graded(grades, id);
    const all = grades.learners.flatMap(one =>
      one.lessons.filter(it => it.lesson === id && !it.excused),
    );
    const sum = works.reduce((total, { of }) => total + (of.points ?? 0), 0);
    return {
      id,
      title,
      max,
      graded: works.length,
      missing: all.filter(one => one.status === 'missing').length,
      unknown: all.filter(one => one.status === 'unknown').length,
      complete: works.filter(({ of }) => of.checks.every(one => one.status === 'passed')).length,
      mean: works.length === 0 ? undefined : sum / works.length,
      checks: checks.map(check => ({ ...check, rate: rateOf(works, [check.id]) })),
    };
  });
}

/** Known mistakes with those who make them, the commonest first. */
export function misconceptions(grades: ClassGrades): Misconception[] {
  const found = new Map<string, { learner: LearnerGrade; check: GradedCheck; lesson: string }[]>();
  for (const { id } of grades.lessons) {
    for (const { who, of } of graded(grades, id)) {
      const seen = new Set<string>();
      for (const check of of.checks) {
        if (check.status !== 'failed' || check.mistake === undefined) continue;
        const key = `${id}\n${check.mistake}`;
        if (seen.has(key)) continue;
        seen.add(key);
        found.set(key, [...(found.get(key) ?? []), { learner: who, check, lesson: id }]);
      }
    }
  }
  return [...found.values()]
    .flatMap(all => {
      const [first] = all;
      if (!first) return [];
      const { check, lesson } = first;
      return [
        {
          lesson,
          mistake: check.mistake ?? '',
          check: check.id,
          title: check.title,
          clauses: check.clauses,
          why: check.why ?? '',
          learners: all.map(one => one.learner.learner.id).sort(byText),
          example: { learner: first.learner, check },
        },
      ];
    })
    .sort(
      (a, b) =>
        b.learners.length - a.learners.length ||
        byText(a.lesson, b.lesson) ||
        byText(a.mistake, b.mistake),
    );
}

const CARDS = { most: 10, least: 3 };

/**
 * Which of them are told in full: one learner's slip is no misconception of the class, unless there
 * is nothing else.
 */
export function toldMisconceptions(all: readonly Misconception[]): Misconception[] {
  const shared = all.filter(one => one.learners.length > 1).slice(0, CARDS.most);
  return shared.length > 0 ? shared : all.slice(0, CARDS.least);
}

/** Each clause that is checked, with its rate by lesson; what needs teaching most comes first. */
export function clauseFacts(grades: ClassGrades): ClauseFacts[] {
  const clauses = [
    ...new Set(grades.lessons.flatMap(one => one.checks.flatMap(check => check.clauses))),
  ];
  return clauses
    .map(clause => {
      const lessons = new Map<string, Rate>();
      for (const { id, checks } of grades.lessons) {
        const ids = checks.filter(one => one.clauses.includes(clause)).map(one => one.id);
        const rate = rateOf(graded(grades, id), ids);
        if (rate.of > 0) lessons.set(id, rate);
      }
      const rates = [...lessons.values()];
      const total = {
        passed: rates.reduce((sum, one) => sum + one.passed, 0),
        of: rates.reduce((sum, one) => sum + one.of, 0),
      };
      return { clause, lessons, total };
    })
    .filter(one => one.total.of > 0)
    .sort((a, b) => share(a.total) - share(b.total) || byText(a.clause, b.clause));
}

/** What a person should look at before the grades go out, the weightiest first. */
export function looks(grades: ClassGrades): Look[] {
  const lessons = grades.learners.flatMap(({ learner, lessons }) =>
    lessons.map(lesson => ({ who: learner.id, lesson })),
  );
  const ran = lessons.filter(({ lesson }) => lesson.status !== 'unknown' && lesson.track !== null);
  const found = [
    ...lessons
      .filter(({ lesson }) => lesson.points === null)
      .map(({ who, lesson }) => ({
        who,
        lesson: lesson.lesson,
        why:
          lesson.status === 'graded'
            ? 'waits for a person: a line of its rubric is empty (overrides.csv)'
            : lesson.unreadable
              ? `could not be read: ${lesson.unreadable}`
              : `could not be told${unknownReason(lesson)}`,
      })),
    ...grades.unreadable.map(({ submission, reason }) => ({
      who: submission,
      why: `could not be read: ${reason}`,
    })),
    ...grades.unexpected.map(who => ({
      who,
      why: 'nobody on the roster stands for it; it is not graded under a name',
    })),
    ...ran.flatMap(({ who, lesson }) =>
      lesson.isolation === 'bwrap'
        ? []
        : { who, lesson: lesson.lesson, why: BELOW[lesson.isolation] },
    ),
    ...ran.flatMap(({ who, lesson }) =>
      lesson.notices.map(why => ({ who, lesson: lesson.lesson, why })),
    ),
    ...grades.absent.map(who => ({ who, why: 'on the roster; nothing came' })),
  ];
  return grouped(found);
}

const BELOW = {
  process: 'ran without a sandbox (isolation: process)',
  container: 'ran in a container, without the sandbox bwrap',
} as const;

/** One line for what is the same: first the lessons of a learner, then the learners of those. */
function grouped(found: readonly { who: string; lesson?: string; why: string }[]): Look[] {
  const perLearner = new Map<string, { who: string; lessons: string[]; why: string }>();
  for (const { who, lesson, why } of found) {
    const key = JSON.stringify([who, why]);
    const group = perLearner.get(key) ?? { who, lessons: [], why };
    perLearner.set(key, group);
    if (lesson !== undefined && !group.lessons.includes(lesson)) group.lessons.push(lesson);
  }
  const perReason = new Map<string, { who: string[]; lessons: string[]; why: string }>();
  for (const { who, lessons, why } of perLearner.values()) {
    const key = JSON.stringify([lessons, why]);
    const group = perReason.get(key) ?? { who: [], lessons, why };
    perReason.set(key, group);
    group.who.push(who);
  }
  return [...perReason.values()].map(one => ({ ...one, who: [...one.who].sort(byText) }));
}

function unknownReason({ checks, notices }: LessonGrade): string {
  const seen = checks.find(one => one.status === 'unknown')?.seen?.split('\n')[0];
  const reason = notices[0] ?? seen;
  return reason === undefined ? '' : `: ${reason}`;
}

/** How the sums of those spread who handed something in and whose sum is known. */
export function spread(grades: ClassGrades): Spread {
  const values = grades.learners
    .filter(one => one.submission !== undefined)
    .flatMap(one => countingPoints(grades, one, TOTAL) ?? [])
    .sort((a, b) => a - b);
  const middle = values.length >> 1;
  const pair = values.length % 2 === 0 ? [values[middle - 1], values[middle]] : [values[middle]];
  const known = pair.filter(one => one !== undefined);
  const sum = (of: readonly number[]) => of.reduce((total, one) => total + one, 0);
  return {
    values,
    median: known.length === 0 ? undefined : sum(known) / known.length,
    mean: values.length === 0 ? undefined : sum(values) / values.length,
    lowest: values[0],
    highest: values.at(-1),
  };
}

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly learners: number;
}

/** Ten bins over the points that can be had; the last one takes the full score in. */
export function bins({ values }: Spread, max: number): Bin[] {
  const size = max / 10;
  return Array.from({ length: 10 }, (_, at) => {
    const from = Math.round(at * size * 100) / 100;
    const to = Math.round((at + 1) * size * 100) / 100;
    const inside = (value: number) => (value >= from || at === 0) && (value < to || at === 9);
    return { from, to, learners: values.filter(inside).length };
  });
}
