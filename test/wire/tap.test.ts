import { connect as dial, type Socket } from 'node:net';
import fc from 'fast-check';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import { createPeer, createTap, drop, encode, type TraceEntry } from '../../wire/index.js';
import { bareTap, closing, collect, isPacket, lab, turns } from './lab.js';
import { wirePackets } from './packets.js';

const CONNECT = encode({
  type: 'CONNECT',
  protocolName: 'MQTT',
  protocolVersion: 4,
  clientId: 'raw',
  clean: true,
  keepalive: 0,
});
const PING = encode({ type: 'PINGREQ' });

test('bytes pass unchanged both ways, whatever they are and however they are split', async () => {
  const streams = fc.array(
    fc.oneof(
      wirePackets.map(packet => new Uint8Array(encode(packet))),
      fc.uint8Array({ minLength: 1, maxLength: 30 }),
    ),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(streams, streams, async (up, down) => {
      const { tap, brokerSide } = bareTap({ maxFrame: 4096 });
      const client = tap.attach('raw');
      const broker = await brokerSide(0);
      const atBroker = collect(broker);
      const atClient = collect(client);
      for (const chunk of up) client.write(chunk);
      for (const chunk of down) broker.write(chunk);
      await atBroker.has(0);
      client.end();
      await atBroker.ended;
      broker.end();
      await atClient.ended;
      expect(atBroker.bytes().equals(Buffer.concat(up))).toBe(true);
      expect(atClient.bytes().equals(Buffer.concat(down))).toBe(true);
      // What the trace shows is a prefix of what crossed, in each direction.
      const seen = (direction: string) =>
        tap.entries
          .filter(isPacket)
          .filter(entry => entry.direction === direction)
          .map(entry => entry.hex)
          .join('');
      expect(Buffer.concat(up).toString('hex').startsWith(seen('to-broker'))).toBe(true);
      expect(Buffer.concat(down).toString('hex').startsWith(seen('to-client'))).toBe(true);
      await tap.close();
    }),
    { numRuns: 60 },
  );
});

test('any split gives the same entries', async () => {
  const stream = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: wirePackets.map(packet => new Uint8Array(encode(packet))) },
      { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 6 }) },
    ),
    { maxLength: 6 },
  );
  async function entriesOf(bytes: Buffer, sizes: readonly number[]) {
    const { tap, brokerSide } = bareTap({ now: () => 0 });
    const client = tap.attach('raw');
    const broker = await brokerSide(0);
    const atBroker = collect(broker);
    let at = 0;
    for (const size of sizes) {
      client.write(bytes.subarray(at, at + size));
      // Each chunk must arrive on its own.
      await atBroker.has(0);
      await turns(1);
      at += size;
    }
    client.end(bytes.subarray(at));
    await atBroker.ended;
    const { entries } = tap.trace();
    await tap.close();
    return entries;
  }
  await fc.assert(
    fc.asyncProperty(
      stream,
      fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 10 }),
      async (parts, sizes) => {
        const bytes = Buffer.concat(parts);
        expect(await entriesOf(bytes, sizes)).toEqual(await entriesOf(bytes, []));
      },
    ),
    { numRuns: 60 },
  );
});

test('mqtt.js talks to aedes through a listening tap; the trace is its numbered exchange', async () => {
  const { tap, packets } = await lab({ tcp: true });
  const { port } = await tap.listen({ who: 'sensor-1' });
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'd7' });
  await client.subscribeAsync('home/#', { qos: 1 });
  const message = new Promise(resolve => client.once('message', resolve));
  await client.publishAsync('home/temp', '21.5', { qos: 2 });
  await message;
  await client.endAsync();
  await tap.until(entry => entry.kind === 'connection' && entry.event === 'closed');
  const types = packets().map(entry => entry.packet.type);
  expect(types.slice(0, 5)).toEqual(['CONNECT', 'CONNACK', 'SUBSCRIBE', 'SUBACK', 'PUBLISH']);
  expect(types.at(-1)).toBe('DISCONNECT');
  expect(packets().map(entry => entry.n)).toEqual(packets().map((_, index) => index + 1));
  expect(packets().every(entry => entry.who === 'sensor-1' && entry.fate === 'forwarded')).toBe(
    true,
  );
  expect(tap.connections()).toEqual([
    { connection: 1, who: 'sensor-1', open: false, clientId: 'd7' },
  ]);
});

test('a snapshot of the trace does not change any more', async () => {
  const { tap, peer } = await lab();
  const one = await peer('one');
  const before = tap.trace();
  const copy = JSON.stringify(before);
  await one.subscribe('a');
  expect(JSON.stringify(before)).toBe(copy);
  expect(Object.isFrozen(before.entries[0])).toBe(true);
  const packet = before.entries.find(isPacket)?.packet;
  expect(Object.isFrozen(packet)).toBe(true);
  expect(JSON.parse(copy)).toEqual(before);
});

test("a port that is shut is nobody else's: whoever dials it again meets the same tap", async () => {
  const { tap } = bareTap();
  const listener = await tap.listen({ who: 'program' });
  await listener.close();
  const seen = new Set<number>();
  // More often than there are ports to choose from.
  for (let at = 0; at < 520; at++) {
    const other = bareTap().tap;
    seen.add((await other.listen({ who: 'other' })).port);
    await other.close();
  }
  // Below what the system hands out by itself, and none of the others.
  expect(listener.port).toBeLessThan(32_768);
  expect(seen.has(listener.port)).toBe(false);
  await listener.reopen();
  await tap.close();
});

test('close refuses new dials and keeps connections; reopen takes the same port', async () => {
  const { tap } = await lab({ tcp: true });
  const listener = await tap.listen({ who: 'p' });
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${listener.port}`);
  await listener.close();
  const refused = await new Promise<Error & { code?: string }>((resolve, reject) => {
    const socket = dial(listener.port, '127.0.0.1');
    socket.once('error', resolve);
    socket.once('connect', () => reject(new Error('connected')));
  });
  expect(refused.code).toBe('ECONNREFUSED');
  await client.publishAsync('still', 'here', { qos: 1 });
  await listener.reopen();
  const second = await mqtt.connectAsync(`mqtt://127.0.0.1:${listener.port}`);
  await second.endAsync();
  await client.endAsync();
});

test('a broker that cannot be dialled closes the client and is noted', async () => {
  const tap = createTap({ open: () => Promise.reject(new Error('no broker today')) });
  closing(tap, () => tap.close());
  const client = collect(tap.attach('p'));
  await client.closed;
  expect(tap.entries.map(entry => entry.kind)).toEqual(['connection', 'note', 'connection']);
  expect(tap.entries[1]).toMatchObject({ note: 'broker-unreachable', text: 'no broker today' });
  expect(tap.connections()).toEqual([{ connection: 1, who: 'p', open: false }]);
});

test('malformed input is recorded and passed on, and everything behind it too', async () => {
  const { tap, brokerSide } = bareTap();
  const client = tap.attach('p');
  const broker = collect(await brokerSide(0));
  const garbage = Buffer.concat([CONNECT, Buffer.from('82020001', 'hex'), PING, PING]);
  client.write(garbage);
  await broker.has(garbage.length);
  expect(broker.bytes().equals(garbage)).toBe(true);
  expect(tap.entries.filter(isPacket).map(entry => entry.packet.type)).toEqual([
    'CONNECT',
    'MALFORMED',
  ]);
});

test('aedes closes on garbage, and the tap survives it', async () => {
  const { tap } = await lab({ tcp: true });
  const { port } = await tap.listen({ who: 'p' });
  const socket = dial(port, '127.0.0.1');
  const seen = collect(socket);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await seen.closed;
  expect(tap.entries.find(isPacket)?.packet).toMatchObject({
    type: 'MALFORMED',
    error: expect.stringContaining('HTTP'),
  });
  expect(tap.entries.at(-1)).toMatchObject({ event: 'closed', by: 'broker' });
});

test('a connection that ends inside a packet: the tail is passed on and recorded', async () => {
  const { tap, brokerSide } = bareTap();
  const client = tap.attach('p');
  const broker = collect(await brokerSide(0));
  client.end(CONNECT.subarray(0, 7));
  await broker.ended;
  expect(broker.bytes().equals(CONNECT.subarray(0, 7))).toBe(true);
  expect(tap.entries.find(isPacket)?.packet).toEqual({
    type: 'MALFORMED',
    error: `the connection ended inside a packet: 7 of ${CONNECT.length} bytes came`,
  });
});

test('half-close: answers still come after the client has ended its side', async () => {
  const { tap, brokerSide } = bareTap();
  const { port } = await tap.listen({ who: 'p' });
  const client = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
  const atClient = collect(client);
  client.end(CONNECT);
  const side = await brokerSide(0);
  const broker = collect(side);
  await broker.has(CONNECT.length);
  // A stream made by duplexPair ends with its other end; what was written before still arrives.
  side.write(encode({ type: 'CONNACK', sessionPresent: false, returnCode: 0 }));
  await atClient.has(4);
  expect(atClient.bytes().toString('hex')).toBe('20020000');
});

test('a client that resets its connection is a closed connection for the broker', async () => {
  const { tap, brokerSide } = bareTap();
  const { port } = await tap.listen({ who: 'p' });
  const client: Socket = dial(port, '127.0.0.1');
  client.on('error', () => {});
  client.write(CONNECT);
  const broker = collect(await brokerSide(0));
  await broker.has(CONNECT.length);
  client.resetAndDestroy();
  await broker.ended;
  expect(tap.entries.at(-1)).toMatchObject({ kind: 'connection', event: 'closed', by: 'client' });
});

test('endless input is held back when the broker does not read', async () => {
  const { tap, brokerSide } = bareTap();
  const client = tap.attach('p');
  await brokerSide(0);
  const packet = encode({
    type: 'PUBLISH',
    topic: 'flood',
    payload: { bytes: 1000, text: 'x'.repeat(1000) },
    qos: 0,
    retain: false,
    dup: false,
  });
  let written = 0;
  // Nobody reads at the broker: the writes must come to a stop.
  while (written < 5000) {
    written++;
    if (client.write(packet)) continue;
    const drained = new Promise(resolve => client.once('drain', () => resolve(true)));
    if ((await Promise.race([drained, turns(50)])) !== true) break;
  }
  expect(written).toBeLessThan(5000);
  expect(tap.entries.length).toBeLessThan(5000);
});

test('endless input is held back while a stall keeps it', async () => {
  const { tap, peer } = await lab();
  const one = await peer('one');
  tap.rule({ direction: 'to-broker', when: () => true, do: { kind: 'stall' } });
  const stream = tap.attach('two');
  stream.write(CONNECT);
  let written = 0;
  while (written < 100_000) {
    written++;
    if (stream.write(PING)) continue;
    const drained = new Promise(resolve => stream.once('drain', () => resolve(true)));
    if ((await Promise.race([drained, turns(50)])) !== true) break;
  }
  expect(written).toBeLessThan(100_000);
  one.destroy();
});

test('a flood fills the trace up to its limit, once noted, and still flows', async () => {
  const { tap, peer, packets } = await lab({ maxEntries: 50 });
  const sender = await peer('sender');
  const receiver = await peer('receiver');
  await receiver.subscribe('f');
  tap.rule({
    direction: 'to-client',
    who: 'receiver',
    when: entry => entry.packet.type === 'PUBLISH' && entry.packet.topic === 'f' && entry.n > 400,
    do: drop(),
  });
  for (let n = 0; n < 500; n++) await sender.publish('f', String(n));
  await sender.fence();
  await receiver.fence();
  // One was dropped: rules apply beyond the limit too.
  expect(receiver.messages.length).toBe(499);
  expect(tap.entries.length).toBe(51);
  expect(packets().length).toBeLessThan(51);
  expect(tap.entries.filter(entry => entry.kind === 'note').map(entry => entry.note)).toEqual([
    'trace-full',
  ]);
  tap.note('stopped', 'notes of the harness are kept');
  expect(tap.entries.at(-1)).toMatchObject({ kind: 'note', note: 'stopped' });
});

test('a long packet is recorded in part, with its length, and passed on whole', async () => {
  const { peer, packets } = await lab();
  const sender = await peer('sender');
  const receiver = await peer('receiver');
  await receiver.subscribe('big');
  await sender.publish('big', Buffer.alloc(200_000, 'a'), { qos: 1 });
  const message = await receiver.until(one => one.topic === 'big');
  expect(message.payload.bytes).toBe(200_000);
  const entry = packets().find(one => one.packet.type === 'PUBLISH');
  expect(entry?.hex.length).toBe(2 * 64 * 1024);
  expect(entry?.length).toBe(200_011);
});

test('until sees what was recorded before and what comes; the signal ends it', async () => {
  const { tap, peer } = await lab();
  const one = await peer('one');
  const isType = (type: string) => (entry: TraceEntry) =>
    isPacket(entry) && entry.packet.type === type;
  expect(await tap.until(isType('CONNACK'))).toMatchObject({ n: 2 });
  const from = tap.entries.length;
  const abort = new AbortController();
  const never = tap.until(isType('CONNACK'), { from, signal: abort.signal });
  const coming = tap.until(isType('SUBACK'), { from });
  await one.subscribe('a');
  expect(await coming).toMatchObject({ n: 4 });
  abort.abort(new Error('enough'));
  await expect(never).rejects.toThrow('enough');
  const open = tap.until(() => false);
  await tap.close();
  await expect(open).rejects.toThrow('closed');
  await expect(tap.until(() => false)).rejects.toThrow('closed');
  expect(await tap.until(isType('SUBACK'))).toMatchObject({ n: 4 });
});

test('a listener that throws does not disturb the wire', async () => {
  const { tap, peer } = await lab();
  const stop = tap.onEntry(() => {
    throw new Error('mine');
  });
  const one = await peer('one');
  await one.subscribe('a');
  stop();
  expect(tap.entries.some(entry => entry.kind === 'note' && entry.text === 'mine')).toBe(true);
});

test('close leaves nothing open', async () => {
  const { tap } = await lab({ tcp: true });
  const { port } = await tap.listen({ who: 'p' });
  const socket = dial(port, '127.0.0.1');
  const seen = collect(socket);
  socket.write(CONNECT);
  await tap.until(entry => isPacket(entry) && entry.packet.type === 'CONNACK');
  const inner = collect(tap.attach('q'));
  await tap.close();
  await seen.closed;
  await inner.closed;
  const late = collect(tap.attach('late'));
  await late.closed;
  const peer = createPeer(tap.attach('later'));
  await expect(peer.connect({ clientId: 'x' })).rejects.toMatchObject({ code: 'closed' });
});
