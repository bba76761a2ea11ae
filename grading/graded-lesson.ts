import { lessonChecks } from '../checker/index.js';
import { loadLesson } from '../course/index.js';
import { rubricLines } from './course-file.js';
import type { GradedLesson } from './points.js';

/** A lesson as points need it: its title, and its checks in their order. */
export async function gradedLesson(id: string, root?: string): Promise<GradedLesson> {
  const { title } = loadLesson(id, root);
  const rubric = rubricLines(id, root);
  return { id, title, checks: await lessonChecks(id), ...(rubric.length > 0 ? { rubric } : {}) };
}

/** The lessons of a class. */
export async function gradedLessons(ids: readonly string[]): Promise<GradedLesson[]> {
  return Promise.all(ids.map(id => gradedLesson(id)));
}
