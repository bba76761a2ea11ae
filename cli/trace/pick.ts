import type { Bundle } from '../../checker/index.js';
import { UsageError } from '../../course/errors.js';
import type { PacketEntry, Trace } from '../../wire/trace.js';

export type Scenario = readonly [name: string, recording: Bundle['recordings'][string]];

/**
 * The scenarios meant: all, or those whose names begin so.
 * @throws UsageError where nothing was recorded, or no scenario has that name: it tells the names
 */
export function pick(bundle: Bundle, lesson: string, wanted: string | undefined): Scenario[] {
  const all = Object.entries(bundle.recordings);
  if (all.length === 0) {
    throw new UsageError(
      `the last check of ${lesson} recorded no packets. Check again: npx mqtt-course check ${lesson}`,
    );
  }
  if (wanted === undefined) return all;
  const exact = all.filter(([name]) => name === wanted);
  const found = exact.length > 0 ? exact : all.filter(([name]) => name.startsWith(wanted));
  if (found.length > 0) return found;
  throw new UsageError(
    `there is no scenario "${wanted}" in the last check of ${lesson}; it has ${names(all)}.`,
  );
}

const names = (scenarios: readonly Scenario[]) => scenarios.map(([name]) => `"${name}"`).join(', ');

/**
 * The one scenario meant, where only one can be shown: the one named; else the one that the first
 * failed check is about; else the first.
 */
export function pickOne(bundle: Bundle, lesson: string, wanted: string | undefined): Scenario {
  const found = pick(bundle, lesson, wanted);
  const failed = failedScenario(bundle);
  const one = found.find(([name]) => name === failed) ?? found[0];
  if (!one) throw new UsageError(`the last check of ${lesson} recorded no packets.`);
  return one;
}

/** The scenario that the first failed check is about. */
export function failedScenario(bundle: Bundle): string | undefined {
  return bundle.result.checks.find(one => one.status === 'failed')?.scenario;
}

/** Packets that failed verdicts of this scenario cite: by number, with the ids of the checks. */
export function citedIn(bundle: Bundle, scenario: string): Map<number, string[]> {
  const cited = new Map<number, string[]>();
  for (const one of bundle.result.checks) {
    if (one.status !== 'failed' || one.scenario !== scenario) continue;
    for (const number of one.packets) cited.set(number, [...(cited.get(number) ?? []), one.id]);
  }
  return cited;
}

export interface FoundPacket {
  readonly name: string;
  readonly trace: Trace;
  readonly entry: PacketEntry;
}

/** A packet by its number (`4` or `#4`): first where the failed check looked. */
export function findPacket(
  scenarios: readonly Scenario[],
  wanted: string,
  bundle: Bundle,
): FoundPacket | undefined {
  const number = Number(wanted.replace(/^#/, ''));
  const failed = failedScenario(bundle);
  const order = [...scenarios].sort((a, b) => Number(b[0] === failed) - Number(a[0] === failed));
  for (const [name, { trace }] of order) {
    const entry = trace.entries.find(one => one.kind === 'packet' && one.n === number);
    if (entry?.kind === 'packet') return { name, trace, entry };
  }
  return undefined;
}
