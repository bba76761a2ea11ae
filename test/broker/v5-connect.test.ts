import { describe, expect, it } from 'vitest';
import { startBroker } from '../../broker/index.js';
import { connected, publish, raw, subscribe } from './raw.js';
import {
  ack5,
  connect5,
  connected5,
  disconnect5,
  expiry,
  pause,
  property,
  publish5,
  type Raw5,
  raw5,
  subscribe5,
} from './raw-v5.js';
import { owned, shared } from './targets.js';

const broker = shared('embedded');
const payload = (text: string) => ({ bytes: text.length, text });

/** What a refused CONNECT, or one packet after a good one, is answered with. */
async function answers(client: Raw5): Promise<string[]> {
  return (await client.rest()).map(text => text.replace(/ reasonString=.*/, ''));
}

describe('CONNECT and CONNACK of MQTT 5', () => {
  it('5.0 MQTT-3.1.4-5, MQTT-3.2.0-1: CONNACK 0 with the limits of this broker, as Mosquitto 2.1', async () => {
    const client = raw5(await broker());
    client.send(connect5('hello'));
    const stream = client.stream;
    expect(await client.next()).toBe(
      'CONNACK returnCode=0 sessionPresent=0 topicAliasMaximum=10 maximumPacketSize=2000000 receiveMaximum=20',
    );
    client.send(disconnect5());
    expect(await client.rest()).toEqual([]);
    expect(stream.destroyed || stream.readableEnded).toBe(true);
  });

  it('5.0 MQTT-3.1.3-6, MQTT-3.1.3-7, MQTT-3.2.2-16: an empty identifier gets one that nobody has', async () => {
    const names = [];
    for (const clean of [true, false]) {
      const client = raw5(await broker());
      client.send(connect5('', { clean }));
      const answer = await client.next();
      expect(answer).toMatch(/assignedClientIdentifier=auto-[0-9A-F-]{36}$/);
      names.push(answer.split('=').at(-1));
      client.lose();
    }
    expect(new Set(names).size).toBe(2);
  });

  it('what is configured is told: QoS, retain, keep-alive, sizes, session expiry', async () => {
    const narrow = owned(
      await startBroker({
        limits: {
          ...{ maxQos: 1, retainAvailable: false, maxKeepalive: 30, maxPacketSize: 1000 },
          ...{ maxInflight: 2, maxTopicAlias: 0, persistentClientExpiration: 60 },
        },
      }),
    );
    const client = raw5(narrow);
    client.send(connect5('narrow', expiry(0xffffffff)));
    // 5.0 MQTT-3.2.2-9, MQTT-3.1.2-21
    expect(await client.next()).toBe(
      'CONNACK returnCode=0 sessionPresent=0 maximumPacketSize=1000 receiveMaximum=2 serverKeepAlive=30 ' +
        'maximumQoS=1 retainAvailable=0 sessionExpiryInterval=60',
    );
    // 5.0 MQTT-3.2.2-10
    client.send(subscribe5(1, { any: 2 }));
    expect(await client.next()).toBe('SUBACK codes=1 id=1');
  });

  it.each<[string, Parameters<typeof connect5>[1], number]>([
    [
      '5.0 MQTT-3.2.2-12: will QoS',
      { will: { topic: 'w', payload: payload('x'), qos: 2, retain: false } },
      0x9b,
    ],
    [
      '5.0 MQTT-3.2.2-13: will retain',
      { will: { topic: 'w', payload: payload('x'), qos: 0, retain: true } },
      0x9a,
    ],
    [
      '5.0 MQTT-4.12.0-1: an authentication method',
      { properties: [property('authenticationMethod', 'SCRAM')] },
      0x8c,
    ],
    ['5.0 MQTT-3.1.3-8: no identifier, where it is wanted', { clientId: '' }, 0x85],
  ])('%s is refused with a reason', async (_, more, code) => {
    const narrow = owned(
      await startBroker({
        limits: { maxQos: 1, retainAvailable: false, allowZeroLengthClientId: false },
      }),
    );
    const client = raw5(narrow);
    client.send(connect5('no', more));
    expect(await client.packet()).toMatchObject({
      type: 'CONNACK',
      returnCode: code,
      sessionPresent: false, // 5.0 MQTT-3.2.2-6
    });
    expect(await client.next()).toBe('closed'); // 5.0 MQTT-3.2.2-7
  });

  it.each([
    ['login refused', 5 as const, 0x87],
    ['certificate missing', 4 as const, 0x86],
    ['unavailable', 3 as const, 0x88],
  ])('%s: the code of 3.1.1 in the words of 5', async (_, code, reason) => {
    const closed = owned(await startBroker({ authenticate: () => code }));
    const client = raw5(closed);
    client.send(connect5('who'));
    expect(await client.packet()).toMatchObject({ type: 'CONNACK', returnCode: reason });
    const old = raw(closed);
    old.send({ cmd: 'connect', clientId: 'who', clean: true, keepalive: 0, protocolVersion: 4 });
    expect(await old.next()).toBe(`CONNACK ${code} sp0`);
  });

  it.each([
    ['5.0 MQTT-3.1.2-3 the reserved flag', '10 0e 0004 4d515454 05 03 0000 00 0001 61', 0x81],
    ['5.0 MQTT-3.1.2-12 will QoS 3', '10 0e 0004 4d515454 05 1e 0000 00 0001 61', 0x81],
    ['receive maximum 0', '10 11 0004 4d515454 05 02 0000 03 210000 0001 61', 0x82],
    ['a property twice', '10 18 0004 4d515454 05 02 0000 0a 1100000001 1100000001 0001 61', 0x82],
    ['a property of the will', '10 13 0004 4d515454 05 02 0000 05 1800000001 0001 61', 0x81],
    ['bytes behind the end', '10 0f 0004 4d515454 05 02 0000 00 0001 61 ff', 0x81],
  ])('5.0 MQTT-3.1.4-1: %s gets CONNACK with the reason', async (_, bytes, code) => {
    const client = raw5(await broker());
    client.send(bytes);
    expect(await client.packet()).toMatchObject({ type: 'CONNACK', returnCode: code });
    expect(await client.next()).toBe('closed');
  });

  it('5.0 MQTT-3.1.2-2: another version is answered in the words of 3.1.1', async () => {
    const client = raw5(await broker());
    client.send('10 0e 0004 4d515454 06 02 0000 00 0001 61');
    expect(await client.rest()).toEqual([
      'CONNACK returnCode=1 (unacceptable protocol version) sessionPresent=0',
    ]);
  });

  it('accept_protocol_versions: the others are told so, each in its own words', async () => {
    const old = owned(await startBroker({ limits: { acceptProtocolVersions: [4] } }));
    const five = raw5(old);
    five.send(connect5('five'));
    expect(await five.packet()).toMatchObject({ type: 'CONNACK', returnCode: 0x84 });
    await connected(old, 'four');
    const young = owned(await startBroker({ limits: { acceptProtocolVersions: [5] } }));
    await connected5(young, 'five');
    const four = raw(young);
    four.send({ cmd: 'connect', clientId: 'x', clean: true, keepalive: 0, protocolVersion: 4 });
    expect(await four.rest()).toEqual(['CONNACK 1 sp0']);
  });

  it.each([
    ['5.0 MQTT-3.1.0-2 a second CONNECT', connect5('again'), 0x82],
    ['5.0 MQTT-4.12.0-7 AUTH without a method', 'f000', 0x82],
    ['5.0 MQTT-3.14.1-1 flags of DISCONNECT', 'e100', 0x81],
    ['5.0 MQTT-3.8.3-5 reserved options', '82 07 0001 00 0001 61 40', 0x81],
    ['5.0 MQTT-3.8.3-2 SUBSCRIBE without a filter', '82 03 0001 00', 0x82],
    ['5.0 MQTT-3.10.3-2 UNSUBSCRIBE without a filter', 'a2 03 0001 00', 0x82],
    ['5.0 MQTT-2.2.1-3 packet identifier 0', '32 06 0001 61 0000 00', 0x81],
    ['5.0 MQTT-3.3.1-4 QoS 3', '36 06 0001 61 0001 00', 0x81],
    ['5.0 MQTT-3.3.2-2 a wildcard in a topic', publish5('a/+', 'x'), 0x90],
    ['5.0 MQTT-3.3.2-14 a wildcard in a response topic', '30 08 0001 61 04 08 0001 23', 0x82],
    ['5.0 MQTT-3.3.4-6 a subscription identifier', '30 06 0001 61 02 0b01', 0x82],
    ['5.0 MQTT-3.3.2-8 topic alias 0', '30 07 0001 61 03 230000', 0x94],
    ['5.0 MQTT-3.3.2-9 an alias above the maximum', '30 07 0001 61 03 23000b', 0x94],
    ['an alias that stands for nothing', '30 06 0000 03 230001', 0x82],
    ['payload format 2', '30 06 0001 61 02 0102', 0x82],
    ['5.0 MQTT-1.5.4-1 text that is no UTF-8', '30 05 0002 c328 00', 0x81],
    ['a remaining length of five bytes', '30 ff ff ff ff 01', 0x81],
    ['5.0 MQTT-3.2.2-15 a packet that is too large', '30 ff ff ff 7f', 0x95],
  ])('5.0 MQTT-4.13.1-1: %s: DISCONNECT says why', async (_, packet, code) => {
    const client = await connected5(await broker(), 'bad');
    client.send(packet);
    const said = await client.packet();
    expect(said).toMatchObject({
      type: 'DISCONNECT',
      reasonCode: code,
      // Some clients read no reason without one.
      properties: [{ name: 'reasonString', value: expect.any(String) }],
    });
    expect(await client.next()).toBe('closed'); // 5.0 MQTT-3.14.4-1, MQTT-3.14.4-2
  });

  it('5.0 MQTT-4.8.2-1, MQTT-4.8.2-2, MQTT-3.8.3-4: shared filters that are none', async () => {
    for (const filter of ['$share/g', '$share//t', '$share/+/t', '$share/g/']) {
      const client = await connected5(await broker(), 'bad');
      client.send(subscribe5(1, { [filter]: 0 }));
      expect(await client.packet(), filter).toMatchObject({ reasonCode: 0x8f });
    }
    const client = await connected5(await broker(), 'bad');
    client.send(subscribe5(1, { '$share/g/t': { noLocal: true } }));
    expect(await client.packet()).toMatchObject({ type: 'DISCONNECT', reasonCode: 0x82 });
  });

  it('5.0 MQTT-3.1.0-1, MQTT-3.14.0-1: nothing is said to what is no client yet', async () => {
    const client = raw5(await broker());
    client.send(publish5('t', 'x'));
    expect(await client.rest()).toEqual([]);
  });

  it('5.0 MQTT-3.1.4-3: who comes again is told to its older connection', async () => {
    const old = await connected5(await broker(), 'twice');
    const young = await connected5(await broker(), 'twice');
    expect(await answers(old)).toEqual(['DISCONNECT reason=0x8e (session taken over)']);
    // An older client has no such packet.
    const four = await connected(await broker(), 'twice');
    expect(await answers(young)).toEqual(['DISCONNECT reason=0x8e (session taken over)']);
    await connected5(await broker(), 'twice');
    expect(await four.rest()).toEqual([]);
  });

  it('5.0 MQTT-3.1.2-22: silence for 1.5 keep-alives is told, and the will goes out', async () => {
    const watch = await connected5(await broker(), 'watch');
    watch.send(subscribe5(1, { gone: 0 }));
    await watch.next();
    const began = performance.now();
    const silent = await connected5(await broker(), 'silent', {
      keepalive: 1,
      will: { topic: 'gone', payload: payload('x'), qos: 0, retain: false },
    });
    expect(await answers(silent)).toEqual(['DISCONNECT reason=0x8d (keep alive timeout)']);
    expect(performance.now() - began).toBeGreaterThan(1400);
    expect(await watch.next()).toBe('PUBLISH gone "x" qos=0 retain=0 dup=0');
  });

  it('5.0 MQTT-3.1.2-19: a password needs no user name', async () => {
    const asked: unknown[] = [];
    const b = owned(
      await startBroker({
        authenticate: who => {
          asked.push(who.password?.toString(), who.protocolVersion);
          return 0;
        },
      }),
    );
    await connected5(b, 'token', { password: payload('secret') });
    expect(asked).toEqual(['secret', 5]);
  });

  it('log lines are those of Mosquitto', async () => {
    const lines: string[] = [];
    const b = owned(await startBroker({ log: ({ text }) => lines.push(text) }));
    const client = await connected5(b, 'logged', { keepalive: 60 });
    client.send(publish5('nobody', 'x', 1, 7), disconnect5());
    await client.rest();
    expect(lines).toContain('New client connected from in-process as logged (p5, c1, k60).');
    expect(lines).toContain('Sending PUBACK to logged (m7, rc16)');
    expect(lines).toContain('Client logged disconnected.');
  });
});

describe('reasons in words', () => {
  it('5.0 MQTT-3.1.2-29: only where they are wanted, but always in DISCONNECT', async () => {
    const b = owned(await startBroker({ mayPublish: () => false }));
    const wants = await connected5(b, 'wants');
    wants.send(publish5('t', 'x', 1));
    expect(await wants.next()).toBe(
      'PUBACK id=1 reason=0x87 (not authorized) reasonString="not authorised to publish there"',
    );
    const quiet = await connected5(b, 'quiet', {
      properties: [property('requestProblemInformation', 0)],
    });
    quiet.send(publish5('t', 'x', 1), 'f000');
    expect(await quiet.next()).toBe('PUBACK id=1 reason=0x87 (not authorized)');
    expect(await quiet.next()).toMatch(/^DISCONNECT reason=0x82 .* reasonString=/);
  });

  it('5.0 MQTT-3.4.2-2, MQTT-3.14.2-3: never so many that the packet is too large', async () => {
    const b = owned(await startBroker({ mayPublish: () => false }));
    const small = await connected5(b, 'small', { properties: [property('maximumPacketSize', 20)] });
    small.send(publish5('t', 'x', 1), 'f000');
    expect(await small.take(3)).toEqual([
      'PUBACK id=1 reason=0x87 (not authorized)',
      'DISCONNECT reason=0x82 (protocol error)',
      'closed',
    ]);
  });
});

describe('sessions of MQTT 5', () => {
  it('5.0 MQTT-3.2.2-2, MQTT-3.2.2-3, MQTT-3.1.2-23: the session is kept by expiry, not by clean start', async () => {
    const b = await broker();
    const come = async (clean: boolean, seconds: number) => {
      const client = raw5(b);
      client.send(connect5('kept', { clean, ...expiry(seconds) }));
      const present = (await client.next()).includes('sessionPresent=1');
      client.send(disconnect5());
      await client.rest();
      return present;
    };
    expect(await come(false, 0)).toBe(false); // 5.0 MQTT-3.1.2-6
    expect(await come(false, 60)).toBe(false); // no expiry before: nothing was kept
    expect(await come(false, 60)).toBe(true); // 5.0 MQTT-3.1.2-5
    expect(await come(true, 60)).toBe(false); // 5.0 MQTT-3.1.2-4
    expect(await come(false, 0)).toBe(true);
    expect(await come(false, 60)).toBe(false);
    expect(await come(true, 0)).toBe(false);
  });

  it('5.0 MQTT-4.1.0-2: the session ends when its expiry has passed since the close', async () => {
    const b = await broker();
    const first = await connected5(b, 'brief', expiry(1));
    await pause(1200); // time on the line does not count
    first.send(subscribe5(1, { brief: 1 }));
    await first.next();
    first.send(disconnect5());
    await first.rest();
    expect(b.sessions().map(one => one.clientId)).toContain('brief');
    await pause(1300);
    expect(b.sessions().map(one => one.clientId)).not.toContain('brief');
    const again = raw5(b);
    again.send(connect5('brief', { clean: false }));
    expect(await again.next()).toContain('sessionPresent=0');
  });

  it('DISCONNECT may change the expiry, but not from 0 (5.0 section 3.14.2.2.2)', async () => {
    const b = await broker();
    const leaves = await connected5(b, 'leaves', expiry(60));
    leaves.send(disconnect5(0, [property('sessionExpiryInterval', 0)]));
    await leaves.rest();
    expect(b.sessions().map(one => one.clientId)).not.toContain('leaves');
    const raises = await connected5(b, 'raises');
    raises.send(disconnect5(0, [property('sessionExpiryInterval', 5)]));
    expect(await answers(raises)).toEqual(['DISCONNECT reason=0x82 (protocol error)']);
  });

  it('one session for all versions: 3.1.1 and 5 take it from each other', async () => {
    const b = await broker();
    const four = await connected(b, 'mixed', { clean: false });
    four.send(subscribe(1, ['mixed', 1]));
    await four.next();
    four.send('e000');
    await four.rest();
    const pub = await connected(b, 'pub');
    pub.send(publish('mixed', 'one', 1, 1));
    await pub.fence();
    const five = raw5(b);
    five.send(connect5('mixed', { clean: false, ...expiry(60) }));
    expect(await five.take(2)).toEqual([
      expect.stringContaining('sessionPresent=1'),
      'PUBLISH mixed "one" qos=1 id=1 retain=0 dup=0',
    ]);
    five.lose();
    const back = raw(b);
    back.send({
      cmd: 'connect',
      clientId: 'mixed',
      clean: false,
      keepalive: 0,
      protocolVersion: 4,
    });
    expect(await back.take(2)).toEqual(['CONNACK 0 sp1', 'PUBLISH mixed one q1 r0 d1 #1']);
    back.close();
  });

  it('5.0 MQTT-4.4.0-1, MQTT-3.3.1-1: what is open is sent again, with DUP, and PUBREL too', async () => {
    const b = await broker();
    const first = await connected5(b, 'open', expiry(60));
    first.send(subscribe5(1, { 'open/#': 2 }));
    await first.next();
    const pub = await connected5(b, 'pub');
    pub.send(publish5('open/1', 'a', 1, 1), publish5('open/2', 'b', 2, 2), ack5('PUBREL', 2));
    await pub.fence();
    await first.take(2);
    first.send(ack5('PUBREC', 2));
    expect(await first.next()).toBe('PUBREL id=2');
    first.lose();
    const again = raw5(b);
    again.send(connect5('open', { clean: false }));
    expect(await again.take(3)).toEqual([
      expect.stringContaining('sessionPresent=1'),
      'PUBLISH open/1 "a" qos=1 id=1 retain=0 dup=1',
      'PUBREL id=2',
    ]);
    again.send(ack5('PUBACK', 1), ack5('PUBCOMP', 2));
    expect(await again.fence()).toEqual([]);
  });

  it.each(['keep', 'wipe'] as const)('restart: %s', async state => {
    const b = owned(await startBroker());
    const client = await connected5(b, 'k', expiry(60));
    client.send(
      subscribe5(1, { k: 1 }, [property('subscriptionIdentifier', 9)]),
      subscribe5(2, { '$share/g/s': 1 }),
    );
    await client.take(2);
    client.send(disconnect5());
    await client.rest();
    const pub = await connected5(b, 'p');
    const more = {
      properties: [property('messageExpiryInterval', 60), property('contentType', 'c')],
    };
    pub.send(publish5('k', 'queued', 1, 1, more), publish5('s', 'mine', 1, 2));
    pub.send(publish5('stays', 'x', 1, 3, { retain: true, ...more }));
    await pub.fence();
    await b.restart(state);
    const again = raw5(b);
    again.send(connect5('k', { clean: false, ...expiry(60) }), subscribe5(3, { stays: 0 }));
    const got = (await again.fence()).slice(1);
    expect(got).toEqual(
      state === 'keep'
        ? [
            'PUBLISH k "queued" qos=1 id=1 retain=0 dup=0 contentType=c messageExpiryInterval=60 subscriptionIdentifier=9',
            'PUBLISH s "mine" qos=1 id=2 retain=0 dup=0',
            'SUBACK codes=0 id=3',
            'PUBLISH stays "x" qos=0 retain=1 dup=0 contentType=c messageExpiryInterval=60',
          ]
        : ['SUBACK codes=0 id=3'],
    );
  });

  it('a restart lets the clock of an absent session run on', async () => {
    const b = owned(await startBroker());
    const client = await connected5(b, 'short', expiry(1));
    client.send(disconnect5());
    await client.rest();
    await b.restart('keep');
    await pause(1300);
    expect(b.sessions()).toEqual([]);
  });
});
