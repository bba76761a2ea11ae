import { createHash } from 'node:crypto';

/** The forms in which a secret may leave a program: whole, in part, and as others can undo or compare them. */

/** A text that left a program; `spoken` when it is no bare number, where four digits may be chance. */
export interface Field {
  readonly text: string;
  readonly spoken: string;
}

interface Disguise {
  /** How it was written; undefined as it is. */
  readonly how: string | undefined;
  readonly matches: (field: Field) => boolean;
}

const letters = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');
const reversed = (text: string) => [...text].reverse().join('');
const rot13 = (text: string) =>
  text.replace(/[a-z]/gi, one => {
    const base = one <= 'Z' ? 65 : 97;
    return String.fromCharCode(((one.charCodeAt(0) - base + 13) % 26) + base);
  });

/** A run of digits that is exactly this: part of no longer number. */
const hasRun = (text: string, digits: string) =>
  new RegExp(`(?<![\\d.])${digits}(?![\\d.]*\\d)`).test(text);

/** As many characters of a hash are no chance. */
const ENOUGH = 8;

function hashes(text: string): string[] {
  const sums = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-256', 'blake2b512'];
  const digests = sums.map(sum => createHash(sum).update(text).digest());
  const check = crc32(text);
  return [
    ...digests.flatMap(digest => [
      digest.toString('hex').slice(0, ENOUGH),
      digest.toString('hex').slice(-ENOUGH),
      digest.toString('base64url').slice(0, ENOUGH),
      digest.toString('base64').slice(0, ENOUGH),
    ]),
    ...nameBased(text),
    String(check),
    check.toString(16).padStart(8, '0'),
  ];
}

function crc32(text: string): number {
  let sum = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

/** The beginnings of name-based UUIDs (RFC 9562, versions 3 and 5) in its four namespaces. */
function nameBased(text: string): string[] {
  return ['10', '11', '12', '14'].flatMap(at => {
    const space = Buffer.from(`6ba7b8${at}9dad11d180b400c04fd430c8`, 'hex');
    return ['md5', 'sha1'].map(sum =>
      createHash(sum).update(space).update(text).digest('hex').slice(0, ENOUGH),
    );
  });
}

/** Random by their making, and full of short runs of digits. */
const withoutUuids = (text: string) =>
  text.replace(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/gi, '');

/** Whole or as a part of it: pieces between signs, and windows of its letters that nobody makes up. */
function piecesOf(secret: string): Disguise[] {
  const pieces = secret.split(/[^\p{L}\p{N}]+/u).filter(piece => piece.length >= 4);
  const compact = letters(secret);
  const windows = Array.from({ length: Math.max(0, compact.length - 4) }, (_, at) =>
    compact.slice(at, at + 5),
  ).filter(window => !/^\d+$/.test(window) && /[g-z]/.test(window));
  const numbers = pieces.filter(piece => /^\d+$/.test(piece));
  const ends = numbers.flatMap(one => [one.slice(0, 4), one.slice(-4)]);
  const words = pieces.filter(piece => !/^\d+$/.test(piece)).map(letters);
  const sums = pieces.flatMap(hashes).map(hash => hash.toLowerCase());
  const coded = pieces.map(one => [base64(one), Buffer.from(one).toString('hex')] as const);
  return [
    { how: 'a part of it', matches: ({ text }) => numbers.some(one => hasRun(text, one)) },
    {
      how: 'a part of it',
      matches: ({ spoken }) =>
        ends.some(one =>
          new RegExp(`(?<![\\da-f])${one}(?![\\da-f])`, 'i').test(withoutUuids(spoken)),
        ) || words.some(one => letters(spoken).includes(one)),
    },
    {
      how: 'a part of it',
      matches: ({ text }) => windows.some(one => letters(text).includes(one)),
    },
    {
      how: 'a part of it, backwards',
      matches: ({ spoken }) =>
        [...words, ...numbers].some(one => letters(spoken).includes(reversed(one.toLowerCase()))),
    },
    {
      how: 'a part of it, as a hash',
      matches: ({ text }) => sums.some(hash => text.toLowerCase().includes(hash)),
    },
    {
      how: 'a part of it, in base64 or hexadecimal',
      matches: ({ text }) =>
        coded.some(([one, other]) => text.includes(one) || text.toLowerCase().includes(other)),
    },
  ];
}

/** All disguises of a secret; with `parts` also of pieces of it. */
export function disguisesOf(secret: string, parts: boolean): Disguise[] {
  const bytes = [...Buffer.from(secret)];
  const sums = [...hashes(secret), ...hashes(secret.toLowerCase())].map(one => one.toLowerCase());
  return [
    { how: undefined, matches: ({ text }) => text.includes(secret) },
    {
      how: 'with other quotes',
      matches: ({ text }) => text.includes(JSON.stringify(secret).slice(1, -1)),
    },
    { how: 'percent-encoded', matches: ({ text }) => text.includes(encodeURIComponent(secret)) },
    { how: 'in base64', matches: ({ text }) => text.includes(base64(secret)) },
    {
      how: 'in hexadecimal',
      matches: ({ text }) => letters(text).includes(Buffer.from(secret).toString('hex')),
    },
    {
      how: 'written a little differently',
      matches: ({ text }) => letters(text).includes(letters(secret)),
    },
    { how: 'backwards', matches: ({ text }) => letters(text).includes(letters(reversed(secret))) },
    { how: 'with other letters (ROT13)', matches: ({ text }) => text.includes(rot13(secret)) },
    {
      how: 'as numbers of its letters',
      matches: ({ text }) => text.replace(/[^\d]+/g, ' ').includes(bytes.join(' ')),
    },
    {
      how: 'as a hash: who knows the device can compare it',
      matches: ({ text }) => sums.some(hash => text.toLowerCase().includes(hash)),
    },
    ...(parts ? piecesOf(secret) : []),
  ];
}
