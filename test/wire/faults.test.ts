import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  answer,
  blackhole,
  coalesceWithNext,
  createPeer,
  cutAfter,
  cutBefore,
  delay,
  drop,
  encode,
  type PacketEntry,
  replaceWith,
  setFlags,
  stall,
  type WirePacket,
  withhold,
} from '../../wire/index.js';
import { bareTap, collect, isPacket, lab, turns } from './lab.js';

const type =
  (wanted: WirePacket['type']) =>
  ({ packet }: PacketEntry) =>
    packet.type === wanted;
const topic =
  (wanted: string) =>
  ({ packet }: PacketEntry) =>
    packet.type === 'PUBLISH' && packet.topic === wanted;

async function pair() {
  const all = await lab();
  const sender = await all.peer('sender');
  const receiver = await all.peer('receiver');
  await receiver.subscribe(['a', 'b', 'c'], 1);
  const topics = () => receiver.messages.map(message => message.topic);
  const named = (name: string) =>
    all.tap.entries.filter(entry => entry.kind === 'fault' && entry.fault === name);
  return { ...all, sender, receiver, topics, named };
}

test('withhold keeps one packet; others pass by; release passes it on', async () => {
  const { tap, sender, receiver, topics, packets, named } = await pair();
  const rule = tap.rule({ who: 'sender', when: topic('a'), do: withhold() });
  const sent = sender.publish('a', '1', { qos: 1 });
  const matched = await rule.once();
  await sender.publish('b', '2', { qos: 1 });
  await receiver.fence();
  expect(topics()).toEqual(['b']);
  expect(matched).toMatchObject({ fate: 'withheld' });
  expect(matched.releasedAt).toBeUndefined();
  rule.release();
  await sent;
  await receiver.fence();
  expect(topics()).toEqual(['b', 'a']);
  expect(matched).toMatchObject({ fate: 'withheld', releasedAt: expect.any(Number) });
  expect(rule.applied).toBe(1);
  expect(named('withhold')).toMatchObject([{ packet: matched.n, connection: 1 }]);
  expect(named('release')).toHaveLength(1);
  expect(packets().filter(entry => entry.fate === 'withheld')).toEqual([matched]);
});

test('a withheld packet whose connection has gone is lost at release', async () => {
  const { tap, sender } = await pair();
  const rule = tap.rule({ who: 'sender', when: topic('a'), do: withhold() });
  await sender.publish('a', '1');
  const matched = await rule.once();
  sender.destroy();
  await tap.until(entry => entry.kind === 'connection' && entry.event === 'closed');
  expect(matched.fate).toBe('withheld');
  rule.release();
  expect(matched.fate).toBe('lost');
});

test('stall keeps a packet and everything behind it, in order', async () => {
  const { tap, sender, receiver, topics, packets } = await pair();
  const rule = tap.rule({ who: 'sender', when: topic('a'), do: stall() });
  const sent = ['a', 'b', 'c'].map(name => sender.publish(name, '1', { qos: 1 }));
  await tap.until(entry => isPacket(entry) && topic('c')(entry));
  await receiver.fence();
  expect(topics()).toEqual([]);
  rule.release();
  await Promise.all(sent);
  await receiver.fence();
  expect(topics()).toEqual(['a', 'b', 'c']);
  const kept = packets().filter(entry => entry.who === 'sender' && entry.fate === 'withheld');
  expect(kept).toHaveLength(3);
  expect(kept.every(entry => entry.releasedAt !== undefined)).toBe(true);
});

test('the end of a connection waits behind a stall', async () => {
  const { tap, brokerSide } = bareTap();
  const client = tap.attach('p');
  const broker = collect(await brokerSide(0));
  const rule = tap.rule({ when: type('PINGREQ'), do: stall() });
  client.end(encode({ type: 'PINGREQ' }));
  await rule.once();
  await turns();
  expect(broker.bytes().length).toBe(0);
  rule.release();
  await broker.ended;
  expect(broker.bytes().toString('hex')).toBe('c000');
});

test('delay keeps the order of its direction', async () => {
  const { tap, sender, receiver, topics, packets } = await pair();
  tap.rule({ who: 'sender', when: topic('a'), do: delay(5) });
  await Promise.all([sender.publish('a', '1', { qos: 1 }), sender.publish('b', '1', { qos: 1 })]);
  await receiver.fence();
  expect(topics()).toEqual(['a', 'b']);
  const entries = packets().filter(entry => entry.who === 'sender' && entry.releasedAt);
  expect(entries.map(entry => [entry.packet.type, entry.fate])).toEqual([
    ['PUBLISH', 'forwarded'],
    ['PUBLISH', 'forwarded'],
  ]);
});

test('drop loses as many packets as it is told', async () => {
  const { tap, sender, receiver, topics, packets } = await pair();
  const rule = tap.rule({ who: 'sender', when: topic('a'), do: drop(), times: 2 });
  for (const payload of ['1', '2', '3']) await sender.publish('a', payload);
  await sender.fence();
  await receiver.fence();
  expect(topics()).toEqual(['a']);
  expect(rule.applied).toBe(2);
  expect(packets().filter(entry => entry.fate === 'dropped')).toHaveLength(2);
});

test('the first rule that matches decides; a removed rule does not', async () => {
  const { tap, sender, receiver, topics } = await pair();
  const first = tap.rule({ when: topic('a'), do: drop(), times: Number.POSITIVE_INFINITY });
  const second = tap.rule({ when: topic('a'), do: withhold(), times: Number.POSITIVE_INFINITY });
  await sender.publish('a', '1');
  await sender.fence();
  expect([first.applied, second.applied]).toEqual([1, 0]);
  first.remove();
  second.remove();
  await sender.publish('a', '2', { qos: 1 });
  await receiver.fence();
  expect(topics()).toEqual(['a']);
});

test('rules look at connection, direction and name', async () => {
  const { tap, sender, receiver, topics } = await pair();
  tap.rule({ connection: 99, when: () => true, do: drop() });
  tap.rule({ direction: 'to-client', who: 'sender', when: topic('a'), do: drop() });
  const hit = tap.rule({ connection: 2, direction: 'to-client', when: topic('a'), do: drop() });
  await sender.publish('a', '1', { qos: 1 });
  await receiver.fence();
  expect(hit.applied).toBe(1);
  expect(topics()).toEqual([]);
});

test('a rule that throws leaves the packet alone and says so', async () => {
  const { tap, sender, receiver, topics, named } = await pair();
  tap.rule({
    when: entry => {
      if (topic('a')(entry)) throw new Error('my mistake');
      return false;
    },
    do: drop(),
  });
  tap.rule({
    when: topic('b'),
    do: replaceWith(() => {
      throw new Error('another');
    }),
  });
  await sender.publish('a', '1', { qos: 1 });
  await sender.publish('b', '1', { qos: 1 });
  await receiver.fence();
  expect(topics()).toEqual(['a', 'b']);
  expect(named('rule-error').length).toBeGreaterThanOrEqual(2);
});

test.each([false, true])('cut before a packet (reset: %s): it never arrives', async reset => {
  const { tap, sender, receiver, topics, packets } = await pair();
  tap.rule({ who: 'sender', when: topic('b'), do: cutBefore({ reset }) });
  await sender.publish('a', '1', { qos: 1 });
  await expect(sender.publish('b', '1', { qos: 1 })).rejects.toMatchObject({ code: 'closed' });
  await receiver.fence();
  expect(topics()).toEqual(['a']);
  expect(packets().find(topic('b'))).toMatchObject({ fate: 'lost' });
  expect(
    tap.entries.find(entry => entry.kind === 'connection' && entry.event === 'closed'),
  ).toEqual(expect.objectContaining({ who: 'sender', by: 'tap' }));
});

test.each([false, true])(
  'cut after a packet (reset: %s): it arrives, its answer does not',
  async reset => {
    const { tap, sender, receiver, topics } = await pair();
    tap.rule({ who: 'sender', when: topic('b'), do: cutAfter({ reset }) });
    await expect(sender.publish('b', '1', { qos: 1 })).rejects.toMatchObject({ code: 'closed' });
    await receiver.until(message => message.topic === 'b');
    expect(topics()).toEqual(['b']);
  },
);

test('over TCP a cut is an orderly end behind the data, and a reset is ECONNRESET', async () => {
  const { tap, brokerSide } = bareTap();
  const { port } = await tap.listen({ who: 'p' });
  const connack = encode({ type: 'CONNACK', sessionPresent: false, returnCode: 0 });
  for (const [index, reset] of [false, true].entries()) {
    const socket = dial(port, '127.0.0.1');
    const errors: string[] = [];
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    const seen = collect(socket);
    tap.rule({ connection: index + 1, when: type('CONNACK'), do: cutAfter({ reset }) });
    const broker = await brokerSide(index);
    const atBroker = collect(broker);
    broker.write(connack);
    await seen.closed;
    await atBroker.closed;
    // A reset may discard what its reader has not read yet.
    if (!reset) expect(seen.bytes().equals(connack)).toBe(true);
    expect(errors).toEqual(reset ? ['ECONNRESET'] : []);
  }
});

test('one direction can be cut alone', async () => {
  const { tap, brokerSide } = bareTap();
  const client = tap.attach('p');
  const side = await brokerSide(0);
  const atClient = collect(client);
  const atBroker = collect(side);
  client.write(encode({ type: 'PINGREQ' }));
  await atBroker.has(2);
  side.allowHalfOpen = true;
  tap.cut(1, { direction: 'to-broker' });
  await atBroker.ended;
  side.write(encode({ type: 'PINGRESP' }));
  await atClient.has(2);
  client.write(encode({ type: 'PINGREQ' }));
  await tap.until(entry => isPacket(entry) && entry.fate === 'lost');
  expect(atBroker.bytes().length).toBe(2);
});

test('in a black hole nothing passes, closes included, and both ends believe it lives', async () => {
  const { tap, brokerSide } = bareTap();
  const { port } = await tap.listen({ who: 'p' });
  const client = dial(port, '127.0.0.1');
  const atClient = collect(client);
  const side = await brokerSide(0);
  const atBroker = collect(side);
  tap.rule({ when: type('PINGREQ'), do: blackhole() });
  client.write(encode({ type: 'PINGREQ' }));
  await tap.until(entry => isPacket(entry) && entry.fate === 'lost');
  side.write(encode({ type: 'PINGRESP' }));
  client.write(encode({ type: 'PINGREQ' }));
  await tap.until(entry => isPacket(entry) && entry.n === 3);
  expect(tap.entries.filter(isPacket).map(entry => entry.fate)).toEqual(['lost', 'lost', 'lost']);
  expect(tap.connections()[0]?.open).toBe(true);
  client.destroy();
  await tap.until(entry => entry.kind === 'connection' && entry.by === 'client');
  await turns();
  expect([side.destroyed, side.readableEnded, atBroker.bytes().length]).toEqual([false, false, 0]);
  side.destroy();
  await tap.until(entry => entry.kind === 'connection' && entry.by === 'broker');
  expect(atClient.bytes().length).toBe(0);
});

test('a black hole can be dug by hand, and a connection cut by hand', async () => {
  const { tap, sender, receiver, topics } = await pair();
  tap.blackhole(1);
  await sender.publish('a', 'lost');
  await tap.until(entry => isPacket(entry) && entry.fate === 'lost');
  await receiver.fence();
  expect(topics()).toEqual([]);
  tap.cut(1, { reset: true });
  await sender.closed;
  tap.cut(1);
  expect(() => tap.cut(7)).toThrow(RangeError);
});

test('a cut by hand is over when the client has closed its side', async () => {
  const { tap, peer } = await lab();
  await peer('other');
  const { port } = await tap.listen({ who: 'slow' });
  const socket = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.write(
    encode({
      type: 'CONNECT',
      protocolName: 'MQTT',
      protocolVersion: 4,
      clientId: 'slow',
      clean: true,
      keepalive: 0,
    }),
  );
  await tap.until(
    entry => isPacket(entry) && entry.packet.type === 'CONNACK' && entry.who === 'slow',
  );
  let over = false;
  const cut = tap.cut(2).then(() => {
    over = true;
  });
  socket.resume();
  await once(socket, 'end');
  await turns();
  expect(over).toBe(false);
  socket.end();
  await cut;
});

test('replaceWith sends something else: a refusing SUBACK', async () => {
  const { tap, peer, packets } = await pair();
  const third = await peer('third');
  tap.rule({
    who: 'third',
    when: type('SUBACK'),
    do: replaceWith(({ packet }) => ({
      type: 'SUBACK',
      id: packet.type === 'SUBACK' ? packet.id : 0,
      codes: [128, 1],
    })),
  });
  const suback = await third.subscribe(['x', 'y'], 1);
  expect(suback.codes).toEqual([128, 1]);
  const [original, made] = packets().filter(
    entry => entry.who === 'third' && entry.packet.type === 'SUBACK',
  );
  expect(original).toMatchObject({ fate: 'dropped', packet: { codes: [1, 1] } });
  expect(made).toMatchObject({ fate: 'forwarded', madeByTap: true });
});

test('a packet that cannot be written is refused when the rule is made', async () => {
  const { tap } = await lab();
  const bad: WirePacket = { type: 'SUBACK', id: 1, codes: [] };
  expect(() => tap.rule({ when: () => true, do: replaceWith(bad) })).toThrow(TypeError);
  expect(() => tap.rule({ when: () => true, do: answer([bad]) })).toThrow(TypeError);
});

test('setFlags changes DUP and RETAIN only', async () => {
  const { tap, sender, receiver } = await pair();
  tap.rule({ who: 'receiver', when: topic('a'), do: setFlags({ dup: true, retain: true }) });
  tap.rule({ who: 'receiver', when: topic('b'), do: setFlags({ dup: true }) });
  await sender.publish('a', '1', { qos: 1 });
  await receiver.fence();
  await sender.publish('b', '1', { qos: 0 });
  await receiver.until(message => message.topic === 'b');
  expect(receiver.messages).toMatchObject([
    { topic: 'a', dup: true, retain: true, qos: 1 },
    { topic: 'b', dup: false, retain: false, qos: 0 },
  ]);
  expect((await receiver.subscribe('z')).codes).toEqual([0]);
});

test('coalesceWithNext sends two packets in one segment', async () => {
  const { tap, brokerSide } = bareTap();
  const client = collect(tap.attach('p'));
  const broker = await brokerSide(0);
  const rule = tap.rule({ when: type('CONNACK'), do: coalesceWithNext(), times: 2 });
  const connack = encode({ type: 'CONNACK', sessionPresent: false, returnCode: 0 });
  const pong = encode({ type: 'PINGRESP' });
  broker.write(connack);
  await rule.once();
  await turns();
  expect(client.chunks).toEqual([]);
  broker.write(pong);
  await client.has(6);
  expect(client.chunks).toEqual([Buffer.concat([connack, pong])]);
  broker.write(connack);
  await turns();
  expect(client.chunks).toHaveLength(1);
  rule.release();
  await client.has(10);
  expect(client.chunks[1]).toEqual(connack);
});

test('what waits for company goes alone when the connection ends', async () => {
  const { tap, brokerSide } = bareTap();
  const client = collect(tap.attach('p'));
  const broker = await brokerSide(0);
  tap.rule({ when: type('PINGRESP'), do: coalesceWithNext() });
  broker.end(encode({ type: 'PINGRESP' }));
  await client.ended;
  expect(client.bytes().toString('hex')).toBe('d000');
});

test('answer keeps a packet from the broker and answers it; the connection may end then', async () => {
  const { tap, brokerSide } = bareTap();
  tap.rule({
    when: type('CONNECT'),
    do: answer({ type: 'CONNACK', sessionPresent: false, returnCode: 5 }, { close: true }),
  });
  const stream = tap.attach('p');
  const client = createPeer(stream);
  const broker = collect(await brokerSide(0));
  const connack = await client.connect({ clientId: 'd7' });
  expect(connack.returnCode).toBe(5);
  await client.closed;
  await broker.ended;
  expect(broker.bytes().length).toBe(0);
  expect(tap.entries.filter(isPacket).map(entry => [entry.packet.type, entry.fate])).toEqual([
    ['CONNECT', 'absorbed'],
    ['CONNACK', 'forwarded'],
  ]);
});

test('answer can answer each of many, by a function', async () => {
  const { tap, sender } = await pair();
  tap.rule({
    who: 'sender',
    when: topic('a'),
    do: answer(({ packet }) => ({ type: 'PUBACK', id: 'id' in packet ? (packet.id ?? 0) : 0 })),
    times: Number.POSITIVE_INFINITY,
  });
  for (let n = 0; n < 5; n++) await sender.publish('a', String(n), { qos: 1 });
});

test('once rejects when the tap closes before', async () => {
  const { tap } = await lab();
  const rule = tap.rule({ when: () => false, do: drop() });
  const never = rule.once();
  await tap.close();
  await expect(never).rejects.toThrow('closed');
  await expect(rule.once()).rejects.toThrow('closed');
});
