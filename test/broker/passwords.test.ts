import { spawnSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  findMosquitto,
  hashPassword,
  parsePasswords,
  startMosquitto,
  verifyPassword,
} from '../../broker/index.js';
import { buildProgram, type Ran, run, temporary } from './command.js';
import { connect, raw } from './raw.js';
import { owned } from './targets.js';

const real = spawnSync('mosquitto_passwd', ['--help']).error === undefined;
const mosquitto = findMosquitto();
if (!real || mosquitto === undefined) {
  process.stderr.write(
    'NOTICE: no mosquitto or mosquitto_passwd here; files are not exchanged with them.\n',
  );
}

let folder: string;
let program: string;
beforeAll(async () => {
  folder = await temporary();
  program = await buildProgram();
});
const passwd = (...args: string[]): Promise<Ran> => run(program, ['passwd', ...args], folder);
const path = (name: string): string => join(folder, name);

async function lets(text: string, user: string, password: string): Promise<boolean> {
  const entry = parsePasswords(text, 'f').users.get(user);
  return entry !== undefined && (await verifyPassword(entry, Buffer.from(password)));
}

describe('password hashes', () => {
  // Made with mosquitto_passwd 2.0.11 (-H sha512, default), the reference argon2 program, and by
  // hand with the parameters of Mosquitto 2.1 (64-byte salt, 1000 iterations).
  const known = [
    'alice:$6$+X7oG3ciUc1atT9O$Wkecu7Rmeyky6pcXtoFnTwsxvGN/aRiOPBWR6sMOH5UtmPa8x1aLuBa1qrvWi6TaU4MRnQCfLpzQqjUmGGwdmg==',
    'alice:$7$101$Wx/RDKcjPeW/qfsL$R2HI04yisR2ZHruyRoL1uTwfon7BiOukJ/bvSXtq8Wd5qF3aiVrnhZBZyuRY3JuKCIIj7Wwkq6v6lB20ACE/Ow==',
  ];

  it.each(known)('%s', async line => {
    expect(await lets(line, 'alice', 'secret')).toBe(true);
    for (const wrong of ['Secret', 'secret ', '', 'secre']) {
      expect(await lets(line, 'alice', wrong)).toBe(false);
    }
  });

  it('$7$ with 1000 iterations and a salt of 64 bytes, as Mosquitto 2.1 writes it', async () => {
    const { pbkdf2Sync, randomBytes } = await import('node:crypto');
    const salt = randomBytes(64);
    const digest = pbkdf2Sync('secret', salt, 1000, 64, 'sha512').toString('base64');
    const line = `alice:$7$1000$${salt.toString('base64')}$${digest}`;
    expect(await lets(line, 'alice', 'secret')).toBe(true);
    expect(await lets(line, 'alice', 'other')).toBe(false);
  });

  it('argon2id, as Mosquitto 2.1 built with it writes it', async () => {
    const { argon2id } = await import('hash-wasm');
    const { randomBytes } = await import('node:crypto');
    const phc = await argon2id({
      password: 'secret',
      salt: randomBytes(64),
      parallelism: 1,
      iterations: 1,
      memorySize: 4096,
      hashLength: 64,
      outputType: 'encoded',
    });
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=4096,t=1,p=1\$/);
    expect(await lets(`alice:${phc}`, 'alice', 'secret')).toBe(true);
    expect(await lets(`alice:${phc}`, 'alice', 'secreT')).toBe(false);
    expect(await lets('alice:$argon2id$nonsense', 'alice', 'secret')).toBe(false);
  });

  it('drops a line it cannot use, and says which', () => {
    const text = 'a:$6$abc$def\n# c\nnocolon\n:x\nb:$9$x\nc:$7$x$aa$bb\nd:plain\n';
    const { users, warnings } = parsePasswords(text, 'f');
    expect([...users]).toEqual([]);
    expect(warnings.map(w => [w.place.line, w.text])).toEqual([
      [1, 'Error: Unable to decode password salt for user a, removing entry.'],
      [4, "Warning: Invalid line in password file 'f': :x"],
      [5, 'Error: Invalid password hash type for user b, removing entry.'],
      [6, 'Error: Invalid hash iterations for user c, removing entry.'],
      [7, 'Error: Invalid password hash type for user d, removing entry.'],
    ]);
  });

  it('salts each hash anew', async () => {
    expect(await hashPassword('x', 'sha512')).not.toBe(await hashPassword('x', 'sha512'));
  });
});

describe('mqtt-course passwd', () => {
  it('makes, adds, changes, deletes, and keeps the rest', async () => {
    expect((await passwd('-c', '-b', 'p', 'ada', 'one')).code).toBe(0);
    expect((await passwd('-b', 'p', 'bob', 'two')).code).toBe(0);
    expect((await passwd('-H', 'sha512', '-b', 'p', 'ada', 'three')).code).toBe(0);
    const text = await readFile(path('p'), 'utf8');
    expect(text.split('\n').map(line => line.slice(0, 8))).toEqual(
      ['ada:$6$', 'bob:$7$1', ''].map((s, i) => (i === 0 ? text.slice(0, 8) : s)),
    );
    expect(text).toMatch(/^ada:\$6\$.*\nbob:\$7\$101\$.*\n$/);
    expect(await lets(text, 'ada', 'three')).toBe(true);
    expect(await lets(text, 'ada', 'one')).toBe(false);
    expect((await stat(path('p'))).mode & 0o777).toBe(0o600);
    expect((await passwd('-D', 'p', 'ada')).code).toBe(0);
    expect(await readFile(path('p'), 'utf8')).toMatch(/^bob:.*\n$/);
    expect(await passwd('-D', 'p', 'ada')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no user ada'),
    });
  });

  it('-U hashes a file of plain lines, once', async () => {
    await writeFile(path('u'), '# plain\nada:one\nbob:two:2\n');
    expect((await passwd('-U', 'u')).code).toBe(0);
    const text = await readFile(path('u'), 'utf8');
    expect(text).toMatch(/^# plain\nada:\$7\$.*\nbob:\$7\$.*\n$/);
    expect(await lets(text, 'bob', 'two:2')).toBe(true);
    await passwd('-U', 'u');
    expect(await readFile(path('u'), 'utf8')).toBe(text);
  });

  it('never asks without a terminal: it names the flag', async () => {
    await passwd('-c', '-b', 'q', 'ada', 'one');
    const before = await readFile(path('q'), 'utf8');
    expect(await passwd('q', 'bob')).toMatchObject({ code: 2, err: expect.stringContaining('-b') });
    // -c would take ada away.
    const over = await passwd('-c', '-b', 'q', 'bob', 'x');
    expect(over).toMatchObject({ code: 2, err: expect.stringMatching(/1 user;.*-f/) });
    expect(await readFile(path('q'), 'utf8')).toBe(before);
    expect((await passwd('-c', '-f', '-b', 'q', 'bob', 'x')).code).toBe(0);
    expect(await readFile(path('q'), 'utf8')).toMatch(/^bob:[^\n]*\n$/);
    for (const args of [['q'], ['none', 'ada'], ['-b', 'q', 'a:b', 'x'], ['-b', 'q', 'ada', '']]) {
      expect(await passwd(...args)).toMatchObject({ code: 2, out: '' });
    }
  });

  it.skipIf(!real)('reads what mosquitto_passwd writes', async () => {
    spawnSync('mosquitto_passwd', ['-c', '-b', path('m'), 'ada', 'one']);
    spawnSync('mosquitto_passwd', ['-b', '-H', 'sha512', path('m'), 'bob', 'zwei ü']);
    const text = await readFile(path('m'), 'utf8');
    expect(await lets(text, 'ada', 'one')).toBe(true);
    expect(await lets(text, 'bob', 'zwei ü')).toBe(true);
    expect(await lets(text, 'bob', 'one')).toBe(false);
  });

  it.skipIf(mosquitto === undefined)('is read by mosquitto', async () => {
    await passwd('-c', '-b', 'r', 'ada', 'one');
    await passwd('-b', '-H', 'sha512', 'r', 'bob', 'zwei ü');
    const broker = owned(await startMosquitto({ conf: `password_file ${path('r')}` }));
    for (const [user, password, code] of [
      ['ada', 'one', 0],
      ['ada', 'zwei ü', 5],
      ['bob', 'zwei ü', 0],
      ['eve', 'one', 5],
    ] as const) {
      const client = raw(broker);
      client.send(connect(user, { username: user, password: Buffer.from(password) }));
      expect(await client.next()).toBe(`CONNACK ${code} sp0`);
      client.close();
    }
  });
});
