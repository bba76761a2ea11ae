import { connect as dial } from 'node:net';
import type { Duplex } from 'node:stream';
import { Aedes } from 'aedes';
import { describe, expect, test } from 'vitest';
import {
  createPeer,
  createTap,
  duplexPair,
  encode,
  type Peer,
  PeerError,
  stall,
} from '../../wire/index.js';
import { bareTap, closing, lab } from './lab.js';
import { mosquitto, mosquittoPath } from './mosquitto.js';

type Open = () => Duplex;

async function aedes(): Promise<Open> {
  const broker = await Aedes.createBroker();
  closing(broker, () => new Promise<void>(resolve => broker.close(() => resolve())));
  return () => {
    const [near, far] = duplexPair();
    broker.handle(far);
    return near;
  };
}

async function realMosquitto(): Promise<Open> {
  const port = await mosquitto();
  return () => dial(port, '127.0.0.1').setNoDelay(true);
}

async function peerOn(open: Open, clientId: string, clean = true): Promise<Peer> {
  const peer = createPeer(open());
  closing(peer, () => peer.destroy());
  await peer.connect({ clientId, clean });
  return peer;
}

describe.each([
  ['aedes', aedes, true],
  ['Mosquitto', realMosquitto, mosquittoPath !== undefined],
] as const)('with %s', (_name, start, present) => {
  test.runIf(present)('a fence comes after every message published before it', async () => {
    const open = await start();
    const sender = await peerOn(open, 'sender');
    const receiver = await peerOn(open, 'receiver');
    await receiver.subscribe('t/#', 2);
    let sent = 0;
    for (let round = 0; round < 12; round++) {
      const qos = ([0, 1, 2] as const)[round % 3] ?? 0;
      // Mosquitto 2.0.11 loses what exceeds its window of 20 incoming messages at QoS 2.
      const burst = Array.from({ length: 20 }, () => sender.publish(`t/${sent++}`, 'x', { qos }));
      await Promise.all(burst);
      if (qos === 0) await sender.fence();
      await receiver.fence();
      expect(receiver.messages.length).toBe(sent);
    }
  });

  test.runIf(present)('a fence comes after what waits behind the in-flight window', async () => {
    const open = await start();
    const tap = createTap({ open });
    closing(tap, () => tap.close());
    const sender = await peerOn(open, 'sender');
    const receiver = await peerOn(() => tap.attach('receiver'), 'receiver');
    await receiver.subscribe('w/#', 1);
    await receiver.fence();
    const acks = tap.rule({ when: ({ packet }) => packet.type === 'PUBACK', do: stall() });
    for (let n = 0; n < 60; n++) await sender.publish(`w/${n}`, 'x', { qos: 1 });
    const fence = receiver.fence();
    await acks.once();
    acks.release();
    await fence;
    expect(receiver.messages.length).toBe(60);
  });

  test.runIf(present)(
    'a fence comes after the retained messages of a new subscription',
    async () => {
      const open = await start();
      const sender = await peerOn(open, 'sender');
      for (let n = 0; n < 60; n++) {
        await sender.publish(`r/${n}`, 'x', { qos: n % 2 ? 1 : 0, retain: true });
      }
      await sender.fence();
      for (let round = 0; round < 10; round++) {
        const receiver = await peerOn(open, `receiver-${round}`);
        await receiver.subscribe('r/#', 1);
        await receiver.fence();
        expect(receiver.messages.length).toBe(60);
        receiver.destroy();
      }
    },
  );

  test.runIf(present)('a fence comes after the messages a session has kept', async () => {
    const open = await start();
    const sender = await peerOn(open, 'sender');
    const first = await peerOn(open, 'keeper', false);
    await first.subscribe('k/#', 1);
    await first.disconnect();
    await first.closed;
    for (let n = 0; n < 60; n++) await sender.publish(`k/${n}`, 'x', { qos: 1 });
    const second = createPeer(open());
    const connack = await second.connect({ clientId: 'keeper', clean: false });
    expect(connack.sessionPresent).toBe(true);
    await second.fence();
    expect(new Set(second.messages.map(message => message.topic)).size).toBe(60);
    await second.disconnect();
    await second.closed;
  });

  test.runIf(present)(
    'a fence leaves no subscription in a kept session, and # does not see it',
    async () => {
      const open = await start();
      const watcher = await peerOn(open, 'watcher');
      await watcher.subscribe(['#', '+/+'], 1);
      const first = await peerOn(open, 'keeper', false);
      await first.fence();
      await first.disconnect();
      await first.closed;
      const second = await peerOn(open, 'keeper', false);
      await second.fence();
      await watcher.fence();
      expect(watcher.messages.filter(({ topic }) => topic.includes('fence'))).toEqual([]);
    },
  );
});

test('everything one needs, on the wire as told', async () => {
  const { peer, packets } = await lab();
  const one = await peer('one');
  expect((await one.subscribe(['a', 'b'], 1)).codes).toEqual([1, 1]);
  await one.publish('a', 'q0');
  await one.publish('a', Buffer.from([0xff]), { qos: 1, retain: true, id: 77 });
  await one.publish('b', 'q2', { qos: 2 });
  const last = await one.until(message => message.topic === 'b');
  expect(last).toMatchObject({ qos: 1, payload: { text: 'q2', bytes: 2 } });
  await one.ping();
  await one.unsubscribe('a');
  await one.disconnect();
  await one.closed;
  const sent = packets().filter(entry => entry.direction === 'to-broker');
  expect(sent.map(entry => entry.packet.type).filter(type => type !== 'PUBACK')).toEqual([
    'CONNECT',
    'SUBSCRIBE',
    'PUBLISH',
    'PUBLISH',
    'PUBLISH',
    'PUBREL',
    'PINGREQ',
    'UNSUBSCRIBE',
    'DISCONNECT',
  ]);
  expect(sent[3]?.packet).toMatchObject({ id: 77, retain: true, payload: { base64: '/w==' } });
});

test('CONNECT carries will, user name and password', async () => {
  const { tap, packets } = await lab();
  const one = createPeer(tap.attach('one'));
  await one.connect({
    clientId: 'd7',
    clean: false,
    keepalive: 30,
    username: 'ann',
    password: 'secret',
    will: { topic: 'gone', payload: 'away', qos: 1, retain: true },
  });
  expect(packets()[0]?.packet).toEqual({
    type: 'CONNECT',
    protocolName: 'MQTT',
    protocolVersion: 4,
    clientId: 'd7',
    clean: false,
    keepalive: 30,
    username: 'ann',
    password: { bytes: 6, text: 'secret' },
    will: { topic: 'gone', payload: { bytes: 4, text: 'away' }, qos: 1, retain: true },
  });
});

test('without autoAck nothing is answered until ack', async () => {
  const { peer, packets } = await lab();
  const sender = await peer('sender');
  const receiver = await peer('receiver', { autoAck: false });
  await receiver.subscribe('a', 2);
  const acks = () =>
    packets().filter(entry => entry.direction === 'to-broker' && entry.packet.type === 'PUBREC');
  await sender.publish('a', '1', { qos: 2 });
  await receiver.fence();
  const message = await receiver.until(() => true);
  expect(acks()).toHaveLength(0);
  const release = new Promise(resolve =>
    receiver.onPacket(packet => {
      if (packet.type === 'PUBREL') resolve(packet);
    }),
  );
  receiver.ack(message);
  await release;
  expect(acks()).toHaveLength(1);
});

test('whatever was waited for is rejected when the connection ends', async () => {
  const { tap, brokerSide } = bareTap();
  const one = createPeer(tap.attach('one'));
  const waits = [
    one.connect({ clientId: 'x' }),
    one.subscribe('a'),
    one.publish('a', '1', { qos: 2 }),
    one.ping(),
    one.fence(),
    one.until(() => true),
  ];
  (await brokerSide(0)).end();
  for (const wait of waits) {
    const error: unknown = await wait.catch(caught => caught);
    expect(error).toBeInstanceOf(PeerError);
    expect(error).toMatchObject({ code: 'closed' });
  }
  await one.closed;
  expect(() => one.send({ type: 'PINGREQ' })).toThrow(PeerError);
  await expect(one.disconnect()).rejects.toMatchObject({ code: 'closed' });
});

test('a signal ends waiting; a packet that cannot be written is said', async () => {
  const { peer } = await lab();
  const one = await peer('one');
  const abort = new AbortController();
  const wait = one.until(() => false, abort.signal);
  abort.abort();
  await expect(wait).rejects.toMatchObject({ code: 'aborted' });
  await expect(one.fence(abort.signal)).rejects.toMatchObject({ code: 'aborted' });
  await expect(one.subscribe([])).rejects.toMatchObject({ code: 'invalid' });
});

test('bytes that are not MQTT end a peer', async () => {
  const { tap, brokerSide } = bareTap();
  const one = createPeer(tap.attach('one'));
  const wait = one.connect({ clientId: 'x' });
  (await brokerSide(0)).write(Buffer.from('HTTP/1.1 400'));
  await expect(wait).rejects.toMatchObject({ code: 'malformed' });
});

test('a fence that the broker refuses is refused', async () => {
  const { tap, brokerSide } = bareTap();
  const one = createPeer(tap.attach('one'), { fenceTopic: 'mine' });
  const broker = createPeer(await brokerSide(0));
  broker.onPacket(packet => {
    if (packet.type === 'SUBSCRIBE') broker.send({ type: 'SUBACK', id: packet.id, codes: [128] });
  });
  await expect(one.fence()).rejects.toMatchObject({ code: 'refused' });
  expect(encode({ type: 'PINGREQ' }).length).toBe(2);
});
