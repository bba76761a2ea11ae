import { existsSync } from 'node:fs';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { HashKind } from '../../broker/passwords.js';

interface PasswdFlags {
  create?: boolean;
  batch?: boolean;
  delete?: boolean;
  update?: boolean;
  hash?: string;
  force?: boolean;
}

/** What was asked cannot be done; the message says what would be right. */
class PasswdRefusal extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Adds `passwd`: makes password files, with the flags of mosquitto_passwd. */
export function registerPasswd(program: Command): void {
  program
    .command('passwd')
    .summary('make a password_file, as mosquitto_passwd does')
    .description('Adds, changes and deletes users of a password_file.')
    .argument('<file>', 'the password_file')
    .argument('[user]', 'the user name')
    .argument('[password]', 'the password, with -b')
    .option('-c, --create', 'make a new file, in place of one that is there')
    .option('-b, --batch', 'take the password from the command line')
    .option('-D, --delete', 'delete the user')
    .option('-U, --update', 'the file holds plain user:password lines; hash them')
    .option('-H, --hash <kind>', 'sha512 or sha512-pbkdf2', 'sha512-pbkdf2')
    .option('-f, --force', 'with -c: overwrite a file that is there')
    .addHelpText(
      'after',
      '\nExamples:\n  mqtt-course passwd -c passwords ada\n  mqtt-course passwd -b passwords bob s3cret\n',
    )
    .action(async (file: string, user: string | undefined, password: string | undefined, flags) => {
      try {
        await run(file, user, password, flags as PasswdFlags);
      } catch (error) {
        if (!(error instanceof PasswdRefusal)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = error.exitCode;
      }
    });
}

async function run(
  file: string,
  user: string | undefined,
  password: string | undefined,
  flags: PasswdFlags,
): Promise<void> {
  const kind = flags.hash;
  if (kind !== 'sha512' && kind !== 'sha512-pbkdf2') {
    throw new PasswdRefusal(`-H takes sha512 or sha512-pbkdf2, not ${kind}.`);
  }
  const together = [flags.create && '-c', flags.delete && '-D', flags.update && '-U'].filter(
    Boolean,
  );
  if (together.length > 1) {
    throw new PasswdRefusal(`${together.join(' and ')} do not go together; take one of them.`);
  }
  if (flags.update === true) return update(file, kind);
  if (user === undefined) {
    throw new PasswdRefusal(`Which user? For example: mqtt-course passwd ${file} ada`);
  }
  if (user === '' || user.includes(':') || /[\p{Cc}]/u.test(user)) {
    throw new PasswdRefusal(
      'A user name has at least one character, no colon and no control character.',
    );
  }
  if (Buffer.byteLength(user) > 65_535)
    throw new PasswdRefusal('A user name has at most 65535 bytes.');
  if (flags.delete === true) return remove(file, user);
  if (password !== undefined && flags.batch !== true) {
    throw new PasswdRefusal(
      `To give the password on the command line, say -b: passwd -b ${file} ${user} …`,
    );
  }
  if (flags.create === true) await mayOverwrite(file, flags.force === true);
  else if (!existsSync(file)) {
    throw new PasswdRefusal(
      `${file} does not exist. Make it: mqtt-course passwd -c ${file} ${user}`,
    );
  }
  const secret = flags.batch === true ? password : await ask(file, user);
  if (secret === undefined)
    throw new PasswdRefusal(`-b wants the password too: passwd -b ${file} ${user} …`);
  if (secret === '')
    throw new PasswdRefusal('An empty password lets nobody in. Nothing was changed.');
  const { hashPassword } = await import('../../broker/passwords.js');
  const line = `${user}:${await hashPassword(secret, kind)}`;
  if (flags.create === true) return write(file, [line]);
  const lines = await read(file);
  const at = lines.findIndex(other => belongs(other, user));
  if (at < 0) lines.push(line);
  else lines[at] = line;
  await write(
    file,
    lines.filter((other, index) => index === at || !belongs(other, user) || at < 0),
  );
}

async function mayOverwrite(file: string, force: boolean): Promise<void> {
  if (force || !existsSync(file)) return;
  const users = (await read(file)).filter(
    line => line.includes(':') && !line.startsWith('#'),
  ).length;
  const loss = `${file} exists, with ${users} user${users === 1 ? '' : 's'}; -c puts a new file in its place.`;
  if (!process.stdin.isTTY) {
    throw new PasswdRefusal(`${loss} Say -f to do so, or leave -c away to add to it.`);
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  const yes = await confirm({ message: `${loss} Go on?`, initialValue: false });
  if (isCancel(yes) || !yes) throw new PasswdRefusal('Nothing was changed.', 1);
}

/** Asks twice, without showing what is typed. */
async function ask(file: string, user: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new PasswdRefusal(
      `There is no terminal to ask for the password. Give it with -b: mqtt-course passwd -b ${file} ${user} …`,
    );
  }
  const { isCancel, password } = await import('@clack/prompts');
  const first = await password({ message: `Password for ${user}` });
  if (isCancel(first)) throw new PasswdRefusal('Nothing was changed.', 1);
  const second = await password({ message: 'The same again' });
  if (isCancel(second)) throw new PasswdRefusal('Nothing was changed.', 1);
  if (first !== second)
    throw new PasswdRefusal('The two passwords differ. Nothing was changed.', 1);
  return first;
}

async function remove(file: string, user: string): Promise<void> {
  const lines = await read(file);
  const left = lines.filter(line => !belongs(line, user));
  if (left.length === lines.length) {
    throw new PasswdRefusal(`There is no user ${user} in ${file}. Nothing was changed.`, 1);
  }
  await write(file, left);
}

async function update(file: string, kind: HashKind): Promise<void> {
  const { hashPassword } = await import('../../broker/passwords.js');
  const lines = await read(file);
  const done: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const plain = colon < 1 || line.startsWith('#') ? undefined : line.slice(colon + 1);
    if (plain === undefined || /^\$(6|7|argon2id)\$/.test(plain) || plain === '') done.push(line);
    else done.push(`${line.slice(0, colon)}:${await hashPassword(plain, kind)}`);
  }
  await write(file, done);
}

const belongs = (line: string, user: string): boolean =>
  !line.startsWith('#') && line.slice(0, Math.max(line.indexOf(':'), 0)) === user;

async function read(file: string): Promise<string[]> {
  try {
    const lines = (await readFile(file, 'utf8')).split(/\r?\n/);
    if (lines.at(-1) === '') lines.pop();
    return lines;
  } catch {
    throw new PasswdRefusal(`${file} cannot be read. Make one: mqtt-course passwd -c ${file} ada`);
  }
}

/** In one step, so that a broker that reads meanwhile never sees half a file. For the owner only. */
async function write(file: string, lines: readonly string[]): Promise<void> {
  const fresh = `${file}.new`;
  try {
    await writeFile(fresh, lines.map(line => `${line}\n`).join(''), { mode: 0o600 });
    await chmod(fresh, 0o600);
    await rename(fresh, file);
  } catch (error) {
    throw new PasswdRefusal(`${file} cannot be written: ${(error as Error).message}`, 1);
  }
}
