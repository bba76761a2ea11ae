import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import { exerciseFiles, findLesson, lessonIds, UsageError } from '../course/index.js';
import {
  courseFileSchema,
  didYouMean,
  explain,
  lineOf,
  type Path,
  usage,
} from './course-file-schema.js';
import { checkZone, type Moment, parseMoment, TimeError } from './time.js';

/** How points are given: what the instructor decides. Plain JSON. */
export interface CourseFile {
  readonly title: string;
  /** IANA name, for times that name no zone. */
  readonly timeZone?: string;
  /** Points of a lesson that says nothing else. */
  readonly points: number;
  readonly deadline?: Moment;
  /** By lesson id. */
  readonly lessons: Readonly<Record<string, LessonWeights>>;
  readonly late: LatePolicy;
  readonly extensions: readonly Extension[];
  readonly excused: readonly {
    readonly learner: string;
    /** Lesson ids; undefined for all. */
    readonly lessons?: readonly string[];
  }[];
}

export interface LessonWeights {
  readonly points?: number;
  readonly deadline?: Moment;
  /** Weight of a check among those of its lesson, by id; 1 where nothing is said. */
  readonly checks: Readonly<Record<string, number>>;
  /** Points on top for what a person judges, by line: `SECURITY.md`. */
  readonly rubric?: Readonly<Record<string, number>>;
  /** Ids of the checks that students get with a handout; all where nothing is said. */
  readonly public?: readonly string[];
}

export interface LatePolicy {
  /** This late is in time; also at the end of each day that counts. */
  readonly graceMinutes: number;
  /** Taken off for each day begun, in percent of what was earned. */
  readonly percentPerDay: number;
  /** At most so much is taken off. */
  readonly maxPercent: number;
  /** No more days than these are counted. */
  readonly maxDays?: number;
  /** Nothing is earned after so many days, or after that moment. */
  readonly cutoff?: { readonly days: number } | { readonly until: Moment };
}

export interface Extension {
  /** Any id by which the roster knows the learner. */
  readonly learner: string;
  /** Lesson ids; undefined for all. */
  readonly lessons?: readonly string[];
  readonly by: { readonly days: number } | { readonly until: Moment };
}

export interface CourseFileOptions {
  /** The ids of a lesson's checks; default: read from the hidden tests. */
  readonly checksOf?: (lesson: string) => Promise<readonly string[]>;
  /** Root of the course, for another one than this. */
  readonly root?: string;
}

/** What holds where there is no course file: each lesson 10 points, each check the same, no deadline. */
export function defaultCourseFile(): CourseFile {
  return {
    title: 'MQTT course',
    points: 10,
    lessons: {},
    late: { graceMinutes: 0, percentPerDay: 0, maxPercent: 100 },
    extensions: [],
    excused: [],
  };
}

/** A course file with the defaults and an explanation of everything else. */
export function exampleCourseFile(): string {
  return `# How points are given. Lines with a # in front are examples.
title: MQTT course

# For times that name no zone of their own.
# time-zone: Europe/Berlin

# Points of each lesson that says nothing else.
points: 10

# When the work is due. A time without seconds lasts to the end of its minute.
# deadline: 2026-10-01 23:59 Europe/Berlin

# What differs in a lesson: its points, its deadline, the weights of its checks.
# The points of a lesson are shared among its checks by weight. A weight is 1
# where nothing is said; 0 takes a check out. A check that passed earns its share.
lessons: {}
#  05-wildcards:
#    points: 20
#    deadline: 2026-10-08 23:59 Europe/Berlin
#    checks: { T1: 2, T3: 0 }
#    public: [T1, T2, T3]   # what students get with a handout; grading has all
#  15-acl-lab:
#    rubric: { SECURITY.md: 4 }   # on top, by a person: see overrides.csv in docs/grading.md

# Handing in late. For each day begun after the deadline, so many percent of what
# was earned are taken off. Points are rounded to 2 decimals, half up.
late:
  grace-minutes: 0
  percent-per-day: 0
  max-percent: 100
#  max-days: 5          # no more days than these are counted
#  cutoff: 7 days       # after that nothing is earned; or a time

# More time for some learners: a new deadline, or days on top of it.
extensions: []
#  - { learner: ada, until: 2026-10-05 23:59 Europe/Berlin }
#  - { learner: bob, days: 3, lessons: [05-wildcards, 06-qos-handshakes] }

# Lessons that do not count for some learners. Without lessons: all.
excused: []
#  - { learner: eve, lessons: [14-tls] }
`;
}

/**
 * Reads the course file of an instructor.
 * @throws UsageError naming the file, the line, and what would be right
 */
export async function readCourseFile(
  file: string,
  options: CourseFileOptions = {},
): Promise<CourseFile> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      error.code === 'ENOENT'
        ? `there is no course file ${file}.`
        : `${file} cannot be read (${error.code}).`,
    );
  });
  return parseCourseFile(text, file, options);
}

/** As `readCourseFile`, of a text. `file` is how messages name it. @throws UsageError */
export async function parseCourseFile(
  text: string,
  file: string,
  options: CourseFileOptions = {},
): Promise<CourseFile> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [wrong] = document.errors;
  if (wrong) {
    const line = wrong.linePos?.[0].line ?? 1;
    throw new UsageError(
      `${file}:${line}: ${wrong.message.split('\n')[0]?.replace(/ at line.*$/, '')}.`,
    );
  }
  const problems: string[] = [];
  const complain = (path: Path, what: string) => {
    problems.push(`${file}:${lineOf(document, lines, path)}: ${what}`);
  };
  const parsed = courseFileSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    for (const issue of parsed.error.issues) explain(issue, complain);
    throw usage(problems);
  }
  const data = parsed.data;
  const { root } = options;

  const lessonAt = (name: string, path: Path): string | undefined => {
    try {
      return findLesson(name, root).id;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      complain(path, error.message.replace(/ List them:.*$/, ''));
      return undefined;
    }
  };
  const zone = attempt(
    () => data['time-zone'] && checkZone(data['time-zone']) && data['time-zone'],
    why => complain(['time-zone'], why),
  );
  const timeAt = (value: string | null | undefined, path: Path): Moment | undefined =>
    value === null || value === undefined
      ? undefined
      : attempt(
          () => parseMoment(value, { zone: zone || undefined, end: true }),
          why => complain(path, `"${value}" ${why}`),
        );
  const listAt = (names: readonly string[] | undefined, path: Path) =>
    names?.flatMap((name, index) => lessonAt(name, [...path, index]) ?? []);

  const lessons: Record<string, LessonWeights> = {};
  for (const [name, one] of Object.entries(data.lessons ?? {})) {
    const id = lessonAt(name, ['lessons', name]);
    if (id === undefined) continue;
    if (lessons[id]) complain(['lessons', name], `${id} is there twice`);
    const deadline = timeAt(one.deadline, ['lessons', name, 'deadline']);
    const weights = one.checks ?? {};
    const shown = one.public ?? undefined;
    if (Object.keys(weights).length > 0 || shown) {
      const known = await (options.checksOf ?? hiddenChecks)(id);
      for (const check of Object.keys(weights)) {
        if (known.includes(check)) continue;
        complain(
          ['lessons', name, 'checks', check],
          `${check} is not a check of ${id}${didYouMean(check, known)} Its checks: ${known.join(', ')}`,
        );
      }
      for (const [index, check] of (shown ?? []).entries()) {
        if (known.includes(check)) continue;
        complain(
          ['lessons', name, 'public', index],
          `${check} is not a check of ${id}${didYouMean(check, known)} Its checks: ${known.join(', ')}`,
        );
      }
      if (shown?.length === 0) {
        complain(
          ['lessons', name, 'public'],
          'is empty: a lesson that is handed out needs a check',
        );
      }
      if ((one.points ?? data.points ?? 10) > 0 && known.every(check => weights[check] === 0)) {
        complain(
          ['lessons', name, 'checks'],
          `all checks of ${id} weigh 0, so nobody can earn its points. Set points: 0 to leave it out`,
        );
      }
    }
    const rubric = one.rubric ?? {};
    const lines = rubricLines(id, root).map(({ id: line }) => line);
    for (const line of Object.keys(rubric)) {
      if (lines.includes(line)) continue;
      complain(
        ['lessons', name, 'rubric', line],
        lines.length > 0
          ? `${line} is not judged by a person in ${id}; it has ${lines.join(', ')}`
          : `${id} has nothing that a person judges`,
      );
    }
    lessons[id] = {
      ...(Object.keys(rubric).length > 0 ? { rubric } : {}),
      ...(one.points === undefined ? {} : { points: one.points }),
      ...(deadline ? { deadline } : {}),
      checks: weights,
      ...(shown ? { public: shown } : {}),
    };
  }

  const extensions = (data.extensions ?? []).flatMap((one, index): Extension[] => {
    const path = ['extensions', index];
    const names = listAt(one.lessons, [...path, 'lessons']);
    const until = timeAt(one.until, [...path, 'until']);
    if ((one.until === undefined) === (one.days === undefined)) {
      complain(path, 'an extension needs either until or days');
    }
    const by = until ? { until } : one.days === undefined ? undefined : { days: one.days };
    return by ? [{ learner: one.learner, ...(names ? { lessons: names } : {}), by }] : [];
  });
  const excused = (data.excused ?? []).map((one, index) => {
    const names = listAt(one.lessons, ['excused', index, 'lessons']);
    return { learner: one.learner, ...(names ? { lessons: names } : {}) };
  });

  const standard = defaultCourseFile();
  const cutoff = cutoffOf(data.late?.cutoff ?? undefined, value =>
    timeAt(value, ['late', 'cutoff']),
  );
  const deadline = timeAt(data.deadline, ['deadline']);
  if (problems.length > 0) throw usage(problems);
  return {
    title: data.title ?? standard.title,
    ...(zone ? { timeZone: zone } : {}),
    points: data.points ?? standard.points,
    ...(deadline ? { deadline } : {}),
    lessons,
    late: {
      graceMinutes: data.late?.['grace-minutes'] ?? standard.late.graceMinutes,
      percentPerDay: data.late?.['percent-per-day'] ?? standard.late.percentPerDay,
      maxPercent: data.late?.['max-percent'] ?? standard.late.maxPercent,
      ...(data.late?.['max-days'] == null ? {} : { maxDays: data.late['max-days'] }),
      ...(cutoff ? { cutoff } : {}),
    },
    extensions,
    excused,
  };
}

/** What a person judges in a lesson: its documents, of which the checks read a part at most. */
export function rubricLines(lesson: string, root?: string): { id: string; title: string }[] {
  return exerciseFiles(lesson, 'typescript', root)
    .filter(one => /^[A-Z]+\.md$/.test(one.name))
    .map(({ name }) => ({ id: name, title: `${name}: what a person thinks of it` }));
}

async function hiddenChecks(lesson: string): Promise<readonly string[]> {
  const { lessonChecks } = await import('../checker/index.js');
  return (await lessonChecks(lesson)).map(check => check.id);
}

function cutoffOf(
  value: string | number | undefined,
  time: (value: string) => Moment | undefined,
): LatePolicy['cutoff'] {
  if (value === undefined) return undefined;
  if (typeof value === 'number') return { days: value };
  const days = /^(\d+(?:\.\d+)?)\s*days?$/.exec(value)?.[1];
  if (days !== undefined) return { days: Number(days) };
  const until = time(value);
  return until ? { until } : undefined;
}

function attempt<Value>(work: () => Value, complain: (why: string) => void): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TimeError)) throw error;
    complain(error.message);
    return undefined;
  }
}

/** Learners whom the course file names and the class does not know: a slip in a name costs an extension. */
export function unknownLearners(
  course: CourseFile,
  isKnown: (learner: string) => boolean,
): string[] {
  const named = [...course.extensions, ...course.excused].map(one => one.learner);
  return [...new Set(named)].filter(learner => !isKnown(learner));
}

/** The lessons that the course file says something about, in course order. */
export function lessonsNamed(course: CourseFile, root?: string): string[] {
  return lessonIds(root).filter(id => course.lessons[id] !== undefined);
}
