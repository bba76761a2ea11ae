import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runHiddenTests } from '../check/test-host.js';
import { newSeed } from '../harness/random.js';
import type { Track } from '../harness/result.js';
import { type PreparedProgram, prepareProgram } from '../program/prepare.js';
import { type LauncherRef, ProgramUnavailable } from '../program/spec.js';
import { contractGaps } from './contract.js';
import {
  type CorpusProblem,
  type CorpusProgram,
  idOf,
  layOut,
  type Role,
  readCorpus,
} from './corpus.js';
import { type Proof, prove } from './expectation.js';

export type { Proof } from './expectation.js';
export type { StalePlay } from './stored.js';

import { recaller } from './recall.js';
import type { StalePlay } from './stored.js';

export interface VerifyRequest {
  readonly lessons: readonly string[];
  readonly tracks: readonly Track[];
  readonly seed?: string;
  readonly broker?: string;
  /** Only programs whose name contains this. */
  readonly only?: string;
  /** Roles to prove; default all. */
  readonly roles?: readonly Role[];
  /** A folder for the exchanges of programs that were not as they should be, also when only at first. */
  readonly keep?: string;
  /**
   * Plays all of every mutant. Else one ends as soon as it has failed as it should and nothing before
   * that is open. Recordings to judge again are always whole.
   */
  readonly whole?: boolean;
  /**
   * A folder of recordings: what could not have changed since is judged again and not played; what
   * is played is kept there. Recordings stay on one broker, the embedded one.
   */
  readonly stored?: string;
  /** Ends it early: it throws then, and starts nothing any more. */
  readonly signal?: AbortSignal;
  /** How the programs of a folder are started: in a sandbox. */
  readonly launcher?: (unpacked: { readonly folder: string; readonly track: Track }) => LauncherRef;
}

export interface VerifyOutcome {
  readonly seed: string;
  readonly proofs: readonly Proof[];
  /** Programs that could not be made: an edit that does not fit, or cannot be read. */
  readonly broken: readonly CorpusProblem[];
  /** What the contracts of the lessons lack: a sentence without a check, or the other way round. */
  readonly gaps: readonly { readonly lesson: string; readonly text: string }[];
  /** Tracks that could not be run here, with the reason. */
  readonly skipped: readonly { readonly track: Track; readonly reason: string }[];
  /** With `stored`: how many were judged from their recordings, and what was played and why. */
  readonly stored?: { readonly judged: number; readonly stale: readonly StalePlay[] };
  readonly durationMs: number;
}

/** Proves the checks: stubs fail, solutions and variants pass, mutants fail as they say they do. */
export async function verifyLessons(request: VerifyRequest): Promise<VerifyOutcome> {
  const started = performance.now();
  const seed = request.seed ?? newSeed();
  const skipped: { track: Track; reason: string }[] = [];
  const broken: CorpusProblem[] = [];
  const prepared = new Map<string, PreparedProof>();
  const recall = request.stored === undefined ? undefined : await recaller(request.stored, request);
  // Whoever asks for some of the programs does not ask whether they are enough.
  const whole = request.only === undefined && request.roles === undefined;
  const gaps = whole ? await contractGaps(request.lessons) : [];
  const isWanted = (name: string, role?: Role) =>
    name.includes(request.only ?? '') &&
    (role === undefined || (request.roles?.includes(role) ?? true));
  for (const track of request.tracks) {
    try {
      for (const lesson of request.lessons) {
        request.signal?.throwIfAborted();
        const { programs, problems } = readCorpus(lesson, track);
        for (const one of problems) {
          // What cannot be read at all is told in each track.
          const known = broken.some(({ where, text }) => where === one.where && text === one.text);
          if (!known && isWanted(one.name)) broken.push(one);
        }
        const wanted = programs.filter(one => isWanted(one.name, one.role));
        const played = recall ? await recall.without(wanted) : wanted;
        await Promise.all(
          played.map(async program => {
            const made = await prepare(program, seed, request.launcher);
            const until = request.whole || recall ? undefined : program.expects;
            const spec = { ...made.spec, ...(until ? { until } : {}) };
            prepared.set(idOf(program), { program, made: { ...made, spec } });
          }),
        );
      }
    } catch (error) {
      if (!(error instanceof ProgramUnavailable) || error.reason === 'work') throw error;
      skipped.push({ track, reason: error.message });
    }
  }
  try {
    const { keep } = request;
    const all = await proveAll([...prepared.values()], request, keep !== undefined || !!recall);
    for (const proof of all) recall?.keep(proof, seed);
    const wrong = all.filter(proof => proof.problem);
    if (keep !== undefined) for (const proof of wrong) keepExchange(keep, seed, proof);
    const first = all.map(withoutRecordings);
    // A program that comes out right when it is played again, alone and with the same seed, says
    // something about a check or this machine: it is counted, never hidden.
    const again = new Map<CorpusProgram, Proof>();
    if (wrong.length > 0 && wrong.length <= MOST_PLAYED_AGAIN) {
      const chosen = [...prepared.values()].filter(one =>
        wrong.some(({ program }) => program === one.program),
      );
      for (const proof of await proveAll(chosen, request)) again.set(proof.program, proof);
    }
    const proofs = first.map(proof => {
      const second = again.get(proof.program);
      return proof.problem && second && !second.problem
        ? { ...second, unsteady: proof.problem }
        : proof;
    });
    return {
      seed,
      proofs: [...proofs, ...(recall?.judged ?? [])],
      broken,
      gaps,
      skipped,
      ...(recall ? { stored: { judged: recall.judged.length, stale: recall.stale } } : {}),
      durationMs: Math.round(performance.now() - started),
    };
  } finally {
    await Promise.all([...prepared.values()].map(one => one.made.dispose()));
  }
}

async function prepare(
  program: CorpusProgram,
  seed: string,
  launcherFor: VerifyRequest['launcher'],
): Promise<PreparedProgram> {
  const { lesson, track } = program;
  const laid = await layOut(program);
  const source = { kind: 'file', path: laid.path } as const;
  const launcher = launcherFor?.({ folder: dirname(source.path), track });
  const asked = { id: idOf(program), lesson, track, program: source, seed };
  const made = await prepareProgram({ ...asked, ...(launcher ? { launcher } : {}) });
  return {
    ...made,
    dispose: async () => {
      await made.dispose();
      await laid.dispose();
    },
  };
}

/** More wrong programs than this are not a matter of a busy moment. */
const MOST_PLAYED_AGAIN = 12;

interface PreparedProof {
  readonly program: CorpusProgram;
  readonly made: PreparedProgram;
}

async function proveAll(
  prepared: readonly PreparedProof[],
  { broker, signal }: Pick<VerifyRequest, 'broker' | 'signal'>,
  keepRecordings = false,
): Promise<Proof[]> {
  if (prepared.length === 0) return [];
  const runs = await runHiddenTests({
    programs: prepared.map(one => one.made.spec),
    ...(broker ? { broker } : {}),
    ...(signal ? { signal } : {}),
    keepRecordings,
  });
  return prepared.flatMap(({ program }, at) => {
    const run = runs[at];
    return run ? [prove(program, run)] : [];
  });
}

function keepExchange(folder: string, seed: string, { program, problem, run }: Proof): void {
  const { lesson, track, name } = program;
  mkdirSync(folder, { recursive: true });
  const file = `${lesson} ${track} ${name} ${seed}.json`.replaceAll(/[/\\ ]/g, '-');
  const { verdicts, recordings } = run;
  writeFileSync(join(folder, file), JSON.stringify({ problem, verdicts, recordings }, null, 1));
}

/** A round of all lessons holds many of them. */
function withoutRecordings(proof: Proof): Proof {
  const { recordings: _, ...run } = proof.run;
  return { ...proof, run };
}
