/** Proves that the checks are good. Loaded when asked for: a check needs none of it. */
import type { ContractMap } from './contract.js';
import type { MutateOutcome, MutateRequest } from './mutate/mutate.js';
import type { Rate } from './mutate/rates.js';
import type { MutantResult, Unnamed } from './mutate/results.js';
import type { Differing, RepeatOutcome, RepeatRequest } from './repeat.js';
import type { Proof, VerifyOutcome, VerifyRequest } from './verify.js';

export type { ContractMap, MapRow } from './contract.js';
export type { CorpusProblem, CorpusProgram, Role } from './corpus.js';
export type { MutateOutcome, MutateRequest } from './mutate/mutate.js';
export type {
  Differing,
  MutantResult,
  Proof,
  Rate,
  RepeatOutcome,
  RepeatRequest,
  VerifyOutcome,
  VerifyRequest,
};

/** See `verify.ts`. */
export async function verifyLessons(request: VerifyRequest): Promise<VerifyOutcome> {
  return (await import('./verify.js')).verifyLessons(request);
}

/** See `repeat.ts`. */
export async function verifyRepeatedly(request: RepeatRequest): Promise<RepeatOutcome> {
  return (await import('./repeat.js')).verifyRepeatedly(request);
}

/** See `contract.ts`. */
export async function contractMap(lesson: string): Promise<ContractMap | undefined> {
  return (await import('./contract.js')).contractMap(lesson);
}

/** See `contract.ts`. */
export async function commonMap(): Promise<ContractMap> {
  return (await import('./contract.js')).commonMap();
}

/** See `mutate/mutate.ts`. */
export async function mutateLessons(request: MutateRequest): Promise<MutateOutcome> {
  return (await import('./mutate/mutate.js')).mutateLessons(request);
}

/** See `mutate/results.ts`. */
export async function unnamedMutants(results: readonly MutantResult[]): Promise<Unnamed[]> {
  return (await import('./mutate/results.js')).unnamedMutants(results);
}

/** See `mutate/rates.ts`. */
export async function readRates(): Promise<Rate[]> {
  return (await import('./mutate/rates.js')).readRates();
}

/** See `mutate/rates.ts`. */
export async function writeRates(rates: readonly Rate[]): Promise<void> {
  (await import('./mutate/rates.js')).writeRates(rates);
}
