import type { LessonGrade } from './types.js';

/** What is said of a file that was taken for the exercise, and is not called so. */
export function renamedNotice(lesson: string, wanted: string, path: string): string {
  return `${lesson}: ${path} was taken as ${wanted}`;
}

const TAKEN = /: .+ was taken as \S+$/;

/** Of a lesson: that a file counts which has another name than the exercise; undefined when none does. */
export function renamedFile({ notices }: LessonGrade): string | undefined {
  return notices.find(one => TAKEN.test(one));
}
