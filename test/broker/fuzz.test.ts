import { once } from 'node:events';
import mqttPacket from 'mqtt-packet';
import { expect, it } from 'vitest';
import { type Broker, startBroker } from '../../broker/index.js';
import { encode } from '../../wire/decode.js';
import { ack, connect, connected, frame, publish, raw, str, subscribe } from './raw.js';
import { ack5, connect5, disconnect5, property, publish5, subscribe5, user } from './raw-v5.js';
import { owned } from './targets.js';

/** FUZZ_SEED replays a run, FUZZ_CONNECTIONS makes a longer one. */
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const connections = Number(process.env['FUZZ_CONNECTIONS'] ?? 3000);

function randomOf(start: number): (below: number) => number {
  let state = start >>> 0;
  return below => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const will = { topic: 'w', payload: Buffer.from('w'), qos: 1 as const, retain: true };
const seeds311: Buffer[] = [
  connect('a', { keepalive: 10, username: 'u', password: Buffer.from('p'), will }),
  connect('b', { clean: false }),
  connect('', {}),
  publish('a/b', 'x', 0),
  publish('a/b', 'x', 1, 1, { retain: true }),
  publish('a/b', 'y'.repeat(300), 2, 2),
  ack('pubrel', 2),
  ack('puback', 1),
  ack('pubrec', 1),
  ack('pubcomp', 1),
  subscribe(3, ['#', 2], ['a/+', 1], ['$SYS/#', 0]),
  { cmd: 'unsubscribe' as const, messageId: 4, unsubscriptions: ['a/+', '#'] },
  { cmd: 'pingreq' as const },
  { cmd: 'disconnect' as const },
].map(packet => mqttPacket.generate(packet));

const full = [
  property('payloadFormatIndicator', 1),
  property('messageExpiryInterval', 1),
  property('contentType', 'c'),
  property('responseTopic', 'r'),
  property('correlationData', { bytes: 1, text: 'x' }),
  user('a', '1'),
  user('', ''),
];
const will5 = { topic: 'w', payload: { bytes: 1, text: 'w' }, qos: 1, retain: true } as const;
/** The same in MQTT 5, with all that a packet may carry. */
const seeds5: Buffer[] = [
  connect5('five', {
    properties: [
      property('sessionExpiryInterval', 1),
      property('receiveMaximum', 2),
      property('maximumPacketSize', 400),
      property('topicAliasMaximum', 3),
    ],
    will: { ...will5, properties: [...full, property('willDelayInterval', 1)] },
  }),
  connect5('b', { clean: false, properties: [property('sessionExpiryInterval', 0xffffffff)] }),
  connect5(''),
  publish5('a/b', 'x', 0, 1, { properties: [...full, property('topicAlias', 1)] }),
  publish5('', 'x', 1, 1, { properties: [property('topicAlias', 1)] }),
  publish5('a/b', 'y'.repeat(300), 2, 2, { retain: true, properties: full }),
  ack5('PUBREL', 2),
  ack5('PUBACK', 1, 0x80),
  ack5('PUBREC', 1),
  ack5('PUBREC', 2, 0x97),
  ack5('PUBCOMP', 1, 0x92),
  subscribe5(3, { '#': 2, 'a/+': { qos: 1, noLocal: true, retainAsPublished: true } }, [
    property('subscriptionIdentifier', 7),
  ]),
  subscribe5(4, { '$share/g/a/+': 1, '$share/h/#': 2 }),
  { type: 'UNSUBSCRIBE' as const, id: 5, filters: ['$share/g/a/+', '#'] },
  disconnect5(4, [property('sessionExpiryInterval', 1)]),
  { type: 'AUTH' as const, reasonCode: 0x18 },
].map(packet => encode(packet, 5));

/** What a hostile client writes: sometimes a right beginning, then packets bent in some way. */
function hostile(random: (below: number) => number): Buffer {
  const parts: Buffer[] = [];
  const seeds = random(2) === 0 ? seeds311 : seeds5;
  if (random(4) > 0) parts.push(seeds[random(3)] as Buffer);
  for (let n = random(8); n >= 0; n--) {
    const bytes = Buffer.from(seeds[random(seeds.length)] as Buffer);
    switch (random(6)) {
      case 0:
        for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)] = random(256);
        break;
      case 1:
        parts.push(bytes.subarray(0, random(bytes.length)));
        continue;
      case 2:
        parts.push(Buffer.from(Array.from({ length: random(40) }, () => random(256))));
        continue;
      case 3:
        parts.push(
          frame(random(256), Array.from({ length: random(60) }, () => random(256)) as number[]),
        );
        continue;
      default:
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

async function attack(broker: Broker, random: (below: number) => number): Promise<void> {
  const stream = broker.open();
  stream.on('error', () => {});
  if (random(3) > 0) stream.resume();
  let rest = hostile(random);
  while (rest.length > 0 && stream.writable) {
    const size = random(3) === 0 ? 1 + random(rest.length) : rest.length;
    stream.write(rest.subarray(0, size));
    rest = rest.subarray(size);
    if (random(2) === 0) await new Promise(setImmediate);
  }
  if (random(2) === 0) stream.end();
  await new Promise(setImmediate);
  stream.destroy();
}

it(`survives random, bent and split packets (FUZZ_SEED=${seed})`, async () => {
  const broker = owned(await startBroker());
  const problems: string[] = [];
  broker.onLog(({ level, text }) => {
    if (level === 'error' && !text.includes('already connected')) problems.push(text);
  });
  const random = randomOf(seed);
  const well = await connected(broker, 'well-behaved');
  for (let done = 0; done < connections; done += 100) {
    await Promise.all(Array.from({ length: 100 }, () => attack(broker, random)));
    expect(await well.fence()).toEqual([]);
  }
  expect(problems).toEqual([]);
  // Nothing is left of them but what a client may leave: stored sessions and retained messages.
  const fine = await connected(broker, 'fine');
  fine.send(subscribe(1, ['fence', 1]), publish('fence', 'x', 1, 1));
  expect(await fine.take(3)).toEqual(['SUBACK #1 1', 'PUBLISH fence x q1 r0 d0 #1', 'PUBACK #1']);
  const connectedNow = broker.sessions().filter(session => session.connected);
  expect(connectedNow.map(session => session.clientId).sort()).toEqual(['fine', 'well-behaved']);
});

it('does not grow with a client that never reads', async () => {
  const broker = owned(await startBroker());
  const deaf = broker.open();
  deaf.on('error', () => {});
  deaf.write(
    Buffer.concat([seeds311[1] as Buffer, mqttPacket.generate(subscribe(1, ['flood', 0]))]),
  );
  const flood = await connected(broker, 'flood');
  flood.send(subscribe(1, ['flood', 0]));
  await flood.next();
  const before = process.memoryUsage().arrayBuffers;
  const megabyte = mqttPacket.generate(publish('flood', Buffer.alloc(1 << 20), 0));
  for (let i = 0; i < 200; i++) {
    if (!flood.stream.write(megabyte)) await once(flood.stream, 'drain');
    await flood.fence();
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 << 20);
  deaf.destroy();
});

it('does not grow with a client that sends without ever reading the answers', async () => {
  const broker = owned(await startBroker());
  const greedy = broker.open();
  greedy.on('error', () => {});
  greedy.write(seeds311[0] as Buffer);
  const pings = Buffer.alloc(1 << 16, Buffer.from('c000', 'hex'));
  let written = 0;
  // Its own writes come to a stop, because the broker no longer reads.
  while (greedy.write(pings) || (await soon(once(greedy, 'drain')))) {
    written += pings.length;
    if (written > 64 << 20) break;
  }
  expect(written).toBeLessThan(16 << 20);
  greedy.destroy();
  const other = await connected(broker, 'other');
  expect(await other.fence()).toEqual([]);
});

it('keeps little of a packet that is promised and never sent', async () => {
  const broker = owned(await startBroker());
  const before = process.memoryUsage().arrayBuffers;
  const promises = Array.from({ length: 1000 }, () => {
    const client = raw(broker);
    // A PUBLISH of nearly 2 MB, of which ten bytes come.
    client.send(connect(''), Buffer.from('30f0f079', 'hex'), str('promise!'));
    return client;
  });
  await Promise.all(promises.map(client => client.next()));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
  for (const client of promises) client.close();
});

/** Whether it happens before the event loop has gone round a thousand times. */
async function soon(event: Promise<unknown>): Promise<boolean> {
  let happened = false;
  void event.then(() => {
    happened = true;
  });
  for (let i = 0; i < 1000 && !happened; i++) await new Promise(setImmediate);
  return happened;
}
