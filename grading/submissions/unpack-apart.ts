import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { limitedProcess, type ProcessLimits, Refusal, TooMuch } from '../apart/limited-process.js';
import { UnreadableSubmission } from './limits.js';
import type { Submission, UnpackedSubmission } from './submission.js';
import type { UnpackOptions } from './unpack.js';
import type { Unpacked, UnpackQuestion } from './unpack-process.js';

/** Unpacks submissions in a process of its own. */
export interface Unpacker {
  /** As `unpackSubmission`; what costs too much is unreadable, too. */
  unpack(submission: Submission, options: UnpackOptions): Promise<UnpackedSubmission>;
  close(): void;
}

/** Far above what the largest honest archive takes: one with a `node_modules` of 50,000 files. */
const UNPACKING: ProcessLimits = { seconds: 30, memoryMiB: 512 };

/** A process that opens archives, so that none of them can cost the grading its time or memory. */
export function openUnpacker(limits: ProcessLimits = UNPACKING): Unpacker {
  const apart = limitedProcess<UnpackQuestion, Unpacked>('submissions/unpack-process', limits);
  return {
    async unpack(submission, options) {
      await mkdir(options.into, { recursive: true });
      const own = await mkdtemp(join(await realpath(options.into), 'own-'));
      const dispose = () => rm(own, { recursive: true, force: true, maxRetries: 3 });
      try {
        await chmod(own, 0o755);
        const question = { submission, options: { ...options, into: own } };
        return { ...(await apart.ask(question)), dispose };
      } catch (error) {
        await dispose();
        if (error instanceof TooMuch) {
          throw new UnreadableSubmission(`to open it cannot be afforded: ${error.message}`);
        }
        if (error instanceof Refusal && error.kind === 'UnreadableSubmission') {
          throw new UnreadableSubmission(error.message);
        }
        throw error;
      }
    },
    close: apart.close,
  };
}
