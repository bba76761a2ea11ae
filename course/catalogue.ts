import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CourseError, UsageError } from './errors.js';
import { packageRoot } from './package-root.js';

/** A lesson that is on disk. Cheap: made from file names alone. */
export interface LessonRef {
  /** `05-wildcards`. */
  readonly id: string;
  readonly number: number;
  /** `wildcards`. */
  readonly slug: string;
  /** `lesson-5`. */
  readonly name: string;
  /** The Markdown file. */
  readonly file: string;
}

const shape = /^(\d{2,})-([a-z0-9][a-z0-9-]*)\.md$/;

/** The lessons of a course, in teaching order: whatever `lessons/NN-slug.md` is on disk. */
export function lessonRefs(root: string = packageRoot()): LessonRef[] {
  const folder = join(root, 'lessons');
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    throw new CourseError(`the lessons of the course are missing: there is no folder ${folder}`);
  }
  return names
    .flatMap(name => {
      const [, digits, slug] = shape.exec(name) ?? [];
      if (digits === undefined || slug === undefined) return [];
      const number = Number(digits);
      const file = join(folder, name);
      return [{ id: `${digits}-${slug}`, number, slug, name: `lesson-${number}`, file }];
    })
    .sort((a, b) => a.number - b.number || a.id.localeCompare(b.id));
}

export function lessonIds(root?: string): string[] {
  return lessonRefs(root).map(lesson => lesson.id);
}

/**
 * Finds a lesson by `05-wildcards`, `lesson-5`, `5`, `05`, `wildcards`, or a path with its id in it.
 * @throws UsageError naming the nearest lesson
 */
export function findLesson(name: string, root?: string): LessonRef {
  const lessons = lessonRefs(root);
  const wanted = name.trim().toLowerCase();
  const found = lookUp(lessons, wanted);
  if (found) return found;
  for (const part of wanted.split(/[\\/]/)) {
    const byPath = lessons.find(lesson => lesson.id === part);
    if (byPath) return byPath;
  }
  throw new UsageError(`${notThere(name, wanted, lessons)} List them: npx mqtt-course list`);
}

/** The lesson after this one; undefined after the last. */
export function nextLesson(id: string, root?: string): LessonRef | undefined {
  const lessons = lessonRefs(root);
  return lessons[lessons.findIndex(lesson => lesson.id === id) + 1];
}

function lookUp(lessons: readonly LessonRef[], wanted: string): LessonRef | undefined {
  const number = /^(?:lesson[-_ ]?)?0*(\d+)$/.exec(wanted)?.[1];
  return lessons.find(
    lesson =>
      lesson.id === wanted ||
      lesson.slug === wanted ||
      (number !== undefined && lesson.number === Number(number)),
  );
}

function notThere(name: string, wanted: string, lessons: readonly LessonRef[]): string {
  const first = lessons[0];
  const last = lessons.at(-1);
  if (!first || !last) return `${name} does not exist; the course has no lessons.`;
  const number = /(\d+)/.exec(wanted)?.[1];
  if (number !== undefined && Number(number) > last.number) {
    return `${name} does not exist; the last lesson is ${last.id}.`;
  }
  if (number !== undefined && Number(number) < first.number) {
    return `${name} does not exist; the first lesson is ${first.id}.`;
  }
  const near = nearest(wanted, lessons);
  return near
    ? `${name} does not exist; did you mean ${near.id}?`
    : `${name} does not exist; the lessons are ${first.id} to ${last.id}.`;
}

function nearest(wanted: string, lessons: readonly LessonRef[]): LessonRef | undefined {
  const text = wanted.replace(/^\d+-|^lesson-/, '');
  if (text.length < 3) return undefined;
  const ranked = lessons
    .flatMap(lesson => [
      { lesson, distance: wordDistance(text, lesson.slug) },
      ...lesson.slug.split('-').map(word => ({ lesson, distance: wordDistance(text, word) })),
      ...(text.length >= 3 && lesson.slug.includes(text) ? [{ lesson, distance: 0 }] : []),
    ])
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= text.length / 3 ? best.lesson : undefined;
}

/** Number of letters to insert, remove or change to get from one word to the other. */
export function wordDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
