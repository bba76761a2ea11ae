import { describe, expect, it } from 'vitest';
import { connect, connected, frame, hex, publish, raw, str, subscribe } from './raw.js';
import { shared, targets } from './targets.js';

const MQTT = Buffer.concat([str('MQTT'), Buffer.from([4])]);
const level = (n: number, name = 'MQTT') => Buffer.concat([str(name), Buffer.from([n])]);
const con = (head: Buffer, flags: number, ...rest: Buffer[]) =>
  frame(0x10, head, [flags, 0, 0], ...rest);

/** First packets of a connection, the clause, and what comes back. */
const first: [string, Buffer, string[]][] = [
  ['3.1.1 MQTT-3.1.0-1 first packet is not CONNECT', hex('c000'), ['closed']],
  [
    '3.1.1 MQTT-2.2.2-2 CONNECT with flags',
    hex('110c00044d5154540402000000000'.slice(0, 28)),
    ['closed'],
  ],
  ['3.1.1 MQTT-3.1.2-1 another protocol name', con(level(4, 'MQTX'), 2, str('a')), ['closed']],
  ['3.1.1 MQTT-3.1.2-2 level 6', con(level(6), 2, str('a')), ['CONNACK 1 sp0', 'closed']],
  ['3.1.1 MQTT-3.1.2-2 level 2', con(level(2), 2, str('a')), ['CONNACK 1 sp0', 'closed']],
  [
    '3.1.1 MQTT-3.1.2-2 MQIsdp with level 4',
    con(level(4, 'MQIsdp'), 2, str('a')),
    ['CONNACK 1 sp0', 'closed'],
  ],
  ['3.1.1 MQTT-3.1.2-2 MQTT with level 3', con(level(3), 2, str('a')), ['CONNACK 1 sp0', 'closed']],
  ['3.1.1 MQTT-3.1.2-3 reserved connect flag', con(MQTT, 3, str('a')), ['closed']],
  ['3.1.1 MQTT-3.1.2-14 will QoS 3', con(MQTT, 0x1e, str('a'), str('w'), str('x')), ['closed']],
  ['3.1.1 MQTT-3.1.2-13 will QoS without will', con(MQTT, 0x0a, str('a')), ['closed']],
  ['3.1.1 MQTT-3.1.2-15 will retain without will', con(MQTT, 0x22, str('a')), ['closed']],
  ['3.1.1 MQTT-3.1.2-22 password without user', con(MQTT, 0x42, str('a'), str('p')), ['closed']],
  ['3.1.1 MQTT-3.1.3-8 empty id with clean=0', con(MQTT, 0, str('')), ['CONNACK 2 sp0', 'closed']],
  ['3.1 empty id', con(level(3, 'MQIsdp'), 2, str('')), ['CONNACK 2 sp0', 'closed']],
  ['3.1.1 MQTT-3.1.3-4 control character in the id', con(MQTT, 2, str('a\u0001')), ['closed']],
  ['3.1.1 MQTT-1.5.3-2 NUL in the id', con(MQTT, 2, str('a\0b')), ['closed']],
  ['3.1.1 MQTT-1.5.3-1 surrogate in the id', con(MQTT, 2, str(hex('61eda080'))), ['closed']],
  ['U+FFFF in the id', con(MQTT, 2, str('a\uffff')), ['closed']],
  ['overlong form in the id', con(MQTT, 2, str(hex('61c080'))), ['closed']],
  ['NUL in the user name', con(MQTT, 0x82, str('a'), str('u\0')), ['closed']],
  [
    '3.1.1 MQTT-3.1.3-10 NUL in the will topic',
    con(MQTT, 6, str('a'), str('w\0'), str('x')),
    ['closed'],
  ],
  ['wildcard in the will topic', con(MQTT, 6, str('a'), str('w/#'), str('x')), ['closed']],
  ['empty will topic', con(MQTT, 6, str('a'), str(''), str('x')), ['closed']],
  ['bytes behind the end', con(MQTT, 2, str('a'), Buffer.from('zz')), ['closed']],
  ['cut short', frame(0x10, MQTT, [0x82, 0, 0], str('a'), [0, 9]), ['closed']],
  ['3.1.1 section 2.2.3 five bytes of length', hex('10ffffffff01'), ['closed']],
];

/** Packets on an open connection after which it is closed without a word. */
const later: [string, Buffer][] = [
  ['3.1.1 MQTT-3.1.0-2 CONNECT again', con(MQTT, 2, str('again'))],
  ['packet type 0', hex('0000')],
  ['packet type 15', hex('f000')],
  ['CONNACK from a client', hex('20020000')],
  ['SUBACK from a client', hex('9003000100')],
  ['PINGRESP from a client', hex('d000')],
  ['3.1.1 MQTT-3.3.1-4 PUBLISH QoS 3', frame(0x36, str('a'), [0, 1])],
  ['3.1.1 MQTT-3.3.2-2 PUBLISH to a+b/#', frame(0x30, str('a/#'))],
  ['3.1.1 MQTT-3.3.2-2 PUBLISH to +', frame(0x30, str('+'))],
  ['3.1.1 MQTT-4.7.3-1 PUBLISH to nothing', frame(0x30, str(''))],
  ['3.1.1 MQTT-2.3.1-1 PUBLISH QoS 1 with identifier 0', frame(0x32, str('a'), [0, 0])],
  ['3.1.1 MQTT-1.5.3-2 PUBLISH topic with NUL', frame(0x30, str('a\0'))],
  ['PUBLISH topic with a control character', frame(0x30, str('a\u0007'))],
  ['PUBLISH topic with a surrogate', frame(0x30, str(hex('edb080')))],
  ['PUBLISH topic with U+FFFF', frame(0x30, str('\uffff'))],
  ['PUBLISH topic with 201 slashes', frame(0x30, str('/'.repeat(201)))],
  ['PUBLISH cut short', frame(0x30, [0, 5, 97])],
  ['3.1.1 MQTT-3.8.1-1 SUBSCRIBE with flags 0', frame(0x80, [0, 1], str('a'), [0])],
  ['3.1.1 MQTT-3.8.3-3 SUBSCRIBE without a filter', frame(0x82, [0, 1])],
  ['3.1.1 MQTT-3.8.3-4 SUBSCRIBE QoS 3', frame(0x82, [0, 1], str('a'), [3])],
  ['3.1.1 MQTT-3.8.3-4 SUBSCRIBE reserved bits', frame(0x82, [0, 1], str('a'), [0x11])],
  ['3.1.1 MQTT-2.3.1-1 SUBSCRIBE with identifier 0', frame(0x82, [0, 0], str('a'), [0])],
  ...['a#', 'a+', '+a', 'a/+b', 'a/#/b', '#a', '', 'a/b#', '/'.repeat(201), 'a\0', 'a\ufffe'].map(
    (filter): [string, Buffer] => [
      `3.1.1 MQTT-4.7.1 SUBSCRIBE to ${JSON.stringify(filter).slice(0, 20)}`,
      frame(0x82, [0, 1], str(filter), [0]),
    ],
  ),
  ['3.1.1 MQTT-3.10.1-1 UNSUBSCRIBE with flags 0', frame(0xa0, [0, 1], str('a'))],
  ['3.1.1 MQTT-3.10.3-2 UNSUBSCRIBE without a filter', frame(0xa2, [0, 1])],
  ['3.1.1 MQTT-2.3.1-1 UNSUBSCRIBE with identifier 0', frame(0xa2, [0, 0], str('a'))],
  ['UNSUBSCRIBE from a+', frame(0xa2, [0, 1], str('a+'))],
  ['3.1.1 MQTT-3.6.1-1 PUBREL with flags 0', frame(0x60, [0, 1])],
  ['PUBACK of three bytes', frame(0x40, [0, 1, 0])],
  ['PUBACK with identifier 0', frame(0x40, [0, 0])],
  ['3.1.1 MQTT-3.14.1-1 DISCONNECT with flags', hex('e100')],
];

/** Where Mosquitto 2.0.11 is more lenient than the standard, and we are not. */
const lenient = [
  '3.1.1 MQTT-3.1.0-2 CONNECT again',
  'SUBACK from a client',
  'PINGRESP from a client',
  'PUBACK of three bytes',
];

describe.each(targets)('what no client may send (%s)', kind => {
  const target = shared(kind);
  const strict = later.filter(([name]) => kind === 'embedded' || !lenient.includes(name));

  it.each(first)('%s', async (_name, bytes, answer) => {
    const client = raw(await target());
    client.send(bytes);
    // A packet that is only cut short would wait for more.
    expect(await client.take(answer.length)).toEqual(answer);
  });

  it.each(strict)('%s', async (_name, bytes) => {
    const broker = await target();
    const watcher = await connected(broker, 'watcher');
    watcher.send(subscribe(1, ['wills', 0]));
    await watcher.next();
    const will = { topic: 'wills', payload: Buffer.from('gone'), qos: 0 as const, retain: false };
    const client = await connected(broker, 'bad', { will });
    client.send(bytes);
    expect(await client.rest()).toEqual([]);
    // 3.1.1 MQTT-3.1.2-8: a protocol error is no DISCONNECT.
    expect(await watcher.next()).toBe('PUBLISH wills gone q0 r0 d0');
  });

  it('200 slashes are fine, in topics and filters', async () => {
    const client = await connected(await target(), 'deep');
    const topic = '/'.repeat(200);
    client.send(subscribe(1, [topic, 0], [`${'+/'.repeat(200)}+`, 1]), publish(topic, 'x', 1));
    expect(await client.take(2)).toEqual(['SUBACK #1 0,1', expect.stringContaining('PUBLISH ///')]);
  });

  it('3.1.1 MQTT-3.14.4-2 ignores what comes behind DISCONNECT', async () => {
    const broker = await target();
    const watcher = await connected(broker, 'watcher');
    watcher.send(subscribe(1, ['#', 0]));
    await watcher.next();
    const client = await connected(broker, 'talker');
    client.send(publish('before', '1'), 'e000', publish('after', '2'));
    await client.rest();
    expect(await watcher.fence()).toEqual(['PUBLISH before 1 q0 r0 d0']);
  });

  it('3.1.1 MQTT-3.1.3-6 gives a client with an empty identifier one of its own', async () => {
    const broker = await target();
    const one = raw(broker);
    const two = raw(broker);
    one.send(connect(''));
    two.send(connect(''));
    expect([await one.next(), await two.next()]).toEqual(['CONNACK 0 sp0', 'CONNACK 0 sp0']);
    expect(await one.fence()).toEqual([]);
  });

  it('takes an MQTT 3.1 client with a long identifier', async () => {
    const client = raw(await target());
    client.send(connect('x'.repeat(60), { protocolVersion: 3, protocolId: 'MQIsdp' }));
    expect(await client.next()).toBe('CONNACK 0 sp0');
  });
});
