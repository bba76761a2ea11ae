/** What a class handed in: found, matched with the roster, and copied to a safe place. */
export { type IntakeLimits, intakeLimits, UnreadableSubmission } from './limits.js';
export { type ListOptions, listSubmissions, TIMES_FILE } from './list.js';
export type {
  LearnerFrom,
  Submission,
  SubmissionList,
  UnpackedExercise,
  UnpackedSubmission,
} from './submission.js';
export { readSubmissionTimes, type SubmissionTimes } from './times.js';
export { type UnpackOptions, unpackSubmission } from './unpack.js';
export { openUnpacker, type Unpacker } from './unpack-apart.js';
