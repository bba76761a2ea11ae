import type { LessonGrade } from './types.js';

const ENDING = 'has another name';

/** What is said of a file that is most likely the exercise, and is not called so. */
export function renamedNotice(lesson: string, wanted: string, path: string): string {
  return `${lesson}: ${wanted} was not handed in; ${path} ${ENDING}`;
}

/** Of a lesson that counts as not handed in: that a renamed file lies there; undefined when none does. */
export function renamedFile({ status, notices }: LessonGrade): string | undefined {
  return status === 'missing' ? notices.find(one => one.endsWith(ENDING)) : undefined;
}
