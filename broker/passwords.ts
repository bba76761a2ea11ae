import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { type FilePosition, linesOf, type Warning } from './conf/position.js';

export type HashKind = 'sha512' | 'sha512-pbkdf2';

/** A line of a password_file. */
export interface PasswordEntry extends FilePosition {
  readonly user: string;
  readonly hash: ParsedHash;
}

type ParsedHash =
  | { readonly kind: 'sha512'; readonly salt: Buffer; readonly digest: Buffer }
  | {
      readonly kind: 'sha512-pbkdf2';
      readonly iterations: number;
      readonly salt: Buffer;
      readonly digest: Buffer;
    }
  | { readonly kind: 'argon2id'; readonly phc: string };

export interface Passwords {
  readonly file: string;
  readonly users: ReadonlyMap<string, PasswordEntry>;
  readonly warnings: readonly Warning[];
}

const derive = promisify(pbkdf2);

/** What checking one password may cost: a file of somebody else's must not keep this process busy. */
const MOST_ITERATIONS = 2_000_000;
const MOST_ARGON2 = { memoryKiB: 256 * 1024, passes: 32, lanes: 16 };
const TOO_DEAR = 'Password hash costs more than this broker spends';

/** Without the space that C's isspace knows; a byte order mark stays, as it does for Mosquitto. */
function trimmed(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
}

/** Reads a password_file's text. As Mosquitto 2.0, a line that cannot be used is dropped with a
 * warning; besides its 12-byte salts, the 64-byte salts and argon2id of 2.1 are understood. */
export function parsePasswords(text: string, file: string): Passwords {
  const users = new Map<string, PasswordEntry>();
  const warnings: Warning[] = [];
  for (const [index, line] of linesOf(text).entries()) {
    const place = { file, line: index + 1 };
    if (line.startsWith('#') || !line.includes(':')) continue;
    const colon = line.indexOf(':');
    const user = trimmed(line.slice(0, colon));
    if (user === '') {
      warnings.push({ text: `Warning: Invalid line in password file '${file}': ${line}`, place });
      continue;
    }
    const hash = parseHash(trimmed(line.slice(colon + 1)));
    if (typeof hash === 'string') {
      warnings.push({ text: `Error: ${hash} for user ${user}, removing entry.`, place });
    } else if (!users.has(user)) {
      users.set(user, { ...place, user, hash });
    } else {
      warnings.push({
        text: `Warning: user ${user} is in '${file}' twice; the first counts.`,
        place,
      });
    }
  }
  return { file, users, warnings };
}

function parseHash(text: string): ParsedHash | string {
  if (text.startsWith('$argon2id$')) {
    return argon2Bearable(text) ? { kind: 'argon2id', phc: text } : TOO_DEAR;
  }
  const [empty, type, ...fields] = text.split('$');
  if (empty !== '' || (type !== '6' && type !== '7')) return 'Invalid password hash type';
  let iterations = 0;
  if (type === '7') {
    iterations = Number.parseInt(fields.shift() ?? '', 10);
    if (!(iterations >= 1)) return 'Invalid hash iterations';
    if (iterations > MOST_ITERATIONS) return TOO_DEAR;
  }
  const salt = base64(fields[0]);
  if (salt === undefined || (salt.length !== 12 && salt.length !== 64)) {
    return 'Unable to decode password salt';
  }
  const digest = base64(fields[1]);
  if (digest === undefined || digest.length !== 64) return 'Unable to decode password';
  return type === '6'
    ? { kind: 'sha512', salt, digest }
    : { kind: 'sha512-pbkdf2', iterations, salt, digest };
}

function argon2Bearable(phc: string): boolean {
  const cost = (name: string) => Number(new RegExp(`[$,]${name}=(\\d+)`).exec(phc)?.[1] ?? 0);
  return (
    cost('m') <= MOST_ARGON2.memoryKiB &&
    cost('t') <= MOST_ARGON2.passes &&
    cost('p') <= MOST_ARGON2.lanes
  );
}

function base64(text: string | undefined): Buffer | undefined {
  if (text === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

/** Whether the password is the one of the entry. The digests are compared in constant time. */
export async function verifyPassword(entry: PasswordEntry, password: Buffer): Promise<boolean> {
  const { hash } = entry;
  if (hash.kind === 'argon2id') {
    const { argon2Verify } = await import('hash-wasm');
    // An empty password is never right; the library would throw.
    if (password.length === 0) return false;
    try {
      return await argon2Verify({ password, hash: hash.phc });
    } catch {
      return false;
    }
  }
  const digest =
    hash.kind === 'sha512'
      ? createHash('sha512').update(password).update(hash.salt).digest()
      : await derive(password, hash.salt, hash.iterations, 64, 'sha512');
  return timingSafeEqual(digest, hash.digest);
}

/** The part of a password_file's line behind `user:`. Written so that every Mosquitto since 2.0 (for
 * `sha512`: since 1.0) reads it: a salt of 12 bytes. */
export async function hashPassword(password: string, kind: HashKind): Promise<string> {
  const salt = randomBytes(12);
  if (kind === 'sha512') {
    const digest = createHash('sha512').update(password).update(salt).digest('base64');
    return `$6$${salt.toString('base64')}$${digest}`;
  }
  const iterations = 101;
  const digest = await derive(password, salt, iterations, 64, 'sha512');
  return `$7$${iterations}$${salt.toString('base64')}$${digest.toString('base64')}`;
}
