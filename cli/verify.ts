import type { Command } from 'commander';
import type { Track } from '../checker/index.js';

interface VerifyOptions {
  readonly track?: Track;
  readonly seed?: string;
  readonly broker?: string;
  readonly only?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly strict?: boolean;
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
    .option('--json', 'the whole matrix as JSON')
    .addHelpText('after', '\nExample:\n  npx mqtt-course verify 2 --track python')
    .action(async (lessons: string[], options: VerifyOptions) => {
      process.exitCode = await verify(lessons, options);
    });
}

async function verify(names: readonly string[], options: VerifyOptions): Promise<number> {
  const [{ brokerProblem, verifyLessons, hiddenTestFile }, { lessonIds, findLesson }] =
    await Promise.all([import('../checker/index.js'), import('../course/index.js')]);
  const wanted = names.length > 0 ? names.map(name => findLesson(name).id) : lessonIds();
  const lessons = wanted.filter(id => hiddenTestFile(id) !== undefined);
  const problem = await brokerProblem(options.broker ?? 'embedded');
  if (problem) {
    console.error(problem.text);
    return problem.reason === 'use' ? 2 : 3;
  }
  const tracks: Track[] = options.track ? [options.track] : ['typescript', 'python'];
  if (!options.json) console.log(`proving ${lessons.length} lessons in ${tracks.join(' and ')} …`);
  const outcome = await verifyLessons({
    lessons,
    tracks,
    ...(options.seed ? { seed: options.seed } : {}),
    ...(options.broker ? { broker: options.broker } : {}),
    ...(options.only ? { only: options.only } : {}),
  });
  const problems = outcome.proofs.filter(proof => proof.problem);
  const unsteady = outcome.proofs.filter(proof => proof.unsteady);
  if (options.json) {
    console.log(JSON.stringify(outcome, null, 2));
  } else {
    const sorted = [...outcome.proofs].sort((a, b) => a.run.spec.id.localeCompare(b.run.spec.id));
    let group = '';
    for (const { program, run, status, problem, unsteady: before } of sorted) {
      if (options.quiet && !problem && !before) continue;
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
    for (const { track, reason } of outcome.skipped) console.log(`\nskipped: ${track}. ${reason}`);
    const roles = ['stub', 'solution', 'variant', 'mutant'] as const;
    const counts = roles.map(
      role => `${outcome.proofs.filter(one => one.program.role === role).length} ${role}s`,
    );
    console.log(
      `\n${outcome.proofs.length - problems.length} programs as they should be, ${problems.length} not, ${unsteady.length} only when played again` +
        ` (${counts.join(', ')}; seed ${outcome.seed}, ${(outcome.durationMs / 1000).toFixed(1)} s)`,
    );
  }
  if (problems.some(one => one.status === 'unknown')) return 3;
  if (options.strict && unsteady.length > 0) return 1;
  return problems.length > 0 || outcome.proofs.length === 0 ? 1 : 0;
}
