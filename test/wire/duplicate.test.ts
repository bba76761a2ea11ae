import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import { createPeer, duplicate, type PacketEntry, type QoS } from '../../wire/index.js';
import { bareTap, isPacket, lab } from './lab.js';

const isMessage = ({ packet }: PacketEntry) => packet.type === 'PUBLISH' && packet.topic === 'a';
const acks = new Set(['PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP']);

async function pair(qos: QoS) {
  const all = await lab();
  const sender = await all.peer('sender');
  const receiver = await all.peer('receiver');
  await receiver.subscribe(['a', 'b'], qos);
  const answersTo: string[] = [];
  sender.onPacket(packet => {
    if (acks.has(packet.type)) answersTo.push(packet.type);
  });
  const of = (who: string, fate?: string) =>
    all
      .packets()
      .filter(entry => entry.who === who && (fate === undefined || entry.fate === fate))
      .map(entry => entry.packet.type);
  return { ...all, sender, receiver, answersTo, of };
}

const settings = [
  ['same', true],
  ['same', false],
  ['new', false],
  ['new', true],
] as const;

test.each(settings)(
  'towards aedes at QoS 1, id %s, dup %s: two messages, one PUBACK',
  async (id, dup) => {
    const { tap, sender, receiver, answersTo, packets, of } = await pair(1);
    const rule = tap.rule({ who: 'sender', when: isMessage, do: duplicate({ id, dup }) });
    await sender.publish('a', '1', { qos: 1 });
    await sender.fence();
    await receiver.fence();
    expect(receiver.messages).toHaveLength(2);
    expect(answersTo.filter(type => type === 'PUBACK')).toHaveLength(1);
    expect(of('sender', 'absorbed')).toEqual(['PUBACK']);
    const original = await rule.once();
    const copy = packets().find(entry => entry.madeByTap);
    expect(copy).toMatchObject({ copyOf: original.n, fate: 'forwarded', packet: { dup } });
    const idOf = (entry?: PacketEntry) => (entry?.packet as { id?: number } | undefined)?.id;
    const sameId = idOf(copy) === idOf(original);
    expect(sameId).toBe(id === 'same');
  },
);

// aedes 1.2 races with itself when both copies come at once, so here the broker is a script.
test.each([0, 1])('at QoS 2 with the same id, %s PUBLISHes later: one exchange', async after => {
  const { tap, brokerSide } = bareTap();
  const stream = tap.attach('sender');
  const sender = createPeer(stream);
  const broker = createPeer(await brokerSide(0), { autoAck: false });
  broker.onPacket(packet => broker.ack(packet));
  const rule = tap.rule({ when: isMessage, do: duplicate({ id: 'same', dup: true, after }) });
  const first = sender.publish('a', '1', { qos: 2, id: 7 });
  await sender.publish('b', '2', { qos: 2, id: 8 });
  await first;
  const matched = await rule.once();
  await tap.until(entry => entry.kind === 'packet' && entry.fate === 'absorbed');
  // The identifier is free again, and its next exchange is the sender's alone.
  await sender.publish('c', '3', { qos: 2, id: 7 });
  const of = (type: string) =>
    tap.entries.filter(isPacket).filter(entry => entry.packet.type === type);
  expect(of('PUBLISH').map(entry => entry.copyOf)).toContain(matched.n);
  expect(of('PUBLISH')).toHaveLength(4);
  expect(
    of('PUBREC')
      .map(entry => entry.fate)
      .sort(),
  ).toEqual(['absorbed', 'forwarded', 'forwarded', 'forwarded']);
  expect(of('PUBREL').every(entry => !entry.madeByTap)).toBe(true);
  expect(of('PUBCOMP').map(entry => entry.fate)).toEqual(['forwarded', 'forwarded', 'forwarded']);
});

test('towards aedes at QoS 2 with a new id: the tap completes its own exchange', async () => {
  const { tap, sender, receiver, answersTo, packets, of } = await pair(2);
  tap.rule({ who: 'sender', when: isMessage, do: duplicate({ id: 'new', dup: false }) });
  await sender.publish('a', '1', { qos: 2 });
  await tap.until(
    entry =>
      entry.kind === 'packet' && entry.fate === 'absorbed' && entry.packet.type === 'PUBCOMP',
  );
  await receiver.fence();
  expect(receiver.messages).toHaveLength(2);
  expect(answersTo).toEqual(['PUBREC', 'PUBCOMP']);
  expect(of('sender', 'absorbed')).toEqual(['PUBREC', 'PUBCOMP']);
  expect(
    packets()
      .filter(entry => entry.madeByTap)
      .map(entry => entry.packet.type),
  ).toEqual(['PUBLISH', 'PUBREL']);
});

test('a copy after the exchange is a message of its own, completed by the tap', async () => {
  const { tap, sender, receiver, answersTo, of } = await pair(2);
  tap.rule({
    who: 'sender',
    when: isMessage,
    do: duplicate({ id: 'same', dup: true, after: 2 }),
  });
  await sender.publish('a', '1', { qos: 2 });
  await sender.publish('b', '2', { qos: 2 });
  await receiver.fence();
  expect(receiver.messages.map(message => message.topic)).toEqual(['a', 'b']);
  await sender.publish('b', '3', { qos: 2 });
  await tap.until(
    entry =>
      entry.kind === 'packet' && entry.fate === 'absorbed' && entry.packet.type === 'PUBCOMP',
  );
  await receiver.fence();
  expect(receiver.messages.map(message => message.topic)).toEqual(['a', 'b', 'b', 'a']);
  expect(of('sender', 'absorbed')).toEqual(['PUBREC', 'PUBCOMP']);
  expect(answersTo).toEqual(['PUBREC', 'PUBCOMP', 'PUBREC', 'PUBCOMP', 'PUBREC', 'PUBCOMP']);
});

test('release sends a copy that still waits for further messages, once', async () => {
  const { tap, sender, receiver } = await pair(0);
  const rule = tap.rule({
    who: 'sender',
    when: isMessage,
    do: duplicate({ id: 'same', dup: false, after: 100 }),
  });
  await sender.publish('a', '1');
  await rule.once();
  rule.release();
  rule.release();
  await sender.fence();
  await receiver.fence();
  expect(receiver.messages).toHaveLength(2);
});

test('at QoS 0 a copy never carries DUP', async () => {
  const { tap, sender, receiver } = await pair(0);
  tap.rule({ who: 'sender', when: isMessage, do: duplicate({ id: 'new', dup: true }) });
  await sender.publish('a', '1');
  await sender.fence();
  await receiver.fence();
  expect(receiver.messages.map(message => message.dup)).toEqual([false, false]);
});

test.each([1, 2] as const)('towards mqtt.js at QoS %s: aedes sees one exchange', async qos => {
  for (const id of ['same', 'new'] as const) {
    const { tap, peer, packets } = await lab({ tcp: true });
    const { port } = await tap.listen({ who: 'program' });
    const sender = await peer('sender');
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: `m${id}` });
    await client.subscribeAsync('a', { qos });
    const got: boolean[] = [];
    client.on('message', (_topic, _payload, packet) => got.push(packet.dup));
    tap.rule({ who: 'program', when: isMessage, do: duplicate({ id, dup: id === 'same' }) });
    await sender.publish('a', '1', { qos });
    const last = qos === 1 ? 'PUBACK' : id === 'new' ? 'PUBCOMP' : 'PUBREC';
    await tap.until(
      entry => entry.kind === 'packet' && entry.fate === 'absorbed' && entry.packet.type === last,
    );
    const finish = qos === 1 ? 'PUBACK' : 'PUBCOMP';
    const finished = (entry: PacketEntry) =>
      entry.who === 'program' && entry.fate === 'forwarded' && entry.packet.type === finish;
    await tap.until(entry => entry.kind === 'packet' && finished(entry));
    await client.endAsync();
    expect(packets().filter(finished)).toHaveLength(1);
    expect(got.length).toBe(qos === 2 && id === 'same' ? 1 : 2);
  }
});

test.each([1, 2] as const)('an injected PUBLISH at QoS %s is answered to nobody', async qos => {
  const { tap, receiver, packets } = await pair(qos);
  const payload = { bytes: 2, text: 'hi' };
  const message = { type: 'PUBLISH', topic: 'a', payload, retain: false, dup: false } as const;
  tap.inject(2, 'to-client', { ...message, qos, id: 60_000 });
  const last = qos === 1 ? 'PUBACK' : 'PUBCOMP';
  await tap.until(
    entry => entry.kind === 'packet' && entry.fate === 'absorbed' && entry.packet.type === last,
  );
  expect(receiver.messages).toHaveLength(1);
  const toBroker = packets().filter(
    entry => entry.direction === 'to-broker' && acks.has(entry.packet.type),
  );
  expect(toBroker.every(entry => entry.fate === 'absorbed')).toBe(true);
});

test('an identifier of the tap is far from those the sender uses next', async () => {
  const { tap, sender, packets } = await pair(1);
  tap.rule({ who: 'sender', when: isMessage, do: duplicate({ id: 'new', dup: false }) });
  for (const id of [65_530, 65_535]) await sender.publish('b', 'x', { qos: 1, id });
  await sender.publish('a', '1', { qos: 1, id: 65_534 });
  const copy = packets().find(entry => entry.madeByTap)?.packet;
  expect(copy).toMatchObject({ id: 65_533 });
});
