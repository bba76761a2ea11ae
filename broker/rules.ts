import { readFile } from 'node:fs/promises';
import { assertNever } from '../wire/assert-never.js';
import { type Acl, type AclAccess, type Decision, decide, parseAcl, type Subject } from './acl.js';
import { located, type MosquittoConfig, type Security } from './conf/config.js';
import { at, ConfigError, type FilePosition, type Warning } from './conf/position.js';
import { type Passwords, parsePasswords, verifyPassword } from './passwords.js';
import type { ConnackCode } from './types.js';

/** Whether a client gets in, and what decided. */
export interface Admission {
  /** CONNACK return code. */
  readonly code: ConnackCode;
  /** One sentence. */
  readonly because: string;
  /** The line that decided, if a line did. */
  readonly at?: FilePosition;
}

/** Whether a client may, and what decided. */
export interface Permission extends Decision {
  readonly text: string;
  readonly at?: FilePosition;
}

export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: Buffer | string | undefined;
}

/** The rules of one listener: its password_file, acl_file and allow_anonymous, read. */
export interface Rules {
  admit(who: Credentials): Promise<Admission>;
  permit(who: Subject, access: AclAccess, topic: string): Permission;
  /** As `permit`, without the words: for each message. */
  allows(who: Subject, access: AclAccess, topic: string): boolean;
  readonly passwords: Passwords | undefined;
  readonly acl: Acl | undefined;
  readonly warnings: readonly Warning[];
}

/** Reads the files a listener's security names. Throws `ConfigError`: exit code 13 where a file cannot
 * be opened, 3 where an acl_file is wrong (the codes of Mosquitto 2.0). */
export async function loadRules(config: MosquittoConfig, security: Security): Promise<Rules> {
  const { passwordFile, aclFile, allowAnonymous } = security;
  const passwords =
    passwordFile === undefined
      ? undefined
      : parsePasswords(await open(config, passwordFile, 'password', security), passwordFile);
  const acl =
    aclFile === undefined
      ? undefined
      : parseAcl(await open(config, aclFile, 'acl', security), aclFile);
  const anonymous = allowAnonymous ?? config.localOnly;
  const anonymousAt = security.places.get('allow_anonymous');
  const passwordsAt = security.places.get('password_file');

  function permit(who: Subject, access: AclAccess, topic: string): Permission {
    if (acl === undefined)
      return { allowed: true, because: 'no-match', text: 'There is no acl_file.' };
    const decision = decide(acl, who, access, topic);
    const { by } = decision;
    const where = by === undefined ? {} : { at: { file: by.file, line: by.line } };
    return { ...decision, text: explain(decision, acl, who), ...where };
  }

  return {
    passwords,
    acl,
    warnings: [...(passwords?.warnings ?? []), ...(acl?.warnings ?? [])],
    permit,
    allows: (who, access, topic) => acl === undefined || decide(acl, who, access, topic).allowed,
    async admit({ username, password }) {
      const no = (because: string, place?: FilePosition): Admission => ({
        code: 5,
        because,
        ...(place === undefined ? {} : { at: place }),
      });
      const yes = (because: string, place?: FilePosition): Admission => ({
        ...no(because, place),
        code: 0,
      });
      if (username === undefined || passwords === undefined) {
        const kind = username === undefined ? 'a client without a user name' : 'any user name';
        if (anonymous) {
          const why =
            anonymousAt === undefined ? 'without a listener, ' : 'allow_anonymous is true: ';
          return yes(`${why}${kind} gets in`, anonymousAt);
        }
        const why =
          anonymousAt === undefined ? 'allow_anonymous is not set' : 'allow_anonymous is false';
        const file = passwords === undefined ? ' and there is no password_file' : '';
        return no(`${why}${file}`, anonymousAt);
      }
      const entry = passwords.users.get(username);
      if (entry === undefined) return no(`${username} is not in ${passwords.file}`, passwordsAt);
      if (password === undefined) return no(`${username} came without a password`, entry);
      const bytes = typeof password === 'string' ? Buffer.from(password) : password;
      return (await verifyPassword(entry, bytes))
        ? yes(`the password of ${username} is right`, entry)
        : no(`the password is not the one of ${username}`, entry);
    },
  };
}

function explain(decision: Decision, acl: Acl, who: Subject): string {
  const { by } = decision;
  switch (decision.because) {
    case 'entry':
      return by === undefined ? '' : `${at(by)}: ${by.text}`;
    case 'system':
      return 'No client may publish there, whatever the acl_file says.';
    case 'name':
      return 'With pattern lines in the file, a + or # in the user name or client identifier means no.';
    case 'no-match':
      return who.username === undefined
        ? `No line of ${acl.file} for clients without a user name matches.`
        : `No line of ${acl.file} for ${who.username} matches, and no pattern.`;
    default:
      return assertNever(decision.because, 'reason of a decision');
  }
}

async function open(
  config: MosquittoConfig,
  file: string,
  kind: 'password' | 'acl',
  security: Security,
): Promise<string> {
  try {
    return await readFile(located(config, file), 'utf8');
  } catch {
    const short = kind === 'password' ? 'pwfile' : 'acl_file';
    const place = security.places.get(kind === 'password' ? 'password_file' : 'acl_file');
    throw new ConfigError(`Error: Unable to open ${short} "${file}".`, place, 13);
  }
}
