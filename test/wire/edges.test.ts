import { connect as dial } from 'node:net';
import { connect as dialTls } from 'node:tls';
import fc from 'fast-check';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import {
  type Action,
  answer,
  blackhole,
  coalesceWithNext,
  createPeer,
  createTap,
  cutAfter,
  cutBefore,
  delay,
  drop,
  duplexPair,
  duplicate,
  type QoS,
  replaceWith,
  setFlags,
  stall,
  withhold,
} from '../../wire/index.js';
import { cert, key } from './certificate.js';
import { closing, collect, isPacket, lab, turns } from './lab.js';

test('the tap ends TLS, so the trace shows what is inside', async () => {
  const { tap, packets } = await lab({ tcp: true });
  const { port } = await tap.listen({ who: 'p', tls: { key, cert } });
  const client = await mqtt.connectAsync(`mqtts://localhost:${port}`, { ca: cert, clientId: 's' });
  await client.publishAsync('a', 'secret', { qos: 1 });
  tap.rule({ when: ({ packet }) => packet.type === 'PUBLISH', do: cutBefore({ reset: true }) });
  const closed = new Promise(resolve => client.once('close', () => resolve(true)));
  client.publish('a', 'never');
  await closed;
  await client.endAsync(true);
  expect(packets().map(entry => entry.packet.type)).toEqual([
    'CONNECT',
    'CONNACK',
    'PUBLISH',
    'PUBACK',
    'PUBLISH',
  ]);
});

test('a TLS handshake that fails is a note, and no connection', async () => {
  const { tap } = await lab({ tcp: true });
  const { port } = await tap.listen({ who: 'p', tls: { key, cert } });
  const socket = dial(port, '127.0.0.1');
  const seen = collect(socket);
  socket.write(Buffer.from('100d00044d51545404020000000161', 'hex'));
  expect(
    await tap.until(entry => entry.kind === 'note' && entry.note === 'tls-failed'),
  ).toMatchObject({ who: 'p' });
  await seen.closed;
  expect(tap.connections()).toEqual([]);
});

test('a client that distrusts the certificate and leaves is a note too', async () => {
  const { tap } = await lab({ tcp: true });
  const { port } = await tap.listen({ who: 'p', tls: { key, cert } });
  const suspicious = dialTls({ port, host: '127.0.0.1', servername: 'localhost' });
  suspicious.on('error', () => {});
  expect(await tap.until(entry => entry.kind === 'note')).toMatchObject({
    note: 'tls-failed',
    text: expect.stringContaining('trust'),
  });
});

test('a TLS client on a plain port is named in the trace', async () => {
  const { tap } = await lab({ tcp: true });
  const { port } = await tap.listen({ who: 'p' });
  const socket = dialTls({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  const entry = await tap.until(isPacket);
  expect(entry).toMatchObject({
    packet: { type: 'MALFORMED', error: expect.stringContaining('TLS') },
  });
});

test('a broker that refuses the connection closes the client and is noted', async () => {
  const { tap: other } = await lab({ tcp: true });
  const listener = await other.listen({ who: 'gone' });
  await listener.close();
  const tap = createTap({ open: () => dial(listener.port, '127.0.0.1') });
  closing(tap, () => tap.close());
  await collect(tap.attach('p')).closed;
  expect(tap.entries.map(entry => (entry.kind === 'note' ? entry.note : entry.kind))).toEqual([
    'connection',
    'broker-unreachable',
    'connection',
  ]);
});

test('a duplex pair behaves like the two ends of a connection', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 50_000 }), { maxLength: 8 }),
      async chunks => {
        const [near, far] = duplexPair();
        const seen = collect(far);
        for (const chunk of chunks) near.write(chunk);
        near.end();
        await seen.ended;
        expect(seen.bytes().equals(Buffer.concat(chunks))).toBe(true);
        await seen.closed;
      },
    ),
    { numRuns: 30 },
  );
  // Nobody reads: writing stops.
  const [near] = duplexPair();
  let written = 0;
  while (near.write(Buffer.alloc(1000)) && written < 1000) written++;
  await turns(3);
  expect(near.writableNeedDrain).toBe(true);
  // destroy() is an end for the other side, destroy(error) a reset.
  const [one, two] = duplexPair();
  const atOne = collect(one);
  two.destroy();
  await atOne.ended;
  one.write('x');
  await atOne.closed;
  const [three, four] = duplexPair();
  const code = new Promise(resolve =>
    three.once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
  );
  four.destroy(new Error('gone'));
  expect(await code).toBe('ECONNRESET');
});

test('whatever is done to the packets, nothing crashes and every packet has its fate', async () => {
  const actions: fc.Arbitrary<Action> = fc.constantFrom(
    withhold(),
    stall(),
    delay(1),
    drop(),
    duplicate({ dup: true, id: 'same' }),
    duplicate({ dup: false, id: 'new', after: 1 }),
    cutBefore(),
    cutAfter({ reset: true }),
    blackhole(),
    replaceWith({ type: 'PINGREQ' }),
    replaceWith(Buffer.from('ff')),
    setFlags({ dup: true, retain: true }),
    coalesceWithNext(),
    answer({ type: 'PINGRESP' }, { close: true }),
  );
  const rules = fc.array(
    fc.record({
      do: actions,
      at: fc.integer({ min: 1, max: 40 }),
      times: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(
      rules,
      fc.array(fc.constantFrom<QoS>(0, 1, 2), { maxLength: 8 }),
      async (all, sends) => {
        const { tap, packets } = await lab();
        const handles = all.map(({ at, ...rule }) =>
          tap.rule({ ...rule, when: entry => entry.n >= at }),
        );
        const peers = ['a', 'b'].map(who => createPeer(tap.attach(who)));
        for (const peer of peers) {
          void peer.connect({ clientId: `${peers.indexOf(peer)}` }).catch(() => {});
          void peer.subscribe('t', 2).catch(() => {});
          await turns(8);
          for (const qos of sends) void peer.publish('t', 'x', { qos }).catch(() => {});
        }
        await turns(8);
        for (const handle of handles) handle.release();
        await turns(8);
        peers[0]?.destroy();
        await turns(8);
        for (const handle of handles) handle.release();
        await tap.close();
        const forwarded = packets().filter(entry => entry.fate === 'forwarded');
        expect(forwarded.every(entry => entry.hex.length > 0)).toBe(true);
        expect(packets().map(entry => entry.n)).toEqual(packets().map((_, index) => index + 1));
        expect(JSON.parse(JSON.stringify(tap.trace()))).toEqual(tap.trace());
      },
    ),
    { numRuns: 60 },
  );
});
