import { createHash } from 'node:crypto';
import { forbiddenName } from '../course/system/index.js';

/**
 * A learner's id as the name of a file on every system: what could be read as a path, or meet
 * another name where capitals do not count, is told apart by a hash.
 */
export function safeName(id: string): string {
  const plain = id
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._@+-]+/g, '_')
    .replace(/^[.-]+|\.+$/g, '_')
    .slice(0, 80);
  const reserved = forbiddenName(plain);
  if (plain === id && plain === plain.toLowerCase() && plain !== '' && !reserved) return plain;
  // Behind a dot the hash would not help: `aux.key~…` is still a device.
  const own = reserved && plain.includes('.') ? `_${plain}` : plain;
  return `${own || '_'}~${createHash('sha256').update(id).digest('hex').slice(0, 6)}`;
}
