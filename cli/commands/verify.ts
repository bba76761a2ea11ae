import { join } from 'node:path';
import type { Command } from 'commander';
import type { Differing, Track, VerifyOutcome, VerifyRequest } from '../../checker/index.js';
import { UsageError } from '../../course/errors.js';
import { packageRoot } from '../../course/package-root.js';
import { endWhenInterrupted } from '../check/interruption.js';
import type { MutantFlags } from './verify-mutants.js';

interface VerifyFlags extends MutantFlags {
  readonly mutate?: boolean;
  readonly track?: Track;
  readonly seed?: string;
  readonly broker?: string;
  readonly only?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly strict?: boolean;
  readonly rounds?: string;
  readonly load?: string;
  readonly keep?: string;
  readonly stored?: string | true;
  readonly whole?: boolean;
}

const words = {
  passed: 'passed',
  failed: 'failed',
  'not-reached': 'later',
  unknown: 'unknown',
} as const;
const marks = { passed: '✓', failed: '✗', 'not-reached': '·', unknown: '?' } as const;

/** `verify`: for authors. Proves that the checks of each lesson accept what is right and name what is wrong. */
export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description(
      'prove the checks: stubs fail, solutions and variants pass, mutants fail as they should',
    )
    .argument('[lesson...]', 'lessons to prove; default all')
    .option('--track <track>', 'typescript or python; default both')
    .option('--seed <seed>', 'replay a run')
    .option('--broker <broker>', 'embedded or mosquitto', 'embedded')
    .option('--only <text>', 'only programs whose name contains this')
    .option('--quiet', 'only what is not as it should be, and the count')
    .option('--strict', 'a program that came out right only when it was played again is a failure')
    .option('--rounds <n>', 'so many times, each with another seed; no verdict may differ')
    .option('--load <n>', 'keep so many processors busy meanwhile')
    .option('--keep <dir>', 'store the exchanges of what is not as it should be')
    .option(
      '--stored [dir]',
      'judge recordings where only checks or texts changed, and play the rest; default .tmp/recordings',
    )
    .option(
      '--whole',
      'play all of every mutant, also when it has failed as it should; --rounds and --stored always do',
    )
    .option(
      '--mutate',
      'make wrong programs of every right one: a check kills each, or it is excused',
    )
    .option('--sample <n>', 'with --mutate: so many mutants, the same ones each time')
    .option('--shard <i/n>', 'with --mutate: one part of the whole')
    .option('--changed', 'with --mutate: only lessons whose figures are not of today')
    .option('--survivors', 'with --mutate: only what was not killed when it was last played')
    .option('--write', 'with --mutate: put the figures into rates.json')
    .option('--json', 'the whole matrix as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx mqtt-course verify 2 --track python\n  npx mqtt-course verify 1 2 3 --rounds 20 --load 1\n  npx mqtt-course verify 7 --mutate',
    )
    .action(async (lessons: string[], options: VerifyFlags) => {
      const interruption = endWhenInterrupted(() => undefined);
      process.exitCode = await interruption.settled(verify(lessons, options, interruption.signal));
      interruption.off();
    });
}

async function verify(
  names: readonly string[],
  options: VerifyFlags,
  signal: AbortSignal,
): Promise<number> {
  const [{ brokerProblem, verifyLessons, hiddenTestFile }, { lessonIds, findLesson }] =
    await Promise.all([import('../../checker/index.js'), import('../../course/index.js')]);
  const wanted = names.length > 0 ? names.map(name => findLesson(name).id) : lessonIds();
  const lessons = wanted.filter(id => hiddenTestFile(id) !== undefined);
  const problem = await brokerProblem(options.broker ?? 'embedded');
  if (problem) {
    console.error(problem.text);
    return problem.reason === 'use' ? 2 : 3;
  }
  if (options.mutate) return (await import('./verify-mutants.js')).verifyMutants(lessons, options);
  const tracks: Track[] = options.track ? [options.track] : ['typescript', 'python'];
  const load = amount('load', options.load);
  const rounds = amount('rounds', options.rounds) ?? (load === undefined ? undefined : 1);
  if (!options.json)
    console.log(
      `proving ${lessons.length} lesson${lessons.length === 1 ? '' : 's'} in ${tracks.join(' and ')} …`,
    );
  const request: VerifyRequest = {
    lessons,
    tracks,
    signal,
    ...(options.seed ? { seed: options.seed } : {}),
    ...(options.broker ? { broker: options.broker } : {}),
    ...(options.only ? { only: options.only } : {}),
    ...(options.keep ? { keep: options.keep } : {}),
    ...(options.whole || rounds !== undefined ? { whole: true } : {}),
    ...(options.stored ? { stored: storeFolder(options.stored) } : {}),
  };
  if (rounds !== undefined && options.stored)
    throw new UsageError(
      '--stored plays nothing twice, so it has no rounds. Without it: npx mqtt-course verify --rounds 20',
    );
  if (rounds !== undefined) return again(request, rounds, load ?? 0, options);
  const outcome = await verifyLessons(request);
  if (options.json) {
    console.log(asJson(outcome));
  } else {
    tellMatrix(outcome, options.quiet ?? false);
  }
  return exitCode(outcome, options.strict ?? false);
}

/** Recordings are an author's own: they lie in the clone, where git does not see them. */
const storeFolder = (folder: string | true) =>
  folder === true ? join(packageRoot(), '.tmp', 'recordings') : folder;

/** Without the files of the programs. */
const asJson = (outcome: unknown) =>
  JSON.stringify(outcome, (_, value) => (value instanceof Map ? undefined : value), 2);

function exitCode({ proofs, broken, gaps }: VerifyOutcome, strict: boolean): number {
  const problems = proofs.filter(proof => proof.problem);
  if (problems.some(one => one.status === 'unknown')) return 3;
  if (strict && proofs.some(proof => proof.unsteady)) return 1;
  return problems.length > 0 || broken.length > 0 || gaps.length > 0 || proofs.length === 0 ? 1 : 0;
}

/** Round after round: a line each, and what differed. @returns the worst exit code */
async function again(
  request: VerifyRequest,
  rounds: number,
  load: number,
  options: VerifyFlags,
): Promise<number> {
  const { verifyRepeatedly } = await import('../../checker/index.js');
  const outcome = await verifyRepeatedly({
    ...request,
    rounds,
    load,
    onRound: (round, one) => {
      if (options.json) return;
      const wrong = one.proofs.filter(proof => proof.problem).length + one.broken.length;
      const unsteady = one.proofs.filter(proof => proof.unsteady).length;
      console.log(
        `round ${round} of ${rounds}: ${one.proofs.length} programs, ${wrong} not as they should be, ` +
          `${unsteady} only when played again (seed ${one.seed}, ${seconds(one.durationMs)})`,
      );
      if (wrong + unsteady > 0) tellMatrix(one, true);
    },
  });
  if (options.json) console.log(asJson(outcome));
  else tellDifferences(outcome.differing, rounds);
  const codes = outcome.rounds.map(one => exitCode(one, options.strict ?? false));
  return codes.includes(3) ? 3 : outcome.differing.length > 0 || codes.includes(1) ? 1 : 0;
}

function tellDifferences(differing: readonly Differing[], rounds: number): void {
  if (differing.length === 0) {
    console.log(`\nno verdict differed in ${rounds} rounds`);
    return;
  }
  console.log(`\n${differing.length} programs with verdicts that differ:`);
  for (const { program, seen } of differing) {
    console.log(`  ${program}`);
    for (const { verdicts, seeds } of seen) {
      console.log(`    ${seeds.length} of ${rounds}  ${verdicts}  (seed ${seeds[0]})`);
    }
  }
}

/** @throws UsageError when it is no whole number */
function amount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(
    `--${name} ${text} is no number of ${name === 'load' ? 'processors' : 'rounds'}. For example: npx mqtt-course verify 2 --${name} 2`,
  );
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

function tellMatrix(outcome: VerifyOutcome, quiet: boolean): void {
  const problems = outcome.proofs.filter(proof => proof.problem);
  const unsteady = outcome.proofs.filter(proof => proof.unsteady);
  const sorted = [...outcome.proofs].sort((a, b) => a.run.spec.id.localeCompare(b.run.spec.id));
  let group = '';
  for (const { program, run, status, problem, unsteady: before } of sorted) {
    if (quiet && !problem && !before) continue;
    const heading = `${program.lesson}  ${program.track}`;
    if (heading !== group) console.log(`\n${heading}`);
    group = heading;
    const matrix = run.verdicts.map(one => `${one.id}${marks[one.status]}`).join(' ');
    const named = run.verdicts.find(one => one.status === 'failed')?.mistake ?? '';
    console.log(
      `  ${problem ? 'WRONG' : before ? 'AGAIN' : 'ok   '} ${program.name.padEnd(34)} ${words[status].padEnd(8)} ${matrix}  ${named}`,
    );
    if (problem) console.log(`        ${problem.replaceAll('\n', '\n        ')}`);
    if (before) {
      console.log(
        `        right only when played again; at first: ${before.replaceAll('\n', '\n        ')}`,
      );
    }
  }
  for (const { lesson, track, name, where, text } of outcome.broken) {
    const heading = `${lesson}  ${track}`;
    if (heading !== group) console.log(`\n${heading}`);
    group = heading;
    console.log(`  WRONG ${name}  cannot be made of ${where}`);
    console.log(`        ${text.replaceAll('\n', '\n        ')}`);
  }
  for (const { lesson, text } of outcome.gaps) console.log(`\nGAP   ${lesson}: ${text}`);
  if (outcome.stored) tellStored(outcome.stored, quiet);
  for (const { track, reason } of outcome.skipped) console.log(`\nskipped: ${track}. ${reason}`);
  const roles = ['stub', 'solution', 'variant', 'mutant'] as const;
  const counts = roles.map(
    role => `${outcome.proofs.filter(one => one.program.role === role).length} ${role}s`,
  );
  console.log(
    `\n${outcome.proofs.length - problems.length} programs as they should be, ${problems.length + outcome.broken.length} not, ${unsteady.length} only when played again` +
      ` (${counts.join(', ')}; seed ${outcome.seed}, ${seconds(outcome.durationMs)})`,
  );
}

function tellStored({ judged, stale }: NonNullable<VerifyOutcome['stored']>, quiet: boolean): void {
  console.log(`\n${judged} judged from their recordings, ${stale.length} played`);
  const reasons = new Set(stale.map(one => one.why));
  for (const why of reasons) {
    const ids = stale.filter(one => one.why === why).map(one => one.id);
    console.log(`  ${why}: ${ids.length}`);
    if (!quiet && ids.length <= 20) for (const id of ids) console.log(`    ${id}`);
  }
}
