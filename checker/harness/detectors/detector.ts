import type { SentenceId } from '../../../course/contract.js';
import type { PacketEntry } from '../../../wire/index.js';
import type { DetectorId, Failure } from '../check.js';
import { packets, type Recording } from '../recording.js';

/** What a detector may look at beside the recording: hints for wording, never reasons. */
export interface DetectorContext {
  readonly source: string;
  readonly track: string;
}

/**
 * A root cause that is the same in every lesson. When a check of a scenario fails and a detector
 * finds its cause there, the detector is what the learner reads, and the check waits for it.
 */
export interface Detector {
  readonly id: DetectorId;
  /** The sentences of the contract that all lessons share: `lessons/common.contract.yaml`. */
  readonly judges: readonly SentenceId[];
  /** As a claim that does not hold: "the program connects". */
  readonly title: string;
  readonly find: (recording: Recording, context: DetectorContext) => Failure | undefined;
}

/** Milliseconds as a learner reads them: "0.35 s". */
export const seconds = (ms: number) => `${(ms / 1000).toFixed(ms < 950 ? 2 : 1)} s`;

/** The last packet up to a time, in either direction. */
export function lastPacketBefore(recording: Recording, t: number): PacketEntry | undefined {
  return packets(recording).findLast(entry => entry.t <= t);
}
