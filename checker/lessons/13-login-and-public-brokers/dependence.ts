import { payloadText } from '../../../wire/index.js';
import { readObject } from '../../harness/matchers.js';
import { type PacketOf, type Recording, sent } from '../../harness/recording.js';
import { fieldsOf } from './scan.js';
import { ALIKE, type Facts } from './scenarios.js';

/**
 * Whether what is said in public depends on the house in which it is said. The program ran three
 * times: twice in one house (`program`, `again`), once in another (`twin`). What is the same in one
 * house and another in the other comes from the house, whatever was done to it; what is made up by
 * chance is another each time, and what is fixed is the same everywhere.
 */

export interface Dependence {
  /** `the payload, field temp`. */
  readonly where: string;
  readonly what: 'reading' | 'device';
  readonly here: PacketOf<'PUBLISH'> | PacketOf<'CONNECT'>;
  readonly there: PacketOf<'PUBLISH'> | PacketOf<'CONNECT'>;
}

interface Said {
  readonly value: string;
  readonly entry: PacketOf<'PUBLISH'> | PacketOf<'CONNECT'>;
}

/** All that one run said, by its place: one value for each message. */
function saidBy(recording: Recording<Facts>, who: string): Map<string, Said[]> {
  const all = new Map<string, Said[]>();
  const add = (where: string, value: string, entry: Said['entry']) => {
    const list = all.get(where) ?? [];
    all.set(where, [...list, { value, entry }]);
  };
  for (const entry of sent(recording, 'CONNECT', { who })) {
    for (const [where, text] of fieldsOf(entry.packet)) add(where, text, entry);
  }
  for (const entry of sent(recording, 'PUBLISH', { who })) {
    if (entry.packet.dup) continue;
    add('the topic name', entry.packet.topic, entry);
    const object = readObject(entry);
    if (!object) add('the payload', payloadText(entry.packet.payload) ?? '', entry);
    else
      for (const [path, value] of leaves(object)) add(`the payload, field ${path}`, value, entry);
  }
  return all;
}

function* leaves(value: unknown, path = ''): Generator<[string, string]> {
  if (typeof value !== 'object' || value === null)
    return void (yield [path, JSON.stringify(value)]);
  for (const [key, inner] of Object.entries(value)) {
    yield* leaves(inner, path === '' ? key : `${path}.${key}`);
  }
}

/** Where two texts differ, as it stands in the first: without what both begin and end with. */
function core(a: string, b: string): string {
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  let to = 0;
  while (to < a.length - from && to < b.length - from && a.at(-1 - to) === b.at(-1 - to)) to++;
  return a.slice(from, a.length - to);
}

/** So much that two runs would not make it up alike: "demo-7" may be chance, "demo-20418" is none. */
function isNoChance(differing: string): boolean {
  const digits = differing.replace(/\D/g, '').length;
  return digits >= 4 || (differing.length >= 6 && digits >= 1);
}

/** A half in which the readings of both houses are the same, and one in which they are not. */
const HALF = ALIKE / 2;
/** Of the second half; a rounded or sorted value may be the same for two readings. */
const OFTEN = HALF / 2;

/** The first thing that was said in public and comes from the house. */
export function dependence(recording: Recording<Facts>): Dependence | undefined {
  const [mine, again, twin] = ['program', 'again', 'twin'].map(who => saidBy(recording, who));
  if (!mine || !again || !twin) return undefined;
  for (const [where, list] of mine) {
    const repeated = again.get(where) ?? [];
    const others = twin.get(where) ?? [];
    const differs = list.map(
      ({ value }, at) => value === repeated[at]?.value && value !== others[at]?.value,
    );
    const known = list.length === ALIKE && repeated.length === ALIKE && others.length === ALIKE;
    const same = list.every(({ value }, at) => value === repeated[at]?.value);
    const follows =
      known &&
      same &&
      !differs.slice(0, HALF).includes(true) &&
      differs.slice(HALF).filter(Boolean).length >= OFTEN;
    const at = differs.findIndex(
      (one, index) =>
        one && (follows || isNoChance(core(list[index]?.value ?? '', others[index]?.value ?? ''))),
    );
    const [here, there] = [list[at], others[at]];
    if (here && there) {
      const what = follows || at >= HALF ? 'reading' : 'device';
      return { where, what, here: here.entry, there: there.entry };
    }
  }
  return undefined;
}

/** From here on two series of 32 numbers do not go together by chance. */
const CLOSE = 0.8;

/** A field of the messages whose numbers go up and down with the readings, noise or not. */
export function follower(
  recording: Recording<Facts>,
): { where: string; entry: PacketOf<'PUBLISH'> } | undefined {
  const { temps } = recording.facts;
  for (const [where, list] of saidBy(recording, 'program')) {
    const numbers = list.filter(({ value }) => value !== '' && Number.isFinite(Number(value)));
    if (numbers.length !== temps.length) continue;
    const values = numbers.map(({ value }) => Number(value));
    if (Math.abs(correlation(values, temps)) < CLOSE) continue;
    const [first] = numbers;
    if (first?.entry.packet.type === 'PUBLISH') {
      return { where, entry: first.entry as PacketOf<'PUBLISH'> };
    }
  }
  return undefined;
}

/** Pearson's coefficient; 0 where one of the series is constant. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (of: (at: number) => number) => a.reduce((all, _, at) => all + of(at), 0);
  const [x, y] = [(at: number) => (a[at] ?? 0) - ma, (at: number) => (b[at] ?? 0) - mb];
  const both = Math.sqrt(sum(at => x(at) ** 2) * sum(at => y(at) ** 2));
  return both === 0 ? 0 : sum(at => x(at) * y(at)) / both;
}
