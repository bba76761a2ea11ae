import { type ChildProcess, spawn } from 'node:child_process';
import { type Proof, type VerifyOutcome, type VerifyRequest, verifyLessons } from './verify.js';

export interface RepeatRequest extends VerifyRequest {
  /** How often everything is proven, each time with a seed of its own. */
  readonly rounds: number;
  /** Processors that something else keeps busy meanwhile. */
  readonly load?: number;
  /** Called after each round. */
  readonly onRound?: (round: number, outcome: VerifyOutcome) => void;
}

/** A program whose verdicts were not the same in every round. */
export interface Differing {
  /** `05-wildcards python mutant/star`. */
  readonly program: string;
  /** Each set of verdicts that was seen, the commonest first, with the seeds of its rounds. */
  readonly seen: readonly { readonly verdicts: string; readonly seeds: readonly string[] }[];
}

export interface RepeatOutcome {
  /** Rounds that were played to the end. */
  readonly rounds: readonly VerifyOutcome[];
  readonly differing: readonly Differing[];
}

/**
 * Proves the checks again and again, with a new seed each time and, if asked, on a busy machine: a
 * verdict must not depend on either. The first seed is the request's; the others follow from it.
 */
export async function verifyRepeatedly(request: RepeatRequest): Promise<RepeatOutcome> {
  const busy = Array.from({ length: request.load ?? 0 }, keepBusy);
  const rounds: VerifyOutcome[] = [];
  try {
    for (let round = 1; round <= request.rounds; round++) {
      const seed = request.seed && round > 1 ? `${request.seed}-${round}` : request.seed;
      const outcome = await verifyLessons({ ...request, ...(seed ? { seed } : {}) });
      rounds.push(outcome);
      request.onRound?.(round, outcome);
    }
  } finally {
    for (const one of busy) one.kill('SIGKILL');
  }
  return { rounds, differing: differences(rounds) };
}

/** A process that takes a processor for itself, and ends with this one. */
function keepBusy(): ChildProcess {
  const script = `const parent = process.ppid;
    for (let n = 0; ; n++) if (n % 1e8 === 0 && process.ppid !== parent) process.exit();`;
  return spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
}

/** The programs whose verdicts differ between rounds: a first play that had to be repeated counts. */
export function differences(
  rounds: readonly Pick<VerifyOutcome, 'seed' | 'proofs'>[],
): Differing[] {
  const seen = new Map<string, Map<string, string[]>>();
  for (const { seed, proofs } of rounds) {
    for (const proof of proofs) {
      const { lesson, track, name } = proof.program;
      const program = `${lesson} ${track} ${name}`;
      const sets = seen.get(program) ?? new Map<string, string[]>();
      const verdicts = told(proof);
      sets.set(verdicts, [...(sets.get(verdicts) ?? []), seed]);
      seen.set(program, sets);
    }
  }
  return [...seen]
    .filter(([, sets]) => sets.size > 1)
    .map(([program, sets]) => ({
      program,
      seen: [...sets]
        .map(([verdicts, seeds]) => ({ verdicts, seeds }))
        .sort((a, b) => b.seeds.length - a.seeds.length),
    }));
}

/** What a learner reads of it, in short: each verdict that is not `passed`, with its mistake. */
function told({ run, problem, unsteady }: Proof): string {
  const verdicts = run.verdicts
    .filter(one => one.status !== 'passed')
    .map(one => [one.id, one.status, one.mistake].filter(Boolean).join(' '));
  const words = verdicts.length > 0 ? verdicts.join(', ') : run.fault ? 'no verdict' : 'passed';
  if (unsteady) return `${words}; at first: ${unsteady}`;
  return problem && run.fault ? `${words}: ${run.fault}` : words;
}
