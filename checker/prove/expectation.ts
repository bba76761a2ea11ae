import type { ProgramRun } from '../check/test-host.js';
import { overall } from '../harness/result.js';
import type { CorpusProgram } from './corpus.js';

/** What came of one program of the corpus, and whether it is what should come. */
export interface Proof {
  readonly program: CorpusProgram;
  readonly run: ProgramRun;
  readonly status: 'passed' | 'failed' | 'unknown';
  /** Why this is not what should come; undefined when it is. */
  readonly problem?: string;
  /** What was wrong with it at first, where a second play with the same seed came out right. */
  readonly unsteady?: string;
}

/** Compares a program's verdicts with what its role asks for. */
export function prove(program: CorpusProgram, run: ProgramRun): Proof {
  const status = run.fault ? 'unknown' : overall(run.verdicts);
  const problem = problemOf(program, run, status);
  return { program, run, status, ...(problem ? { problem } : {}) };
}

function problemOf(
  program: CorpusProgram,
  run: ProgramRun,
  status: Proof['status'],
): string | undefined {
  if (run.fault) return `the hidden tests broke: ${run.fault}`;
  const unknown = run.verdicts.find(one => one.status === 'unknown');
  if (unknown) return `${unknown.id} could not tell: ${unknown.seen ?? ''}`;
  const failed = run.verdicts.filter(one => one.status === 'failed');
  const ids = failed
    .map(one => one.id)
    .sort()
    .join(', ');
  const first = failed[0];
  if (program.role === 'solution' || program.role === 'variant') {
    return status === 'passed'
      ? undefined
      : `should pass, but ${first?.id} failed (${first?.mistake}): ${first?.seen}`;
  }
  if (!first) return 'should fail, but passed';
  for (const one of failed) {
    if (!one.expected || !one.seen || !one.why || !one.try)
      return `${one.id} lacks one of its four parts`;
  }
  if (!program.expects) return undefined;
  const { mistake, fails } = program.expects;
  if (!failed.some(one => one.mistake === mistake)) {
    return `should be told "${mistake}", but was told "${failed.map(one => `${one.id} ${one.mistake}`).join(', ')}"`;
  }
  if (ids !== [...fails].sort().join(', '))
    return `should fail ${fails.join(', ')}, but failed ${ids}`;
  return undefined;
}
