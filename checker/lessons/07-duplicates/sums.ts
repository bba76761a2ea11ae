import type { SentenceId } from '../../../course/contract.js';
import type { PacketEntry } from '../../../wire/index.js';
import { type Check, check, type Failure, fail } from '../../harness/check.js';
import { insteadOf, jsonObject } from '../../harness/matchers.js';
import type { Recording } from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';
import {
  deliveriesOf,
  type Facts,
  kwhOf,
  type Message,
  type Reading,
  totalsOf,
  totalTopic,
} from './scenarios.js';

const rounded = (kwh: number) => Number(kwh.toFixed(2));

/** The sum of the readings: what the last total has to say. */
export const sumOf = (readings: readonly Reading[]) =>
  rounded(readings.reduce((sum, one) => sum + one.kwh, 0));

type Words = Pick<Failure, 'mistake' | 'why' | 'try'>;

export interface SumCheck {
  readonly id: string;
  readonly judges: readonly SentenceId[];
  readonly title: string;
  readonly clauses: readonly string[];
  readonly on: ScenarioDefinition<Facts>;
  readonly needs: readonly string[];
  /** The meters whose totals are judged. */
  readonly parts: readonly string[];
  /** The readings that the check is about: shown when the total is wrong. */
  readonly about: (
    readings: Recording<Facts>['facts']['readings'],
  ) => readonly (Reading | undefined)[];
  /** Further packets to show, in their place among the others. */
  readonly also?: (recording: Recording<Facts>) => readonly PacketEntry[];
  readonly tooHigh: Words;
  readonly tooLow: Words;
}

/** The check that the last total of some meters is the sum of their readings, each counted once. */
export function sumCheck(of: SumCheck): Check {
  const { id, judges, title, clauses, on, needs } = of;
  return check<Facts>({
    id,
    judges,
    title,
    clauses,
    on,
    needs,
    verify: recording => judge(recording, of),
  });
}

function judge(recording: Recording<Facts>, of: SumCheck): void {
  const { readings } = recording.facts;
  for (const part of of.parts) {
    const list = readings[part] ?? [];
    const device = list[0]?.device ?? '';
    const wanted = sumOf(list);
    const last = totalsOf(recording, device).at(-1);
    const got = last && totalIn(last, device, wanted);
    if (last && got !== undefined && Math.abs(got - wanted) < 0.006) continue;
    const about = of.about(readings).filter(one => one !== undefined);
    const deliveries = [...new Set(about.flatMap(one => deliveriesOf(recording, one)))]
      .sort((a, b) => a.n - b.n)
      .slice(0, 3);
    const expected = `${device} has counted ${wanted} kWh: ${list.map(one => one.kwh).join(' + ')}`;
    if ((!last || got === undefined) && recording.gaveUp) {
      fail({
        mistake: 'no-total',
        expected,
        seen: [
          ...deliveries,
          ...insteadOf(recording, `PUBLISH on ${totalTopic(recording.facts, device)}`),
        ],
        why: 'the readings of this meter were delivered, and no total came of them',
        try: 'print a line for each message that comes in, and one for each total that goes out',
      });
    }
    const difference = (got ?? 0) - wanted;
    fail({
      ...(difference > 0 ? of.tooHigh : of.tooLow),
      expected,
      seen: [
        ...[...deliveries, ...(of.also?.(recording) ?? []), ...(last ? [last] : [])].sort(
          (a, b) => a.n - b.n,
        ),
        last
          ? `${rounded(Math.abs(difference))} kWh too ${difference > 0 ? 'much' : 'little'}`
          : `no PUBLISH on ${totalTopic(recording.facts, device)} at all`,
      ],
    });
  }
}

/** The number in a total. @throws CheckFailure when it is not there */
export function totalIn(entry: Message, device: string, wanted: number): number {
  const kwh = kwhOf(entry);
  if (kwh !== undefined) return kwh;
  const object = jsonObject(entry);
  return fail({
    mistake: typeof object['kwh'] === 'string' ? 'number-as-text' : 'missing-field',
    expected: `{"device":"${device}","kwh":${wanted}}`,
    seen: [entry],
    why: 'the field kwh has to be a number: text cannot be added up',
    try: 'compare the payload with the example in the lesson, field by field',
  });
}
