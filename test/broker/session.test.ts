import { describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../broker/index.js';
import { ack, connect, connected, publish, type Raw, raw, subscribe } from './raw.js';
import { owned, target, targets } from './targets.js';

/** Comes (again) with clean=0; the answer is the session present flag and what follows. */
async function comeBack(broker: Broker, clientId: string): Promise<{ client: Raw; got: string[] }> {
  const client = raw(broker);
  client.send(connect(clientId, { clean: false }));
  return { client, got: await client.fence() };
}

async function watcher(broker: Broker, filter: string): Promise<Raw> {
  const client = await connected(broker, 'watcher');
  client.send(subscribe(1, [filter, 1]));
  await client.next();
  return client;
}

const will = { topic: 'will', payload: Buffer.from('gone'), qos: 1 as const, retain: false };

describe.each(targets)('sessions (%s)', kind => {
  it('3.1.1 MQTT-3.2.2-1, -2: session present, even without a subscription', async () => {
    const b = await target(kind);
    const one = await comeBack(b, 's');
    expect(one.got).toEqual(['CONNACK 0 sp0']);
    one.client.send('e000');
    await one.client.rest();
    expect((await comeBack(b, 's')).got).toEqual(['CONNACK 0 sp1']);
    const clean = raw(b);
    clean.send(connect('s'));
    expect(await clean.next()).toBe('CONNACK 0 sp0');
    clean.send('e000');
    await clean.rest();
    expect((await comeBack(b, 's')).got).toEqual(['CONNACK 0 sp0']);
  });

  it('3.1.1 MQTT-4.4.0-1, MQTT-3.3.1-1: redelivers QoS 1 and 2 with DUP, PUBREL too', async () => {
    const b = await target(kind);
    const { client } = await comeBack(b, 'r');
    client.send(subscribe(1, ['r/#', 2]));
    await client.next();
    const pub = await connected(b, 'p');
    pub.send(publish('r/1', 'a', 1, 1), publish('r/2', 'b', 2, 2), ack('pubrel', 2));
    pub.send(publish('r/3', 'c', 2, 3), ack('pubrel', 3));
    await pub.fence();
    expect(await client.take(3)).toEqual([
      'PUBLISH r/1 a q1 r0 d0 #1',
      'PUBLISH r/2 b q2 r0 d0 #2',
      'PUBLISH r/3 c q2 r0 d0 #3',
    ]);
    client.send(ack('pubrec', 2));
    expect(await client.next()).toBe('PUBREL #2');
    client.close();
    const again = await comeBack(b, 'r');
    expect(again.got).toEqual([
      'CONNACK 0 sp1',
      'PUBLISH r/1 a q1 r0 d1 #1',
      'PUBREL #2',
      'PUBLISH r/3 c q2 r0 d1 #3',
    ]);
    again.client.send(ack('puback', 1), ack('pubcomp', 2), ack('pubrec', 3));
    expect(await again.client.next()).toBe('PUBREL #3');
    again.client.send(ack('pubcomp', 3), 'e000');
    await again.client.rest();
    expect((await comeBack(b, 'r')).got).toEqual(['CONNACK 0 sp1']);
  });

  it('queues QoS 1 and 2 for who is away, in order, with the granted QoS; QoS 0 is not kept', async () => {
    const b = await target(kind);
    const { client } = await comeBack(b, 'q');
    client.send(subscribe(1, ['q/+', 1]));
    await client.next();
    client.send('e000');
    await client.rest();
    const pub = await connected(b, 'p');
    pub.send(publish('q/1', '1', 2, 1), ack('pubrel', 1), publish('q/2', '2', 0));
    pub.send(
      publish('q/1', '3', 1, 2, { retain: true }),
      publish('q/2', '4', 2, 3),
      ack('pubrel', 3),
    );
    await pub.fence();
    expect((await comeBack(b, 'q')).got).toEqual([
      'CONNACK 0 sp1',
      'PUBLISH q/1 1 q1 r0 d0 #1',
      'PUBLISH q/1 3 q1 r0 d0 #2',
      'PUBLISH q/2 4 q1 r0 d0 #3',
    ]);
  });

  it('3.1.1 section 3.1.2.4: an unfinished QoS 2 exchange goes on after a reconnect', async () => {
    const b = await target(kind);
    const watch = await watcher(b, 'in');
    const { client } = await comeBack(b, 'in');
    client.send(publish('in', 'x', 2, 8));
    expect(await client.next()).toBe('PUBREC #8');
    client.close();
    const again = await comeBack(b, 'in');
    again.client.send(ack('pubrel', 8));
    expect(await again.client.next()).toBe('PUBCOMP #8');
    expect(await watch.fence()).toEqual(['PUBLISH in x q1 r0 d0 #1']);
  });

  it.each(['keep', 'wipe'] as const)('restart: %s', async state => {
    const b = await target(kind);
    const { client } = await comeBack(b, 'k');
    client.send(subscribe(1, ['k', 1]));
    await client.next();
    client.send('e000');
    await client.rest();
    const pub = await connected(b, 'p', { will: { ...will, retain: true } });
    pub.send(publish('k', 'queued', 1, 1), publish('kept', 'x', 1, 2, { retain: true }));
    await pub.fence();
    await b.restart(state);
    const again = await comeBack(b, 'k');
    again.client.send(subscribe(2, ['kept', 0], ['will', 0]));
    const got = [...again.got, ...(await again.client.fence())];
    expect(got).toEqual(
      state === 'keep'
        ? [
            'CONNACK 0 sp1',
            'PUBLISH k queued q1 r0 d0 #1',
            'SUBACK #2 0,0',
            'PUBLISH kept x q0 r1 d0',
          ]
        : ['CONNACK 0 sp0', 'SUBACK #2 0,0'],
    );
  });
});

describe.each(targets)('wills (%s)', kind => {
  it('3.1.1 MQTT-3.1.2-8: sent when the connection is lost, not after DISCONNECT', async () => {
    const b = await target(kind);
    const watch = await watcher(b, 'will');
    const polite = await connected(b, 'w', { will });
    polite.send('e000');
    await polite.rest();
    const lost = await connected(b, 'w', { will: { ...will, retain: true, qos: 2 } });
    lost.close();
    expect(await watch.next()).toBe('PUBLISH will gone q1 r0 d0 #1');
    const late = await connected(b, 'late');
    late.send(subscribe(1, ['will', 2]));
    expect(await late.take(2)).toEqual(['SUBACK #1 2', 'PUBLISH will gone q2 r1 d0 #1']);
  });

  // Mosquitto: the will of the old connection is not sent while its session goes on.
  it.each([
    ['clean 1 then 1', true, true, true],
    ['clean 1 then 0', true, false, true],
    ['clean 0 then 1', false, true, true],
    ['clean 0 then 0', false, false, false],
  ])('takeover, %s', async (_name, before, after, sent) => {
    const b = await target(kind);
    const watch = await watcher(b, '#');
    const old = await connected(b, 'same', { clean: before, will });
    const now = raw(b);
    now.send(connect('same', { clean: after }));
    expect(await now.next()).toMatch(/^CONNACK 0/);
    expect(await old.rest()).toEqual([]);
    now.send(publish('fence', 'x', 0));
    const expected = ['PUBLISH fence x q0 r0 d0'];
    if (sent) expected.unshift('PUBLISH will gone q1 r0 d0 #1');
    expect(await watch.take(expected.length)).toEqual(expected);
  });

  it('3.1.1 MQTT-3.1.2-24: closes after one and a half times the keep-alive, with the will', async () => {
    const b = await target(kind);
    const watch = await watcher(b, 'will');
    const began = performance.now();
    const silent = await connected(b, 'silent', { keepalive: 1, will });
    expect(await silent.rest()).toEqual([]);
    expect(performance.now() - began).toBeGreaterThan(1400);
    expect(await watch.next()).toBe('PUBLISH will gone q1 r0 d0 #1');
  });
});

describe('limits (embedded)', () => {
  const limited = async (limits: Parameters<typeof startBroker>[0]) =>
    owned(await startBroker(limits));

  it('maxPacketSize closes, as soon as the length is known', async () => {
    const c = await connected(await limited({ limits: { maxPacketSize: 100 } }), 'c');
    c.send(publish('t', 'x'.repeat(80), 1, 1));
    expect(await c.next()).toBe('PUBACK #1');
    c.send('32ff7f');
    expect(await c.rest()).toEqual([]);
  });

  it('messageSizeLimit acknowledges and drops', async () => {
    const c = await connected(await limited({ limits: { messageSizeLimit: 5 } }), 'c');
    c.send(subscribe(1, ['t', 0]), publish('t', '123456', 1, 1), publish('t', '12345', 1, 2));
    expect(await c.fence()).toEqual([
      'SUBACK #1 0',
      'PUBACK #1',
      'PUBLISH t 12345 q0 r0 d0',
      'PUBACK #2',
    ]);
  });

  it('maxQos grants less, and closes on a PUBLISH above', async () => {
    const c = await connected(await limited({ limits: { maxQos: 1 } }), 'c');
    c.send(subscribe(1, ['t', 2]));
    expect(await c.next()).toBe('SUBACK #1 1');
    c.send(publish('t', 'x', 2, 1));
    expect(await c.rest()).toEqual([]);
  });

  it('retainAvailable false closes on RETAIN', async () => {
    const c = await connected(await limited({ limits: { retainAvailable: false } }), 'c');
    c.send(publish('t', 'x', 0, 0, { retain: true }));
    expect(await c.rest()).toEqual([]);
  });

  it('maxConnections closes one more without CONNACK', async () => {
    const b = await limited({ limits: { maxConnections: 2 } });
    const one = await connected(b, 'one');
    await connected(b, 'two');
    expect(await raw(b).rest()).toEqual([]);
    one.send('e000');
    await one.rest();
    await connected(b, 'three');
  });

  it('maxKeepalive and allowZeroLengthClientId answer CONNACK 2', async () => {
    const b = await limited({ limits: { maxKeepalive: 60, allowZeroLengthClientId: false } });
    for (const [id, keepalive, code] of [
      ['a', 61, 2],
      ['a', 0, 2],
      ['a', 60, 0],
      ['', 60, 2],
    ] as const) {
      const c = raw(b);
      c.send(connect(id, { keepalive }));
      expect(await c.next()).toBe(`CONNACK ${code} sp0`);
    }
  });

  it('strict: a refused filter gets 0x80, a refused PUBLISH closes', async () => {
    const b = await limited({
      dialect: 'strict',
      mayReceive: (_who, topic) => !topic.startsWith('no'),
      mayPublish: (_who, topic) => !topic.startsWith('no'),
    });
    const c = await connected(b, 'c', { clean: false });
    c.send(subscribe(1, ['no/y', 1], ['yes', 1]), publish('yes', 'x', 0));
    expect(await c.take(2)).toEqual(['SUBACK #1 128,1', 'PUBLISH yes x q0 r0 d0']);
    expect(b.sessions()[0]?.subscriptions).toEqual([{ filter: 'yes', qos: 1 }]);
    c.send(publish('no/x', 'x', 1, 1));
    expect(await c.rest()).toEqual([]);
  });
});

describe('many at once (embedded)', () => {
  it('3.1.1 MQTT-3.1.4-2: of 200 connections with one identifier, the last stays', async () => {
    const b = owned(await startBroker());
    const all = Array.from({ length: 200 }, (_, i) => {
      const c = raw(b);
      c.send(connect('one', { clean: i % 3 === 0, will }));
      return c;
    });
    const last = all.at(-1) as Raw;
    expect(await last.next()).toMatch(/^CONNACK 0/);
    for (const c of all.slice(0, -1)) expect((await c.rest()).length).toBeLessThan(2);
    last.send(subscribe(1, ['x', 1]), publish('x', 'still here', 0));
    expect(await last.fence()).toEqual(['SUBACK #1 1', 'PUBLISH x still here q0 r0 d0']);
    expect(b.sessions().map(s => [s.clientId, s.connected])).toEqual([['one', true]]);
  });

  it('starts and stops as often as it is asked to, also at once', async () => {
    const b = owned(await startBroker());
    const { port } = b;
    await Promise.all([
      b.restart('keep'),
      b.stop(),
      b.start(),
      b.restart('wipe'),
      b.stop(),
      b.start(),
    ]);
    expect([b.running, b.port]).toEqual([true, port]);
    await connected(b, 'c');
  });

  it('a client that comes while authentication takes its time, and goes, leaves nothing', async () => {
    let admit: (code: 0) => void = () => {};
    const asked = new Promise<void>(resolve => {
      void startBroker({
        authenticate: () => {
          resolve();
          return new Promise(done => {
            admit = done;
          });
        },
      }).then(broker => {
        owned(broker);
        const c = raw(broker);
        c.send(connect('slow', { clean: false, will }));
        void asked.then(() => c.close());
        c.stream.once('close', () => setImmediate(() => admit(0)));
        last = broker;
      });
    });
    let last: Broker | undefined;
    await asked;
    for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    expect(last?.sessions().filter(s => s.connected)).toEqual([]);
  });
});
