import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type ClientLimits, encode } from '../../wire/index.js';
import { closing, lab } from './lab.js';

const hello = (clientId: string) =>
  encode({
    type: 'CONNECT',
    protocolName: 'MQTT',
    protocolVersion: 4,
    clientId,
    clean: true,
    keepalive: 0,
  });
const subscribe = (...filters: string[]) =>
  encode({ type: 'SUBSCRIBE', id: 1, filters: filters.map(filter => ({ filter, qos: 0 })) });
const publish = (topic: string, bytes: number, retain = false) => {
  const payload = { bytes, text: 'x'.repeat(bytes) };
  return encode({ type: 'PUBLISH', topic, payload, qos: 0, retain, dup: false });
};

/** A listener with limits, and a way to dial it. */
async function limited(options: ClientLimits) {
  const { tap } = await lab();
  const hits: string[] = [];
  const limits = { ...options, onHit: (text: string) => hits.push(text) };
  const { port } = await tap.listen({ who: 'program', limits });
  const dial = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    closing(socket, () => socket.destroy());
    socket.on('error', () => undefined);
    await new Promise(resolve => socket.once('connect', resolve));
    return socket;
  };
  const isClosed = (socket: Socket) =>
    socket.closed || new Promise<boolean>(resolve => socket.once('close', () => resolve(true)));
  const arrived = (socket: Socket) => new Promise<Buffer>(resolve => socket.once('data', resolve));
  return { tap, hits, dial, isClosed, arrived };
}

test('a reserved client identifier gets CONNACK 2 and the end; the others are left alone', async () => {
  const { hits, dial, isClosed, arrived, tap } = await limited({
    reserved: id => id.startsWith('checker-'),
  });
  const honest = await dial();
  honest.write(hello('freezer-3'));
  expect([...(await arrived(honest))]).toEqual([0x20, 2, 0, 0]);
  const thief = await dial();
  thief.write(hello('checker-sensor'));
  expect([...(await arrived(thief))]).toEqual([0x20, 2, 0, 2]);
  expect(await isClosed(thief)).toBe(true);
  expect(hits).toEqual(["took a client identifier of the checker's own clients"]);
  expect(tap.connections().filter(one => one.open)).toHaveLength(1);
});

test('a packet that is too big ends the connection at its header', async () => {
  const { hits, dial, isClosed, arrived, tap } = await limited({ packetBytes: 1000 });
  const socket = await dial();
  socket.write(hello('a'));
  await arrived(socket);
  socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61]));
  expect(await isClosed(socket)).toBe(true);
  expect(hits).toEqual(['sent a packet of more than 1 KiB']);
  expect(tap.entries.at(-2)).toMatchObject({ packet: { type: 'MALFORMED' }, fate: 'dropped' });
});

test('connections, packets, bytes and retained bytes are counted over the life of a program', async () => {
  const connections = await limited({ connections: 2 });
  const dialled = [await connections.dial(), await connections.dial(), await connections.dial()];
  expect(await connections.isClosed(dialled[2] as Socket)).toBe(true);
  expect(connections.hits).toEqual(['opened more than 2 connections']);
  expect(connections.tap.connections()).toHaveLength(2);

  for (const [cap, hit, ...sent] of [
    [{ packets: 3 }, 'sent more than 3 packets', ...Array(4).fill(publish('a', 1))],
    [{ bytes: 2048 }, 'sent more than 2 KiB', publish('a', 3000)],
    [
      { retainedBytes: 1024 },
      'stored more than 1 KiB retained',
      publish('a', 700, true),
      publish('b', 700, true),
    ],
    [
      { retainedBytes: 1024, retainedMessages: 2 },
      'stored more than 2 retained messages',
      ...['a', 'b', 'c'].map(topic => publish(topic, 1, true)),
    ],
    [
      { topicFilters: 3 },
      'subscribed to more than 3 topic filters',
      subscribe('a', '#'),
      subscribe('+', '#'),
    ],
    [
      { topicLevels: 4 },
      'used a topic of more than 4 levels',
      publish('a/b/c/d', 1),
      publish('a/b/c/d/e', 1),
    ],
    [{ topicLevels: 4 }, 'used a topic of more than 4 levels', subscribe('a/b/c/d', '//////')],
    [
      { deliveries: 7, retainedBytes: 1024 },
      'had more than 7 messages sent to it',
      publish('a', 1, true),
      publish('b', 1, true),
      subscribe('#', '+', '#', '#'),
    ],
    [
      { deliveries: 3 },
      'had more than 3 messages sent to it',
      subscribe('#'),
      ...['a', 'b', 'c', 'd'].map(topic => publish(topic, 1)),
    ],
  ] as [ClientLimits, string, ...Buffer[]][]) {
    const { hits, dial, isClosed } = await limited(cap);
    const socket = await dial();
    socket.write(Buffer.concat([hello('a'), ...sent]));
    socket.resume();
    expect(await isClosed(socket), hit).toBe(true);
    expect(hits).toEqual([hit]);
  }
});

test('the same topic stored again, and removed, counts once', async () => {
  const { hits, dial, arrived } = await limited({ retainedBytes: 1024 });
  const socket = await dial();
  const again = Array.from({ length: 5 }, () => publish('a', 900, true));
  const removed = [publish('a', 0, true), publish('b', 900, true)];
  socket.write(Buffer.concat([hello('a'), ...again, ...removed]));
  await arrived(socket);
  socket.write(encode({ type: 'PINGREQ' }));
  expect((await arrived(socket))[0]).toBe(0xd0);
  expect(hits).toEqual([]);
});
