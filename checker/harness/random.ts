import { createHash } from 'node:crypto';

/** Values from one seed: the same seed and name give the same values, on every machine. */
export interface Random {
  /** A whole number, both ends included. */
  int(from: number, to: number): number;
  /** A number with at most `decimals` decimals, both ends included. */
  decimal(from: number, to: number, decimals: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Some of them, without repetition, in random order. */
  some<T>(from: readonly T[], count: number): T[];
  shuffle<T>(items: readonly T[]): T[];
  /** Lower-case letters and digits, starting with a letter. */
  token(length: number): string;
  /** A device name that means something: `freezer-3f`, `pump-a7`. */
  device(): string;
}

const things = [
  'freezer',
  'pump',
  'greenhouse',
  'boiler',
  'cellar',
  'press',
  'oven',
  'tank',
  'kiln',
  'cooler',
  'silo',
  'turbine',
] as const;
const letters = 'abcdefghjkmnpqrstuvwxyz';
const lettersAndDigits = `${letters}23456789`;

/** `name` separates streams of one seed (one for each scenario), so that they do not disturb each other. */
export function randomFrom(seed: string, name: string): Random {
  const next = uniform(`${seed}/${name}`);
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  const pick = <T>(from: readonly T[]): T => from[int(0, from.length - 1)] as T;
  const shuffle = <T>(items: readonly T[]): T[] => {
    const mixed = [...items];
    for (let last = mixed.length - 1; last > 0; last--) {
      const other = int(0, last);
      [mixed[last], mixed[other]] = [mixed[other] as T, mixed[last] as T];
    }
    return mixed;
  };
  const token = (length: number) =>
    Array.from({ length }, (_, at) => pick([...(at === 0 ? letters : lettersAndDigits)])).join('');
  return {
    int,
    decimal: (from, to, decimals) => Number((from + next() * (to - from)).toFixed(decimals)),
    chance: probability => next() < probability,
    pick,
    some: (from, count) => shuffle(from).slice(0, count),
    shuffle,
    token,
    device: () => `${pick(things)}-${token(3)}`,
  };
}

/** A seed for a run that was not given one: eight hexadecimal digits, short enough to type again. */
export function newSeed(): string {
  return createHash('sha256')
    .update(`${process.hrtime.bigint()}${process.pid}`)
    .digest('hex')
    .slice(0, 8);
}

/** SHA-256 in counter mode: 2^53 steps between 0 and 1. */
function uniform(seed: string): () => number {
  let block = Buffer.alloc(0);
  let counter = 0;
  return () => {
    if (block.length < 8) {
      block = createHash('sha256').update(`${seed}#${counter++}`).digest();
    }
    const high = block.readUInt32BE(0) >>> 5;
    const low = block.readUInt32BE(4) >>> 6;
    block = block.subarray(8);
    return (high * 67108864 + low) / 9007199254740992;
  };
}
