import type { CheckOutcome, Verdict } from '../../checker/index.js';
import type { OpenWorkspace } from '../../course/index.js';
import type { Evidence } from '../render/evidence.js';
import type { Style } from '../render/style.js';
import { type CheckJob, sealOutcome } from './job.js';

/** A failure that is told before the rest is known, with what stands behind it. */
export interface EarlyFailure {
  readonly verdict: Verdict;
  readonly evidence: Evidence | undefined;
}

/** Where the rest comes within this time, the whole result is the first thing that is seen. */
const HOLD_MS = 100;

/** The early failure of an outcome that has one verdict. */
export async function earlyFailure(
  job: CheckJob,
  opened: OpenWorkspace | undefined,
  outcome: CheckOutcome,
): Promise<EarlyFailure | undefined> {
  const [sealed, { evidenceOf }] = await Promise.all([
    sealOutcome(job, opened, outcome),
    import('./evidence.js'),
  ]);
  const [verdict] = sealed.result.checks;
  if (!verdict) return undefined;
  const { program } = job.request;
  const file = program.kind === 'file' ? program.path : undefined;
  return { verdict, evidence: evidenceOf(sealed, file, job.shown).get(verdict.id) };
}

export interface EarlyTelling {
  /** A failure is certain, and the rest is not known yet. */
  heard(outcome: CheckOutcome): void;
  /** The rest is known. @returns the id of the verdict that stands there already, if one does */
  ends(): Promise<string | undefined>;
}

/**
 * Tells a failure while the rest is found out. What is told is not told again: whoever shows the
 * result leaves this verdict out.
 */
export function tellEarly(
  job: CheckJob,
  opened: OpenWorkspace | undefined,
  style: Style,
  write: (lines: readonly string[]) => void,
): EarlyTelling {
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  let telling: Promise<string | undefined> = Promise.resolve(undefined);
  const say = async (outcome: CheckOutcome): Promise<string | undefined> => {
    const [failure, { renderVerdict }] = await Promise.all([
      earlyFailure(job, opened, outcome),
      import('../render/verdict.js'),
    ]);
    if (!failure || over) return undefined;
    write([...renderVerdict(failure.verdict, style, failure.evidence), '']);
    return failure.verdict.id;
  };
  return {
    heard: outcome => {
      timer = setTimeout(() => {
        // What cannot be told now is told with the rest.
        telling = say(outcome).catch(() => undefined);
      }, HOLD_MS);
    },
    ends: () => {
      over = true;
      clearTimeout(timer);
      return telling;
    },
  };
}
