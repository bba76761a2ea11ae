import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patientRemoval } from '../../course/system/locked.js';
import {
  type SubmissionList,
  UnreadableSubmission,
  unpackSubmission,
} from '../submissions/index.js';
import type { Handed } from './pairs.js';

export interface Collected {
  readonly handed: readonly Handed[];
  /** Submissions that cannot be read, with the reason. */
  readonly unreadable: readonly { readonly submission: string; readonly reason: string }[];
}

/** The programs of a class as texts; untouched stubs are left out. Nothing is run. */
export async function collectPrograms(
  list: SubmissionList,
  lessons: readonly string[],
): Promise<Collected> {
  const into = await mkdtemp(join(tmpdir(), 'mqtt-course-similar-'));
  const handed: Handed[] = [];
  const unreadable = [...list.unreadable];
  try {
    for (const submission of list.submissions) {
      try {
        const unpacked = await unpackSubmission(submission, { lessons, into });
        for (const { lesson, track, entry, isStub } of unpacked.exercises.values()) {
          if (isStub) continue;
          const source = await readFile(entry, 'utf8');
          handed.push({ learner: submission.learner.id, lesson, track, source });
        }
        await unpacked.dispose();
      } catch (error) {
        if (!(error instanceof UnreadableSubmission)) throw error;
        unreadable.push({ submission: submission.name, reason: error.message });
      }
    }
  } finally {
    await rm(into, patientRemoval);
  }
  return { handed, unreadable };
}
