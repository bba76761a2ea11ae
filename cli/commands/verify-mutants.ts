import { join } from 'node:path';
import type { MutantResult, MutateOutcome, Rate, Track } from '../../checker/index.js';
import { UsageError } from '../../course/errors.js';
import { packageRoot } from '../../course/package-root.js';

/** The flags of `verify --mutate`. */
export interface MutantFlags {
  readonly track?: Track;
  readonly seed?: string;
  readonly only?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly sample?: string;
  readonly shard?: string;
  readonly changed?: boolean;
  readonly survivors?: boolean;
  readonly write?: boolean;
}

/** `verify --mutate`: wrong programs made by machine; each is killed by a check, or excused. */
export async function verifyMutants(
  lessons: readonly string[],
  flags: MutantFlags,
): Promise<number> {
  const { mutateLessons, readRates, unnamedMutants, writeRates } = await import(
    '../../checker/index.js'
  );
  const outcome = await mutateLessons({
    lessons,
    tracks: flags.track ? [flags.track] : ['typescript', 'python'],
    folder: join(packageRoot(), '.tmp', 'mutants'),
    ...(flags.seed ? { seed: flags.seed } : {}),
    ...(flags.only ? { only: flags.only } : {}),
    ...(flags.sample ? { sample: sampleSize(flags.sample) } : {}),
    ...(flags.shard ? { shard: shardOf(flags.shard) } : {}),
    ...(flags.changed ? { changed: true } : {}),
    ...(flags.survivors ? { survivors: true } : {}),
    onOutcome: (result, done, all) => {
      if (!flags.json && !result.kept && !isFine(result)) tell(result, `${done} of ${all}`);
    },
  });
  if (flags.write) await writeRates(outcome.rates);
  if (!flags.json && !flags.quiet) {
    for (const { mutant, told } of await unnamedMutants(outcome.results)) {
      const { lesson, id, about } = mutant;
      console.log(`UNNAMED  ${lesson}  ${id}  (not a word of ${about}: ${told})`);
    }
  }
  if (flags.json) console.log(JSON.stringify(asData(outcome), null, 2));
  else tellAll(outcome, await readRates(), flags.quiet ?? false);
  return exitCode(outcome);
}

const isFine = ({ outcome, excuse }: MutantResult) =>
  outcome.status === 'killed' || (outcome.status === 'survived' && excuse !== undefined);

function tell({ mutant, outcome }: MutantResult, place: string): void {
  const word = outcome.status === 'unknown' ? 'UNKNOWN ' : 'SURVIVED';
  console.log(`${word} ${mutant.lesson}  ${mutant.id}  (${place})`);
  if (outcome.status === 'unknown') console.log(`         ${outcome.reason.split('\n')[0]}`);
}

function exitCode({ results, problems }: MutateOutcome): number {
  if (results.some(one => one.outcome.status === 'unknown')) return 3;
  return problems.length > 0 || results.some(one => !isFine(one)) ? 1 : 0;
}

function tellAll(outcome: MutateOutcome, reviewed: readonly Rate[], quiet: boolean): void {
  const { results, problems, unchanged, withoutFigures, skipped } = outcome;
  // Those that were not played this time are told together.
  for (const one of results.filter(one => one.kept && !isFine(one))) tell(one, 'kept');
  for (const text of problems) console.log(`WRONG    ${text}`);
  if (!quiet && outcome.rates.length > 0) {
    console.log(
      `\n${'lesson and track'.padEnd(44)} mutants killed excused survived unknown  rate  reason named`,
    );
    for (const one of outcome.rates) console.log(rateLine(one, reviewed));
  }
  if (unchanged.length > 0)
    console.log(`\nunchanged since their figures were written: ${unchanged.length}`);
  if (withoutFigures.length > 0) console.log(`no figures yet: ${withoutFigures.join(', ')}`);
  for (const { track, reason } of skipped) console.log(`\nskipped: ${track}. ${reason}`);
  const count = (status: string) => results.filter(one => one.outcome.status === status).length;
  const excused = results.filter(one => one.excuse && one.outcome.status === 'survived').length;
  console.log(
    `\n${results.length} mutants: ${count('killed')} killed, ${excused} excused, ` +
      `${count('survived') - excused} survived, ${count('unknown')} unknown; ` +
      `${results.filter(one => !one.kept).length} played (${(outcome.durationMs / 1000).toFixed(1)} s)`,
  );
}

function rateLine(one: Rate, reviewed: readonly Rate[]): string {
  const { lesson, track, mutants, killed, excused, survived, unknown, sampled, named } = one;
  const rate = mutants === excused ? 100 : (100 * killed) / (mutants - excused);
  const before = reviewed.find(it => it.lesson === lesson && it.track === track);
  const differs = before && before.mark === one.mark ? '' : '  (not yet in rates.json)';
  const numbers = [mutants, killed, excused, survived, unknown].map((it, at) =>
    String(it).padStart([7, 6, 7, 8, 7][at] ?? 0),
  );
  return `${`${lesson} ${track}`.padEnd(44)} ${numbers.join(' ')} ${rate.toFixed(1).padStart(5)}  ${named} of ${sampled}${differs}`;
}

/** What of it says something to a program: not the files of the mutants. */
function asData({ results, ...rest }: MutateOutcome) {
  return {
    ...rest,
    results: results.map(({ mutant, outcome, excuse, kept }) => ({
      lesson: mutant.lesson,
      id: mutant.id,
      operator: mutant.operator,
      ...(mutant.about === undefined ? {} : { about: mutant.about }),
      kept,
      ...outcome,
      ...(excuse ? { excuse: `${excuse.kind}: ${excuse.reason}` } : {}),
    })),
  };
}

function sampleSize(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(
    `--sample ${text} is no number of mutants. For example: npx mqtt-course verify --mutate --sample 60`,
  );
}

function shardOf(text: string): { part: number; of: number } {
  const [part, of] = text.split('/').map(Number);
  if (Number.isInteger(part) && Number.isInteger(of) && part && of && part <= of)
    return { part, of };
  throw new UsageError(
    `--shard ${text} is no part of the whole. For example: npx mqtt-course verify --mutate --shard 1/4`,
  );
}
