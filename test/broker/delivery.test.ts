import { describe, expect, it } from 'vitest';
import { startBroker } from '../../broker/index.js';
import { ack, connected, publish, raw, subscribe } from './raw.js';
import { owned, shared, target, targets } from './targets.js';

type Q = 0 | 1 | 2;

describe.each(targets)('how a message reaches its subscribers (%s)', kind => {
  const broker = shared(kind);

  it('3.1.1 MQTT-3.8.4-6 delivers with the lower of published and granted QoS, wildcards too', async () => {
    const sub = await connected(await broker(), 'sub');
    const pub = await connected(await broker(), 'pub');
    for (const filter of ['low/x', 'low/+', 'low/#']) {
      for (const granted of [0, 1, 2] as Q[]) {
        for (const sent of [0, 1, 2] as Q[]) {
          sub.send(subscribe(1, [filter, granted]));
          expect(await sub.next()).toBe(`SUBACK #1 ${granted}`);
          pub.send(publish('low/x', `${sent}`, sent, 7));
          if (sent === 2) pub.send(ack('pubrel', 7));
          const got = await sub.next();
          const qos = Math.min(granted, sent);
          expect(got).toContain(`PUBLISH low/x ${sent} q${qos} r0 d0`);
          const id = Number(got.split('#')[1]);
          if (qos === 1) sub.send(ack('puback', id));
          if (qos === 2) {
            sub.send(ack('pubrec', id));
            expect(await sub.next()).toBe(`PUBREL #${id}`);
            sub.send(ack('pubcomp', id));
          }
          await pub.fence();
        }
      }
      sub.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: [filter] });
      expect(await sub.next()).toBe('UNSUBACK #9');
    }
    sub.close();
    pub.close();
  });

  it('3.1.1 MQTT-3.3.1-3 never passes on the DUP flag of the publisher', async () => {
    const c = await connected(await broker(), 'dup');
    c.send(subscribe(1, ['dup/#', 1]), publish('dup/1', 'x', 1, 5, { dup: true }));
    expect(await c.fence()).toContainEqual(expect.stringContaining('PUBLISH dup/1 x q1 r0 d0'));
    c.close();
  });

  it('3.1.1 MQTT-3.9.3-1 answers each filter of a SUBSCRIBE, equal ones too', async () => {
    const c = await connected(await broker(), 'same');
    c.send(subscribe(1, ['same', 1], ['same', 2], ['other', 0]));
    expect(await c.next()).toBe('SUBACK #1 1,2,0');
    c.close();
  });

  it('acknowledges a PUBLISH after it was routed', async () => {
    const c = await connected(await broker(), 'self');
    c.send(subscribe(1, ['self', 1]), publish('self', 'x', 1, 3));
    expect(await c.take(3)).toEqual(['SUBACK #1 1', 'PUBLISH self x q1 r0 d0 #1', 'PUBACK #3']);
    c.close();
  });

  it('routes QoS 2 at PUBREL, and once', async () => {
    const c = await connected(await broker(), 'exactly');
    c.send(subscribe(1, ['once', 0]), publish('once', 'x', 2, 3));
    expect(await c.fence()).toEqual(['SUBACK #1 0', 'PUBREC #3']);
    c.send(publish('once', 'x', 2, 3, { dup: true }));
    expect(await c.fence()).toEqual(['PUBREC #3']);
    c.send(ack('pubrel', 3));
    expect(await c.fence()).toEqual(['PUBLISH once x q0 r0 d0', 'PUBCOMP #3']);
    c.send(ack('pubrel', 3), ack('pubrel', 99));
    expect(await c.fence()).toEqual(['PUBCOMP #3', 'PUBCOMP #99']);
    c.close();
  });

  it('3.1.1 MQTT-4.6.0-6 keeps the order of packets that come in one segment', async () => {
    const c = await connected(await broker(), 'order');
    c.send(subscribe(1, ['order/#', 2]));
    expect(await c.next()).toBe('SUBACK #1 2');
    const sent = Array.from({ length: 15 }, (_, i) =>
      publish('order/x', `${i}`, [0, 1][i % 2] as Q, i + 1, { retain: i % 3 === 0 }),
    );
    c.send(...sent, publish('order/x', '', 0, 1, { retain: true }));
    const got = (await c.fence()).filter(line => line.startsWith('PUBLISH'));
    expect(got.map(line => line.split(' ')[2])).toEqual([...sent.keys()].map(String).concat(''));
    c.close();
  });

  it('3.1.1 MQTT-4.7.2-1 hides $ topics from leading wildcards; # includes the parent', async () => {
    const c = await connected(await broker(), 'dollar');
    c.send(subscribe(1, ['#', 0], ['+/x', 0]), publish('$own/x', '1'), publish('p', '2'));
    expect(await c.fence()).toEqual(['SUBACK #1 0,0', 'PUBLISH p 2 q0 r0 d0']);
    c.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['#', '+/x'] });
    c.send(subscribe(3, ['$own/#', 0], ['p/#', 0]), publish('$own/x', '1'), publish('p', '2'));
    expect(await c.fence()).toEqual([
      'UNSUBACK #2',
      'SUBACK #3 0,0',
      'PUBLISH $own/x 1 q0 r0 d0',
      'PUBLISH p 2 q0 r0 d0',
    ]);
    c.close();
  });

  it('acknowledges a PUBLISH to $SYS and drops it', async () => {
    const c = await connected(await broker(), 'sys');
    c.send(subscribe(1, ['$SYS/fake', 0]), publish('$SYS/fake', 'x', 1, 4, { retain: true }));
    expect(await c.fence()).toEqual(['SUBACK #1 0', 'PUBACK #4']);
    c.close();
  });

  it('has $SYS basics, retained', async () => {
    const c = await connected(await broker(), 'sysinfo');
    const topics = ['version', 'uptime', 'clients/connected', 'messages/received'];
    c.send(subscribe(1, ...topics.map((t): [string, Q] => [`$SYS/broker/${t}`, 0])));
    const got = (await c.fence()).slice(1).map(line => line.replace(/ .*? /, ' '));
    expect(got).toHaveLength(4);
    expect(got[0]).toContain('version');
    for (const line of got) expect(line).toContain('q0 r1 d0');
    c.close();
  });

  describe('retained messages', () => {
    it('3.1.1 MQTT-3.3.1-6, -8, -9, -10: stored, marked, downgraded, cleared', async () => {
      const b = await broker();
      const pub = await connected(b, 'rpub');
      pub.send(publish('r/1', 'one', 1, 1, { retain: true }));
      pub.send(publish('r/2', 'two', 0, 0, { retain: true }));
      await pub.fence();
      const sub = await connected(b, 'rsub');
      sub.send(subscribe(1, ['r/+', 0]));
      const first = await sub.fence();
      expect(first.shift()).toBe('SUBACK #1 0');
      expect(first.sort()).toEqual(['PUBLISH r/1 one q0 r1 d0', 'PUBLISH r/2 two q0 r1 d0']);
      sub.send(subscribe(2, ['r/1', 1]));
      expect(await sub.take(2)).toEqual(['SUBACK #2 1', 'PUBLISH r/1 one q1 r1 d0 #1']);
      sub.send(ack('puback', 1));
      pub.send(
        publish('r/1', '', 1, 2, { retain: true }),
        publish('r/2', '', 1, 3, { retain: true }),
      );
      await pub.fence();
      expect(await sub.take(2)).toEqual([
        expect.stringContaining('PUBLISH r/1  q1 r0 d0'),
        'PUBLISH r/2  q0 r0 d0',
      ]);
      sub.send(subscribe(3, ['r/#', 0]));
      expect(await sub.fence()).toEqual(['SUBACK #3 0']);
      sub.close();
      pub.close();
    });
  });
});

describe.each(targets)('the window and the queue (%s)', kind => {
  it('has at most 20 messages in flight, the others wait', async () => {
    const b = await target(kind);
    const sub = await connected(b, 'slow');
    const pub = await connected(b, 'fast');
    sub.send(subscribe(1, ['w', 1]));
    expect(await sub.next()).toBe('SUBACK #1 1');
    for (let i = 1; i <= 50; i++) pub.send(publish('w', `${i}`, 1, i));
    await pub.fence();
    const got = await sub.fence();
    expect(got).toHaveLength(20);
    expect(got[0]).toBe('PUBLISH w 1 q1 r0 d0 #1');
    sub.send(ack('puback', 3), ack('puback', 1));
    expect(await sub.take(2)).toEqual(['PUBLISH w 21 q1 r0 d0 #21', 'PUBLISH w 22 q1 r0 d0 #22']);
  });

  it('keeps 1000 messages for who is away and drops the newest', async () => {
    const b = await target(kind);
    const sub = await connected(b, 'away', { clean: false });
    sub.send(subscribe(1, ['q', 1]));
    expect(await sub.next()).toBe('SUBACK #1 1');
    sub.send('e000');
    await sub.rest();
    const pub = await connected(b, 'busy');
    for (let i = 1; i <= 1500; i++) pub.send(publish('q', `${i}`, 1, i));
    await pub.fence();
    const back = raw(b);
    back.send({ cmd: 'connect', clientId: 'away', clean: false, keepalive: 0 });
    expect(await back.next()).toBe('CONNACK 0 sp1');
    const seen: number[] = [];
    while (seen.length < 1000) {
      const line = (await back.next()).split(' ');
      seen.push(Number(line[2]));
      back.send(ack('puback', Number(line[6]?.slice(1))));
    }
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(await back.fence()).toEqual([]);
  });
});

describe('overlapping subscriptions (embedded)', () => {
  // Mosquitto 2.0 takes the QoS of the first match, 2.1 sends one copy for each (MQTT-3.3.5-1).
  it('3.1.1 section 3.3.5: one copy, with the highest QoS granted', async () => {
    const b = owned(await startBroker());
    const c = await connected(b, 'both');
    c.send(
      subscribe(1, ['o/+', 0], ['o/x', 2], ['#', 1]),
      publish('o/x', 'x', 2, 9),
      ack('pubrel', 9),
    );
    expect(await c.fence()).toEqual([
      'SUBACK #1 0,2,1',
      'PUBREC #9',
      'PUBLISH o/x x q2 r0 d0 #1',
      'PUBCOMP #9',
    ]);
  });
});
