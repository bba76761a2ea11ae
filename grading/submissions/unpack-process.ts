import { serve } from '../apart/serve.js';
import type { Submission, UnpackedSubmission } from './submission.js';
import { type UnpackOptions, unpackSubmission } from './unpack.js';

/* A process that opens archives: see `unpack-apart.ts`. */

export interface UnpackQuestion {
  readonly submission: Submission;
  readonly options: UnpackOptions;
}

export type Unpacked = Pick<UnpackedSubmission, 'exercises' | 'open' | 'notices'>;

serve<UnpackQuestion, Unpacked>(async ({ submission, options }) => {
  const { exercises, open, notices } = await unpackSubmission(submission, options);
  return { exercises, open, notices };
});
