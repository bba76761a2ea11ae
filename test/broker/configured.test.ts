import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { connect as dialTls } from 'node:tls';
import mqtt from 'mqtt';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, createAuthority, type KeyPair } from '../../broker/certificates.js';
import {
  type ConfiguredBroker,
  findMosquitto,
  hashPassword,
  loadMosquittoConfig,
  loadRules,
  type MosquittoBroker,
  startFromConfig,
  startMosquitto,
} from '../../broker/index.js';
import { temporary } from './command.js';
import { connect, publish, type Raw, raw, subscribe } from './raw.js';
import { owned } from './targets.js';

let folder: string;
let ca: Authority;
let server: KeyPair;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await temporary();
  ca = await createAuthority('test CA');
  server = await ca.issue({
    commonName: 'localhost',
    use: 'server',
    names: ['localhost', '127.0.0.1'],
  });
  await writeFile(path('ca.crt'), ca.certificate);
  await writeFile(path('server.crt'), server.certificate);
  await writeFile(path('server.key'), server.key);
});

const clients: mqtt.MqttClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
});

async function start(conf: string): Promise<ConfiguredBroker> {
  await writeFile(path('m.conf'), conf.replaceAll('DIR', folder));
  const config = await loadMosquittoConfig(path('m.conf'));
  const broker = await startFromConfig(config, { ports: 'ephemeral' });
  owned(broker);
  return broker;
}

async function come(
  broker: ConfiguredBroker,
  who: { id: string; user?: string; password?: string; port?: number; certificate?: string },
): Promise<{ answer: string; client: Raw }> {
  const client = raw({ ...broker, open: () => broker.open(who.port, who.certificate) });
  client.send(
    connect(who.id, {
      ...(who.user === undefined ? {} : { username: who.user }),
      ...(who.password === undefined ? {} : { password: Buffer.from(who.password) }),
    }),
  );
  return { answer: await client.next(), client };
}

async function secure(
  broker: { readonly listeners: readonly { readonly port: number }[] },
  options: mqtt.IClientOptions = {},
): Promise<void> {
  const client = mqtt.connect(`mqtts://localhost:${broker.listeners[0]?.port}`, {
    ca: ca.certificate,
    reconnectPeriod: 0,
    ...options,
  });
  clients.push(client);
  // A server that refuses a client certificate may just close.
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
}

const TLS = 'cafile DIR/ca.crt\ncertfile DIR/server.crt\nkeyfile DIR/server.key\n';

describe('a broker from a mosquitto.conf', () => {
  it('opens several listeners, each with its own rules', async () => {
    const broker = await start(
      'per_listener_settings true\nlistener 1883\nallow_anonymous true\nlistener 1884\nmax_qos 1\n',
    );
    expect(broker.listeners.map(l => l.configured)).toEqual([1883, 1884]);
    expect((await come(broker, { id: 'a', port: 1883 })).answer).toBe('CONNACK 0 sp0');
    expect((await come(broker, { id: 'b', port: 1884 })).answer).toBe('CONNACK 5 sp0');
    // They are one broker, on real ports.
    for (const { port } of broker.listeners) {
      const socket = dial({ port, host: '127.0.0.1' });
      await once(socket, 'connect');
      socket.destroy();
    }
  });

  it('counts max_connections for each listener', async () => {
    const broker = await start(
      'allow_anonymous true\nlistener 1883\nmax_connections 1\nlistener 1884\n',
    );
    expect((await come(broker, { id: 'a', port: 1883 })).answer).toBe('CONNACK 0 sp0');
    expect((await come(broker, { id: 'b', port: 1883 })).answer).toBe('closed');
    expect((await come(broker, { id: 'c', port: 1884 })).answer).toBe('CONNACK 0 sp0');
  });

  it('a client that is refused changes nothing for who has its identifier and is away', async () => {
    await writeFile(path('acl'), 'topic read b\n');
    const broker = await start(
      'per_listener_settings true\nlistener 1883\nallow_anonymous true\n' +
        'listener 1884\nallow_anonymous false\nacl_file DIR/acl\n',
    );
    const open = raw({ ...broker, open: () => broker.open(1883) });
    open.send(connect('away', { clean: false }), subscribe(1, ['a', 1]));
    expect(await open.take(2)).toEqual(['CONNACK 0 sp0', 'SUBACK #1 1']);
    open.send({ cmd: 'disconnect' });
    expect(await open.rest()).toEqual([]);
    expect((await come(broker, { id: 'away', port: 1884 })).answer).toBe('CONNACK 5 sp0');
    const sender = await come(broker, { id: 'sender', port: 1883 });
    sender.client.send(publish('a', 'kept', 1));
    expect(await sender.client.next()).toBe('PUBACK #1');
    const back = raw({ ...broker, open: () => broker.open(1883) });
    back.send(connect('away', { clean: false }));
    expect(await back.take(2)).toEqual(['CONNACK 0 sp1', 'PUBLISH a kept q1 r0 d0 #1']);
  });

  it('carries MQTT over WebSocket', async () => {
    const broker = await start('allow_anonymous true\nlistener 9001\nprotocol websockets\n');
    const client = await mqtt.connectAsync(`ws://127.0.0.1:${broker.listeners[0]?.port}`, {
      reconnectPeriod: 0,
    });
    clients.push(client);
    await client.subscribeAsync('a', { qos: 1 });
    const got = new Promise<string>(resolve =>
      client.once('message', (_topic, payload) => resolve(payload.toString())),
    );
    await client.publishAsync('a', 'x'.repeat(100_000), { qos: 2 });
    expect(await got).toHaveLength(100_000);
  });

  it('SIGHUP: new passwords and rules hold at once, who may not stay is cut off', async () => {
    const line = async (user: string, password: string) =>
      `${user}:${await hashPassword(password, 'sha512-pbkdf2')}\n`;
    await writeFile(path('p'), (await line('ada', '1')) + (await line('bob', '2')));
    await writeFile(path('acl'), 'user ada\ntopic readwrite a\nuser bob\ntopic read a\n');
    const broker = await start('listener 1883\npassword_file DIR/p\nacl_file DIR/acl\n');
    const ada = await come(broker, { id: 'ada', user: 'ada', password: '1' });
    const bob = await come(broker, { id: 'bob', user: 'bob', password: '2' });
    bob.client.send(subscribe(1, ['a', 0], ['b', 0]));
    expect(await bob.client.fence()).toEqual(['SUBACK #1 0,0']);
    ada.client.send(publish('a', '1'), publish('b', '1'));
    await ada.client.fence();
    expect(await bob.client.fence()).toEqual(['PUBLISH a 1 q0 r0 d0']);

    await writeFile(path('acl'), 'user ada\ntopic write b\nuser bob\ntopic read b\n');
    await broker.reload();
    ada.client.send(publish('a', '2'), publish('b', '2'));
    await ada.client.fence();
    expect(await bob.client.fence()).toEqual(['PUBLISH b 2 q0 r0 d0']);

    const log: string[] = [];
    broker.onLog(({ text }) => log.push(text));
    await writeFile(path('acl'), 'nonsense\n');
    await broker.reload();
    expect(log.join('\n')).toContain(`Invalid line in acl_file "${path('acl')}": nonsense.`);
    ada.client.send(publish('b', '3'));
    await ada.client.fence();
    expect(await bob.client.fence()).toEqual(['PUBLISH b 3 q0 r0 d0']);

    await writeFile(path('acl'), 'topic readwrite #\n');
    await writeFile(path('p'), (await line('ada', 'changed')) + (await line('bob', '2')));
    await broker.reload();
    expect(await ada.client.rest()).toEqual([]);
    expect(await bob.client.fence()).toEqual([]);
    expect((await come(broker, { id: 'ada', user: 'ada', password: '1' })).answer).toBe(
      'CONNACK 5 sp0',
    );
  });

  it('keeps state, ports and rules over a restart', async () => {
    const broker = await start('listener 1883\nallow_anonymous true\n');
    const { port } = broker;
    const { client } = await come(broker, { id: 'a' });
    client.send(publish('r', 'x', 1, 1, { retain: true }));
    await client.fence();
    await broker.restart('keep');
    expect(broker.port).toBe(port);
    expect(broker.retained().map(m => m.topic)).toEqual(['r']);
  });
});

describe('TLS', () => {
  it('takes clients that trust its CA, by name and by address', async () => {
    const broker = await start(`listener 8883\n${TLS}allow_anonymous true\n`);
    await secure(broker);
    await secure(broker, { host: '127.0.0.1' });
    await expect(secure(broker, { ca: server.certificate })).rejects.toThrow();
    // A client without TLS gets no answer.
    const plain = dial({ port: broker.listeners[0]?.port ?? 0, host: '127.0.0.1' });
    plain.on('error', () => {});
    plain.write(Buffer.from('100c00044d5154540402003c0000', 'hex'));
    await once(plain.resume(), 'close');
  });

  it('an expired certificate, or one of another name, is refused by the client', async () => {
    for (const [options, problem] of [
      [{ names: ['localhost'], days: -2 }, /expired/],
      [{ names: ['broker.example'] }, /altname|does not match/i],
    ] as const) {
      const bad = await ca.issue({ commonName: 'localhost', use: 'server', ...options });
      await writeFile(path('bad.crt'), bad.certificate);
      await writeFile(path('bad.key'), bad.key);
      const broker = await start(
        'listener 8883\ncertfile DIR/bad.crt\nkeyfile DIR/bad.key\nallow_anonymous true\n',
      );
      await expect(secure(broker)).rejects.toThrow(problem);
    }
  });

  it('require_certificate and use_identity_as_username: the CN is the user', async () => {
    await writeFile(path('acl'), 'user press-3\ntopic readwrite press/3\n');
    const broker = await start(
      `listener 8883\n${TLS}require_certificate true\nuse_identity_as_username true\nacl_file DIR/acl\n`,
    );
    const mine = await ca.issue({ commonName: 'press-3', use: 'client' });
    const stranger = await (await createAuthority('another CA')).issue({
      commonName: 'press-3',
      use: 'client',
    });
    await secure(broker, { cert: mine.certificate, key: mine.key, clientId: 'p3' });
    expect(broker.sessions()).toMatchObject([{ clientId: 'p3', username: 'press-3' }]);
    await expect(secure(broker)).rejects.toThrow();
    await expect(
      secure(broker, { cert: stranger.certificate, key: stranger.key }),
    ).rejects.toThrow();
    // In-process a verified certificate is given by name; none means CONNACK 4.
    expect((await come(broker, { id: 'x', certificate: 'press-3' })).answer).toBe('CONNACK 0 sp0');
    expect((await come(broker, { id: 'y' })).answer).toBe('CONNACK 4 sp0');
  });

  it('crlfile: a revoked client certificate is refused, also after a reload', async () => {
    const good = await ca.issue({ commonName: 'good', use: 'client' });
    const bad = await ca.issue({ commonName: 'bad', use: 'client' });
    await writeFile(path('crl.pem'), await ca.revoke([]));
    const broker = await start(
      `listener 8883\n${TLS}require_certificate true\ncrlfile DIR/crl.pem\nallow_anonymous true\n`,
    );
    await secure(broker, { cert: bad.certificate, key: bad.key });
    await writeFile(path('crl.pem'), await ca.revoke([bad.certificate]));
    await broker.reload();
    await secure(broker, { cert: good.certificate, key: good.key });
    await expect(secure(broker, { cert: bad.certificate, key: bad.key })).rejects.toThrow();
  });

  it('tls_version is a minimum', async () => {
    const broker = await start(`listener 8883\n${TLS}tls_version tlsv1.3\nallow_anonymous true\n`);
    const port = broker.listeners[0]?.port ?? 0;
    const old = dialTls({ port, host: '127.0.0.1', ca: ca.certificate, maxVersion: 'TLSv1.2' });
    await expect(once(old, 'secureConnect')).rejects.toThrow();
    await secure(broker);
  });

  it.each([
    ['certfile /nope\nkeyfile DIR/server.key', 'Unable to load server certificate "/nope".', 1],
    ['certfile DIR/server.crt\nkeyfile /nope', 'Unable to load server key file "/nope".', 1],
    ['cafile /nope\ncertfile DIR/server.crt\nkeyfile DIR/server.key', 'Check cafile "/nope".', 1],
    [`${TLS}tls_version tlsv9`, 'Unsupported tls_version "tlsv9".', 1],
    ['password_file /nope', 'Unable to open pwfile "/nope".', 13],
    ['acl_file /nope', 'Unable to open acl_file "/nope".', 13],
  ])('%j ends the start', async (lines, message, exitCode) => {
    const error = await start(`listener 8883\n${lines}\n`).catch(e => e);
    expect(error).toMatchObject({ message: expect.stringContaining(message), exitCode });
  });

  it('a half-open TLS handshake does not keep a stopping broker', async () => {
    const broker = await start(`listener 8883\n${TLS}allow_anonymous true\n`);
    const socket = dial({ port: broker.listeners[0]?.port ?? 0, host: '127.0.0.1' });
    await once(socket, 'connect');
    await broker.stop();
    socket.on('error', () => {});
    if (!socket.closed) await once(socket.resume(), 'close');
    expect(await readFile(path('server.key'), 'utf8')).toContain('PRIVATE KEY');
  });
});

describe('where relative paths start', () => {
  it('at base, and messages name the paths as written', async () => {
    await writeFile(path('acl'), 'user ada\ntopic deny secret\ntopic readwrite #\n');
    await writeFile(path('rel.conf'), 'listener 1883\nallow_anonymous true\nacl_file acl\n');
    const config = await loadMosquittoConfig('rel.conf', { base: folder });
    const rules = await loadRules(config, config.security);
    expect(rules.permit({ clientId: 'c', username: 'ada' }, 'read', 'secret')).toMatchObject({
      allowed: false,
      at: { file: 'acl', line: 2 },
      text: 'acl:2: topic deny secret',
    });
    await writeFile(path('acl'), 'topic foo bar\n');
    await expect(loadRules(config, config.security)).rejects.toMatchObject({
      message: 'Error: Invalid topic access type "foo" in acl_file "acl".',
      place: { file: 'acl', line: 1 },
    });
  });
});

describe.skipIf(findMosquitto() === undefined)('the same files on the real Mosquitto', () => {
  it('each listener gets a port of its own; relative paths and rules hold', async () => {
    await writeFile(path('acl'), 'topic read a\n');
    const conf =
      'per_listener_settings true\nlistener 1883\nallow_anonymous true\nacl_file acl\n' +
      'persistence false\nlog_dest none\nlistener 1884 0.0.0.0\n';
    const broker = owned(await startMosquitto({ conf, cwd: folder })) as MosquittoBroker;
    expect(broker.listeners.map(l => l.configured)).toEqual([1883, 1884]);
    const [one, two] = broker.listeners.map(({ port }) =>
      raw({ ...broker, open: () => dial({ port, host: '127.0.0.1' }) }),
    ) as [Raw, Raw];
    one.send(connect('a'), subscribe(1, ['a', 0], ['b', 0]));
    two.send(connect('b'));
    expect(await one.take(2)).toEqual(['CONNACK 0 sp0', 'SUBACK #1 0,0']);
    expect(await two.next()).toBe('CONNACK 5 sp0');
    one.send(publish('a', 'x', 1, 1));
    expect(await one.fence()).toEqual(['PUBACK #1']);
  });

  it('takes our certificates and our revocation list', async () => {
    const good = await ca.issue({ commonName: 'good', use: 'client' });
    const bad = await ca.issue({ commonName: 'bad', use: 'client' });
    await writeFile(path('crl.pem'), await ca.revoke([bad.certificate]));
    await writeFile(path('acl'), 'user good\ntopic readwrite a\n');
    const conf = `listener 8883\n${TLS}require_certificate true\nuse_identity_as_username true\n`;
    const broker = owned(
      await startMosquitto({
        conf: `${conf}crlfile DIR/crl.pem\nacl_file acl\n`.replaceAll('DIR/', ''),
        cwd: folder,
      }),
    ) as MosquittoBroker;
    await secure(broker, { cert: good.certificate, key: good.key });
    await expect(secure(broker, { cert: bad.certificate, key: bad.key })).rejects.toThrow();
    await expect(secure(broker)).rejects.toThrow();
  });

  it('says what is wrong, with the line of the file as it was given', async () => {
    const error = await startMosquitto({ conf: 'allow_anonymous true\nnonsense 1\n' }).catch(
      e => e,
    );
    expect(error).toMatchObject({
      exitCode: 3,
      message:
        'Error: Unknown configuration variable "nonsense".\nError found at mosquitto.conf:2.',
    });
  });
});
