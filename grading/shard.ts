import { createHash } from 'node:crypto';

/** One of several machines, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Whether a learner belongs to a shard: by the id alone, so that a late submission moves nobody. */
export function inShard(id: string, { index, count }: Shard): boolean {
  const hash = createHash('sha256').update(id.normalize('NFKC').toLowerCase()).digest();
  return hash.readUIntBE(0, 6) % count === index - 1;
}
