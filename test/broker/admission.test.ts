import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Broker,
  findMosquitto,
  hashPassword,
  loadRules,
  parseMosquittoConfig,
  startBroker,
  startFromConfig,
  startMosquitto,
} from '../../broker/index.js';
import { temporary } from './command.js';
import { connect, connected, publish, raw, subscribe } from './raw.js';
import { owned } from './targets.js';

const people: { username?: string; password?: string }[] = [
  {},
  { username: 'ada', password: 'one' },
  { username: 'ada', password: 'two' },
  { username: 'ada', password: '' },
  { username: 'ada' },
  { username: 'eve', password: 'one' },
  { username: '', password: 'one' },
];

/** The CONNACK codes for these people. */
const cases: [string, number[]][] = [
  ['', [0, 0, 0, 0, 0, 0, 0]],
  ['allow_anonymous false', [5, 5, 5, 5, 5, 5, 5]],
  ['password_file pw', [0, 0, 5, 5, 5, 5, 0]],
  ['listener 1883', [5, 5, 5, 5, 5, 5, 5]],
  ['listener 1883\nallow_anonymous true', [0, 0, 0, 0, 0, 0, 0]],
  ['listener 1883\npassword_file pw', [5, 0, 5, 5, 5, 5, 5]],
  ['listener 1883\npassword_file pw\nallow_anonymous true', [0, 0, 5, 5, 5, 5, 0]],
  ['per_listener_settings true\nlistener 1883\npassword_file pw', [5, 0, 5, 5, 5, 5, 5]],
  ['per_listener_settings true\nlistener 1883\nallow_anonymous true', [0, 0, 0, 0, 0, 0, 0]],
];

let folder: string;
beforeAll(async () => {
  folder = await temporary();
  await writeFile(join(folder, 'pw'), `ada:${await hashPassword('one', 'sha512-pbkdf2')}\n`);
});

async function codes(broker: Broker): Promise<number[]> {
  const all: number[] = [];
  for (const { username, password } of people) {
    const client = raw(broker);
    client.send(
      connect('someone', {
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password: Buffer.from(password) }),
      }),
    );
    all.push(Number(/^CONNACK (\d) sp0$/.exec(await client.next())?.[1]));
    client.close();
  }
  return all;
}

describe('who is let in', () => {
  it.each(cases)('%j', async (text, expected) => {
    const config = parseMosquittoConfig(text, 'm.conf', { base: folder });
    const broker = owned(await startFromConfig(config, { ports: 'ephemeral' }));
    expect(await codes(broker)).toEqual(expected);
    // Asked without a connection, the answer is the same.
    const rules = await loadRules(config, config.listeners[0]?.security ?? config.security);
    if (config.perListenerSettings) {
      for (const [i, who] of people.slice(0, 6).entries()) {
        expect((await rules.admit(who)).code).toBe(expected[i]);
      }
    }
    if (findMosquitto() === undefined) return;
    const real = owned(await startMosquitto({ conf: text, cwd: folder }));
    expect(await codes(real)).toEqual(expected);
  });
});

describe('sessions of clients that stay away', () => {
  it('expire after persistent_client_expiration, with their queue', async () => {
    const broker = owned(await startBroker({ limits: { persistentClientExpiration: 0.01 } }));
    const client = await connected(broker, 'away', { clean: false });
    client.send(subscribe(1, ['a', 1]));
    await client.fence();
    const expired = new Promise<void>(resolve => {
      broker.onLog(({ text }) => text === 'Expiring client away due to timeout.' && resolve());
    });
    client.send('e000');
    await client.rest();
    await expired;
    expect(broker.sessions()).toEqual([]);
    const other = await connected(broker, 'other');
    other.send(publish('a', 'x', 1, 1));
    expect(await other.fence()).toEqual(['PUBACK #1']);
    expect(await connected(broker, 'away', { clean: false })).toBeDefined();
  });
});
