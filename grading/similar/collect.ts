import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patientRemoval } from '../../course/system/index.js';
import { limitedProcess, type ProcessLimits, Refusal, TooMuch } from '../apart/limited-process.js';
import { openUnpacker, type SubmissionList, UnreadableSubmission } from '../submissions/index.js';
import type { Handed } from './pairs.js';
import type { Token } from './tokens.js';
import type { TokensQuestion } from './tokens-process.js';

export interface Collected {
  readonly handed: readonly Handed[];
  /** Submissions that cannot be read, with the reason. */
  readonly unreadable: readonly { readonly submission: string; readonly reason: string }[];
}

/** What one program may cost to be parsed. */
const PARSING: ProcessLimits = { seconds: 10, memoryMiB: 384 };

/**
 * The programs of a class as texts and their syntax; untouched stubs are left out. Nothing is run, and
 * what strangers wrote is opened and parsed in processes with limits of their own.
 */
export async function collectPrograms(
  list: SubmissionList,
  lessons: readonly string[],
): Promise<Collected> {
  const into = await mkdtemp(join(tmpdir(), 'mqtt-course-similar-'));
  const handed: Handed[] = [];
  const unreadable = [...list.unreadable];
  const unpacker = openUnpacker();
  const parser = limitedProcess<TokensQuestion, Token[]>('similar/tokens-process', PARSING);
  try {
    for (const submission of list.submissions) {
      try {
        const unpacked = await unpacker.unpack(submission, { lessons, into });
        for (const { lesson, track, entry, isStub } of unpacked.exercises.values()) {
          if (isStub) continue;
          const source = await readFile(entry, 'utf8');
          try {
            const tokens = await parser.ask({ source, track });
            handed.push({ learner: submission.learner.id, lesson, track, source, tokens });
          } catch (error) {
            if (!(error instanceof TooMuch || error instanceof Refusal)) throw error;
            const reason = `${lesson} cannot be compared: ${error.message}`;
            unreadable.push({ submission: submission.name, reason });
          }
        }
        await unpacked.dispose();
      } catch (error) {
        if (!(error instanceof UnreadableSubmission)) throw error;
        unreadable.push({ submission: submission.name, reason: error.message });
      }
    }
  } finally {
    unpacker.close();
    parser.close();
    await rm(into, patientRemoval);
  }
  return { handed, unreadable };
}
