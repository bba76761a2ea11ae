import type { SentenceId } from '../../course/contract.js';
import { describePacket, type PacketEntry } from '../../wire/index.js';
import type { PacketField } from './fields.js';
import type { Recording } from './recording.js';
import type { ScenarioDefinition } from './scenario.js';

/** The four parts of a failing verdict, as a check writes them. See VOICE: one cause, one next step. */
export interface Failure {
  /** Which known mistake this is: a slug, unique in the lesson. */
  readonly mistake: string;
  /**
   * Where it is, if it is one field of one packet. A mistake that shows in several packets, or in
   * what did not come, has none: nothing is guessed.
   */
  readonly field?: PacketField | undefined;
  readonly expected: string;
  /** Text and packets; a packet becomes its line of the trace and is cited. */
  readonly seen: string | readonly (string | PacketEntry)[];
  readonly why: string;
  readonly try: string;
  /** Clauses that are the reason, beside those of the check itself. */
  readonly clauses?: readonly string[];
  /** Packets to cite beside those in `seen`. */
  readonly packets?: readonly PacketEntry[];
}

/** The learner's program did not do what the check claims. Anything else that is thrown is our fault. */
export class CheckFailure extends Error {
  constructor(readonly failure: Failure) {
    super(failure.expected);
    this.name = 'CheckFailure';
  }
}

/** The trace does not tell: the machine was too slow, or something we rely on did not happen. */
export class CannotTell extends Error {}

/** Ends a check as failed. @throws CheckFailure always */
export function fail(failure: Failure): never {
  throw new CheckFailure(failure);
}

/** Ends a check as `unknown`. @throws CannotTell always */
export function cannotTell(reason: string): never {
  throw new CannotTell(reason);
}

/** The ids of the verdicts that are common to all lessons; see `detectors/index.ts`. */
export type DetectorId = 'U0' | 'U1' | 'U2' | 'U3' | 'U4' | 'U5' | 'U6' | 'U7' | 'U8' | 'U9';

/** One claim about what a scenario recorded. */
export interface Check<Facts = unknown> {
  /** `T1` … in the order of the lesson. */
  readonly id: string;
  /** The sentences of the lesson's contract that it judges. `verify` misses it where it is left out. */
  readonly judges?: readonly SentenceId[];
  /** What holds when it passes, in words: "every reading becomes one PUBLISH". */
  readonly title: string;
  readonly clauses: readonly string[];
  /** The scenario (or scenarios, each in turn) it judges. */
  readonly on: ScenarioDefinition<Facts> | readonly ScenarioDefinition<Facts>[];
  /** Ids of checks that must have passed, else this one is `not-reached`. */
  readonly needs?: readonly string[];
  /** Detectors whose finding this check explains better itself. */
  readonly explains?: readonly DetectorId[];
  /** @throws CheckFailure when the claim does not hold, CannotTell when that cannot be known */
  readonly verify: (recording: Recording<Facts>) => void;
  /** Of a check that passed: what a program cannot judge, and a person should look at. */
  readonly remark?: (recording: Recording<Facts>) => string | undefined;
}

/**
 * A cause that shows only in which checks fail together. The first one that applies replaces the
 * text of its leading check; the other checks it covers wait for that one.
 */
export interface Diagnosis {
  readonly applies: (pattern: FailurePattern) => boolean;
  /** The check that carries the message. */
  readonly leads: string;
  /** Checks that fail for the same cause. */
  readonly covers?: readonly string[];
  /** What to put in place of the leading check's own text. */
  readonly failure: (
    pattern: FailurePattern,
  ) => Partial<Omit<Failure, 'seen' | 'packets'>> & { mistake: string };
}

/** Which of the checks that a diagnosis leads and covers failed, and as which mistake. */
export interface FailurePattern {
  failed(id: string): boolean;
  passed(id: string): boolean;
  /** The mistake that a failed check named. */
  mistake(id: string): string | undefined;
  /** The text of the learner's file: a hint to order causes that look alike, never a reason. */
  readonly source: string;
}

/** Text for *Seen*, and the numbers of the packets in it. */
export function seenText(seen: Failure['seen']): { text: string; packets: number[] } {
  if (typeof seen === 'string') return { text: seen, packets: [] };
  const cited: number[] = [];
  const lines = seen.map(part => {
    if (typeof part === 'string') return part;
    cited.push(part.n);
    return `#${part.n} ${describePacket(part.packet)}`;
  });
  return { text: lines.join('\n'), packets: cited };
}

/** Helper that keeps the facts' type of a check in a list of mixed checks. */
export function check<Facts>(definition: Check<Facts>): Check {
  return definition as unknown as Check;
}
