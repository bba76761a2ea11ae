import type { DetectorId } from '../check.js';
import type { Detector } from './detector.js';
import { idCollision, neverConnected, storm } from './dialling.js';
import { crashed, threadDead } from './ended.js';
import { overLimit } from './limits.js';
import { malformed, wildcardPublish, wrongVersion } from './packets.js';

export type { Detector, DetectorContext } from './detector.js';
export { stillRunning, stillThere } from './limits.js';

/**
 * Every verdict that is common to all lessons. `U0` comes before anything runs: it is made by
 * `checker/check/check-program.ts` when the file cannot be read as a program.
 */
export const detectorTable: Readonly<Record<DetectorId, string>> = {
  U0: 'the file is a program',
  U1: neverConnected.title,
  U2: crashed.title,
  U3: idCollision.title,
  U4: wildcardPublish.title,
  U5: storm.title,
  U6: threadDead.title,
  U7: malformed.title,
  U8: wrongVersion.title,
  U9: overLimit.title,
};

/** In the order in which they explain: an earlier one is the cause of what a later one would find. */
export const detectors: readonly Detector[] = [
  crashed,
  threadDead,
  overLimit,
  neverConnected,
  malformed,
  wrongVersion,
  wildcardPublish,
  idCollision,
  storm,
];
