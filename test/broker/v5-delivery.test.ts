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
  user,
} from './raw-v5.js';
import { owned, shared } from './targets.js';

const broker = shared('embedded');
const payload = (text: string) => ({ bytes: text.length, text });

/** A client with subscriptions. */
async function listener(
  name: string,
  filters: Parameters<typeof subscribe5>[1],
  more: Parameters<typeof connect5>[1] = {},
): Promise<Raw5> {
  const client = await connected5(await broker(), name, more);
  client.send(subscribe5(1, filters));
  await client.next();
  return client;
}

describe('what is forwarded', () => {
  const all = [
    user('b', '1'),
    property('payloadFormatIndicator', 1),
    user('a', ''),
    property('contentType', 'application/json'),
    property('correlationData', { bytes: 3, base64: 'AP96' }),
    user('b', '2'),
    property('responseTopic', 'panel/a/in'),
    user('b', '1'),
  ];
  const words =
    'userProperty[b=1] payloadFormatIndicator=1 userProperty[a=""] contentType=application/json ' +
    'correlationData=0x00ff7a userProperty[b=2] responseTopic=panel/a/in userProperty[b=1]';

  it('5.0 MQTT-3.3.2-4, MQTT-3.3.2-15, MQTT-3.3.2-16, MQTT-3.3.2-17, MQTT-3.3.2-18, MQTT-3.3.2-20: properties, unaltered and in order', async () => {
    const sub = await listener('sub', { props: 2 });
    const pub = await connected5(await broker(), 'pub');
    pub.send(publish5('props', '{}', 0, 1, { properties: all }));
    expect(await sub.next()).toBe(`PUBLISH props {} qos=0 retain=0 dup=0 ${words}`);
    pub.send(publish5('props', '{}', 2, 1, { properties: all, retain: true }), ack5('PUBREL', 1));
    expect(await sub.next()).toBe(`PUBLISH props {} qos=2 id=1 retain=0 dup=0 ${words}`);
    // Retained ones too, and from a will (5.0 MQTT-3.1.3-10).
    const late = await connected5(await broker(), 'late');
    late.send(subscribe5(1, { props: 0 }));
    expect(await late.take(2)).toEqual([
      'SUBACK codes=0 id=1',
      `PUBLISH props {} qos=0 retain=1 dup=0 ${words}`,
    ]);
    pub.send(publish5('props', '', 0, 1, { retain: true }));
    await pub.fence();
    const dying = await connected5(await broker(), 'dying', {
      will: { topic: 'props', payload: payload('w'), qos: 0, retain: false, properties: all },
    });
    dying.lose();
    expect((await sub.take(2)).at(-1)).toBe(`PUBLISH props "w" qos=0 retain=0 dup=0 ${words}`);
  });

  it('mixed versions: 3.1.1 gets no properties, and 5 gets none from it', async () => {
    const b = await broker();
    const five = await listener('five', { 'mix/#': 1 });
    const four = await connected(b, 'four');
    four.send(subscribe(1, ['mix/#', 1]));
    await four.next();
    const pub5 = await connected5(b, 'pub5');
    pub5.send(
      publish5('mix/5', 'x', 1, 1, { properties: [user('a', 'b'), property('topicAlias', 3)] }),
    );
    expect(await four.next()).toBe('PUBLISH mix/5 x q1 r0 d0 #1');
    // The alias is of the other connection (5.0 MQTT-3.3.2-7).
    expect(await five.next()).toBe('PUBLISH mix/5 "x" qos=1 id=1 retain=0 dup=0 userProperty[a=b]');
    const pub4 = await connected(b, 'pub4');
    pub4.send(publish('mix/4', 'y', 1, 1));
    expect(await pub4.next()).toBe('PUBACK #1');
    expect(await five.next()).toBe('PUBLISH mix/4 "y" qos=1 id=2 retain=0 dup=0');
  });

  it('payload format 1: what is not UTF-8 is refused', async () => {
    const sub = await listener('sub', { format: 0 });
    const pub = await connected5(await broker(), 'pub');
    pub.send({
      type: 'PUBLISH',
      topic: 'format',
      payload: { bytes: 1, base64: '/w==' },
      qos: 1,
      id: 1,
      retain: false,
      dup: false,
      properties: [property('payloadFormatIndicator', 1)],
    });
    expect(await pub.next()).toContain('PUBACK id=1 reason=0x99 (payload format invalid)');
    expect(await sub.fence()).toEqual([]);
  });
});

describe('acknowledgements with reasons', () => {
  it('0x10 where nobody subscribed, 0x00 where somebody did', async () => {
    const pub = await connected5(await broker(), 'pub');
    pub.send(publish5('nobody/here', 'x', 1, 1), publish5('nobody/here', 'x', 2, 2));
    expect(await pub.take(2)).toEqual([
      'PUBACK id=1 reason=0x10 (no matching subscribers)',
      'PUBREC id=2',
    ]);
    pub.send(ack5('PUBREL', 2));
    expect(await pub.next()).toBe('PUBCOMP id=2');
    const away = await listener('away', { 'nobody/+': 1 }, expiry(60));
    away.send(disconnect5());
    await away.rest();
    const share = await listener('share', { '$share/g/worker': 0 });
    pub.send(publish5('nobody/here', 'x', 1, 3), publish5('worker', 'x', 1, 4));
    expect(await pub.take(2)).toEqual(['PUBACK id=3', 'PUBACK id=4']);
    share.lose();
  });

  it('an ACL: PUBACK and PUBREC 0x87, and QoS 0 in silence; 3.1.1 sees its usual acknowledgement', async () => {
    const b = owned(await startBroker({ mayPublish: (_who, topic) => topic !== 'no' }));
    const pub = await connected5(b, 'pub');
    pub.send(publish5('no', 'x'), publish5('no', 'x', 1, 1), publish5('no', 'x', 2, 2));
    const got = await pub.fence();
    expect(got.map(text => text.split(' reasonString')[0])).toEqual([
      'PUBACK id=1 reason=0x87 (not authorized)',
      'PUBREC id=2 reason=0x87 (not authorized)',
    ]);
    // 5.0 MQTT-4.3.3-9: the identifier is free again.
    pub.send(publish5('yes', 'x', 2, 2));
    expect(await pub.next()).toBe('PUBREC id=2');
    const four = await connected(b, 'four');
    four.send(publish('no', 'x', 1, 1));
    expect(await four.next()).toBe('PUBACK #1');
  });

  it('strict: a denied filter is told, and 3.1.1 sees 0x80', async () => {
    const b = owned(
      await startBroker({ dialect: 'strict', maySubscribe: (_who, filter) => filter !== 'no' }),
    );
    const five = await connected5(b, 'five');
    five.send(subscribe5(1, { no: 1, yes: 1 }));
    expect(await five.next()).toBe('SUBACK codes=0x87 (not authorized),1 id=1'); // 5.0 MQTT-3.9.3-1
    const four = await connected(b, 'four');
    four.send(subscribe(1, ['no', 1], ['yes', 1]));
    expect(await four.next()).toBe('SUBACK #1 128,1');
  });

  it('5.0 MQTT-3.10.4-5, MQTT-3.11.3-1: UNSUBACK tells which subscription there was', async () => {
    const client = await listener('unsub', { one: 0, '$share/g/two': 0 });
    client.send({ type: 'UNSUBSCRIBE', id: 2, filters: ['none', 'one', '$share/g/two', 'one'] });
    expect(await client.next()).toBe(
      'UNSUBACK id=2 codes=0x11 (no subscription existed),0,0,0x11 (no subscription existed)',
    );
  });

  it('5.0 MQTT-3.6.2-1: an identifier that nobody knows', async () => {
    const client = await connected5(await broker(), 'unknown');
    client.send(ack5('PUBREL', 9), ack5('PUBREC', 8), ack5('PUBACK', 7), ack5('PUBCOMP', 6));
    expect(await client.fence()).toEqual([
      'PUBCOMP id=9 reason=0x92 (packet identifier not found)',
      'PUBREL id=8 reason=0x92 (packet identifier not found)',
    ]);
  });

  it('an acknowledgement of another exchange is a protocol error', async () => {
    const client = await listener('wrong', { wrong: 2 });
    client.send(publish5('wrong', 'x', 1, 1));
    await client.take(2);
    client.send(ack5('PUBREC', 1));
    expect((await client.take(2)).join()).toContain('DISCONNECT reason=0x82');
  });

  it('5.0 MQTT-4.4.0-2, MQTT-4.3.3-4: a refusal ends the message: no PUBREL, and never again', async () => {
    const b = await broker();
    const client = await listener('refuses', { 'refuse/#': 2 }, expiry(60));
    const pub = await connected5(b, 'pub');
    pub.send(publish5('refuse/1', 'a', 1, 1), publish5('refuse/2', 'b', 2, 2), ack5('PUBREL', 2));
    await pub.fence();
    await client.take(2);
    client.send(ack5('PUBACK', 1, 0x83), ack5('PUBREC', 2, 0x87));
    expect(await client.fence()).toEqual([]);
    client.lose();
    const again = raw5(b);
    again.send(connect5('refuses', { clean: false }));
    expect((await again.fence()).length).toBe(1);
  });
});

describe('subscription options and identifiers', () => {
  it('5.0 MQTT-3.8.3-3: no local, by client identifier', async () => {
    const own = await listener('own', { local: { noLocal: true }, 'local/too': 0 });
    own.send(publish5('local', 'mine'), publish5('local/too', 'mine too'));
    expect(await own.fence()).toEqual(['PUBLISH local/too "mine too" qos=0 retain=0 dup=0']);
    const other = await connected5(await broker(), 'other');
    other.send(publish5('local', 'theirs'));
    expect(await own.next()).toBe('PUBLISH local "theirs" qos=0 retain=0 dup=0');
  });

  it('5.0 MQTT-3.3.1-12, MQTT-3.3.1-13: RETAIN as it came, where that is asked for', async () => {
    const as = await listener('as', { rap: { retainAsPublished: true } });
    const plain = await listener('plain', { rap: 0 });
    const pub = await connected5(await broker(), 'pub');
    pub.send(publish5('rap', '1', 0, 1, { retain: true }), publish5('rap', '2'));
    expect((await as.take(2)).map(text => /retain=./.exec(text)?.[0])).toEqual([
      'retain=1',
      'retain=0',
    ]);
    expect((await plain.take(2)).map(text => /retain=./.exec(text)?.[0])).toEqual([
      'retain=0',
      'retain=0',
    ]);
    pub.send(publish5('rap', '', 0, 1, { retain: true }));
    await pub.fence();
  });

  it('5.0 MQTT-3.3.1-9, MQTT-3.3.1-10, MQTT-3.3.1-11: retain handling', async () => {
    const b = await broker();
    const pub = await connected5(b, 'pub');
    pub.send(publish5('rh', 'kept', 0, 1, { retain: true }));
    await pub.fence();
    const client = await connected5(b, 'rh');
    const ask = async (retainHandling: number) => {
      client.send(subscribe5(1, { rh: { retainHandling } }));
      return (await client.fence()).length - 1;
    };
    expect(await ask(2)).toBe(0);
    expect(await ask(1)).toBe(0); // it is there already
    expect(await ask(0)).toBe(1); // 5.0 MQTT-3.8.4-4
    client.send({ type: 'UNSUBSCRIBE', id: 3, filters: ['rh'] });
    await client.next();
    expect(await ask(1)).toBe(1);
    pub.send(publish5('rh', '', 0, 1, { retain: true }));
    await pub.fence();
  });

  it('5.0 MQTT-3.3.4-3, MQTT-3.3.4-5: identifiers come back; overlapping filters each with its own', async () => {
    const b = await broker();
    const client = await connected5(b, 'ids');
    const id = (value: number) => [property('subscriptionIdentifier', value)];
    client.send(
      subscribe5(1, { 'ids/#': 1 }, id(1)),
      subscribe5(2, { 'ids/a': 2 }, id(268_435_455)),
    );
    client.send(subscribe5(3, { 'ids/+': 0 }));
    await client.take(3);
    const pub = await connected5(b, 'pub');
    pub.send(publish5('ids/a', 'x', 2, 1), ack5('PUBREL', 1));
    const got = (await client.take(3)).map(text => text.replace(/ id=\d+/, ''));
    expect(new Set(got)).toEqual(
      new Set([
        'PUBLISH ids/a "x" qos=1 retain=0 dup=0 subscriptionIdentifier=1',
        'PUBLISH ids/a "x" qos=2 retain=0 dup=0 subscriptionIdentifier=268435455', // 5.0 MQTT-3.3.4-2
        'PUBLISH ids/a "x" qos=0 retain=0 dup=0',
      ]),
    );
    // 5.0 MQTT-3.8.4-3: the same filter again replaces options and identifier.
    client.send(subscribe5(4, { 'ids/#': 0 }, id(7)));
    await client.next();
    pub.send(publish5('ids/b/c', 'x', 2, 1), ack5('PUBREL', 1));
    expect(await client.next()).toBe(
      'PUBLISH ids/b/c "x" qos=0 retain=0 dup=0 subscriptionIdentifier=7',
    );
  });
});

describe('shared subscriptions', () => {
  it('one worker each, in turns; nothing retained; 3.1.1 may take part', async () => {
    const b = await broker();
    const pub = await connected5(b, 'pub');
    pub.send(publish5('jobs/0', 'kept', 0, 1, { retain: true }));
    await pub.fence();
    const one = await listener('w1', { '$share/work/jobs/#': 1 });
    const two = await connected(b, 'w2');
    two.send(subscribe(1, ['$share/work/jobs/#', 1]));
    expect(await two.next()).toBe('SUBACK #1 1');
    const other = await listener('w3', { '$share/other/jobs/#': 0, 'jobs/#': 0 });
    expect(await one.fence()).toEqual([]);
    for (let i = 1; i <= 4; i++) pub.send(publish5(`jobs/${i}`, 'x', 1, i));
    await pub.fence();
    const first = (await one.fence()).map(text => text.split(' ')[1]);
    const second = (await two.fence()).map(text => text.split(' ')[1]);
    expect(first).toEqual(['jobs/1', 'jobs/3']);
    expect(second).toEqual(['jobs/2', 'jobs/4']);
    // Another name is another group, and a filter of its own is beside both.
    expect(await other.fence()).toHaveLength(1 + 4 + 4);
    pub.send(publish5('jobs/0', '', 0, 1, { retain: true }));
    await pub.fence();
  });

  it('5.0 MQTT-4.8.2-3: each at its own QoS, with its identifier', async () => {
    const b = await broker();
    const one = await connected5(b, 's1');
    one.send(subscribe5(1, { '$share/q/sq': 0 }, [property('subscriptionIdentifier', 5)]));
    const two = await connected5(b, 's2');
    await one.next();
    two.send(subscribe5(1, { '$share/q/sq': 2 }));
    await two.next();
    const pub = await connected5(b, 'pub');
    pub.send(publish5('sq', 'a', 1, 1), publish5('sq', 'b', 1, 2));
    expect(await one.next()).toBe('PUBLISH sq "a" qos=0 retain=0 dup=0 subscriptionIdentifier=5');
    expect(await two.next()).toBe('PUBLISH sq "b" qos=1 id=1 retain=0 dup=0');
  });

  it('a sleeping worker keeps its turn; when its session ends, its work is handed on', async () => {
    const b = await broker();
    const sleeper = await listener('sleeper', { '$share/h/hand': 1 }, expiry(1));
    const awake = await listener('awake', { '$share/h/hand': 1 });
    const pub = await connected5(b, 'pub');
    // The first is with the sleeper, unacknowledged, when it goes; the third waits for it.
    pub.send(publish5('hand', '1', 1, 1), publish5('hand', '2', 1, 2));
    await pub.fence();
    expect(await sleeper.next()).toContain('"1"');
    sleeper.lose();
    await pause(50);
    pub.send(publish5('hand', '3', 1, 3), publish5('hand', '4', 1, 4));
    await pub.fence();
    expect((await awake.fence()).map(text => text.split(' ')[2])).toEqual(['"2"', '"4"']);
    await pause(1300);
    expect((await awake.fence()).map(text => text.split(' ')[2])).toEqual(['"1"', '"3"']);
  });

  it('5.0 MQTT-4.8.2-4, MQTT-4.8.2-5: QoS 2 that was begun is finished with the same worker, or not at all', async () => {
    const b = await broker();
    const ends = await listener('ends', { '$share/two/begun': 2 });
    const pub = await connected5(b, 'pub');
    pub.send(publish5('begun', 'x', 2, 1), ack5('PUBREL', 1));
    await pub.fence();
    expect(await ends.next()).toContain('qos=2');
    const other = await listener('other2', { '$share/two/begun': 2 });
    ends.lose();
    await pause(50);
    expect(await other.fence()).toEqual([]);
  });

  it('5.0 MQTT-4.8.2-6: what a worker refuses goes to nobody else', async () => {
    const b = await broker();
    const refuses = await listener('r1', { '$share/no/refused': 1 });
    const other = await listener('r2', { '$share/no/refused': 1 });
    const pub = await connected5(b, 'pub');
    pub.send(publish5('refused', 'x', 1, 1));
    await refuses.next();
    refuses.send(ack5('PUBACK', 1, 0x80));
    await refuses.fence();
    refuses.send(disconnect5());
    await refuses.rest();
    expect(await other.fence()).toEqual([]);
  });

  it('after UNSUBSCRIBE a worker has no turn', async () => {
    const b = await broker();
    const one = await listener('u1', { '$share/u/leave': 0 });
    const two = await listener('u2', { '$share/u/leave': 0 });
    one.send({ type: 'UNSUBSCRIBE', id: 2, filters: ['$share/u/leave'] });
    await one.next();
    const pub = await connected5(b, 'pub');
    pub.send(publish5('leave', '1'), publish5('leave', '2'));
    await pub.fence();
    expect(await one.fence()).toEqual([]);
    expect(await two.fence()).toHaveLength(2);
  });
});

describe('expiry of messages', () => {
  const lasts = (seconds: number) => ({ properties: [property('messageExpiryInterval', seconds)] });

  it('5.0 MQTT-3.3.2-5, MQTT-3.3.2-6: what waited is sent with what is left, or not at all', async () => {
    const b = await broker();
    const away = await listener('away', { 'exp/#': 1 }, expiry(60));
    away.send(disconnect5());
    await away.rest();
    const old = await connected(b, 'old', { clean: false });
    old.send(subscribe(1, ['exp/#', 1]));
    await old.next();
    old.send('e000');
    await old.rest();
    const pub = await connected5(b, 'pub');
    pub.send(
      publish5('exp/1', 'short', 1, 1, lasts(1)),
      publish5('exp/2', 'long', 1, 2, lasts(10)),
    );
    pub.send(publish5('exp/3', 'ever', 1, 3), publish5('exp/0', 'never', 1, 4, lasts(0)));
    pub.send(publish5('exp/r', 'kept', 0, 1, { retain: true, ...lasts(1) }));
    await pub.fence();
    expect(b.retained().map(one => one.topic)).toContain('exp/r');
    await pause(1200);
    const again = raw5(b);
    again.send(connect5('away', { clean: false }));
    const got = (await again.take(3)).slice(1);
    expect(got[0]).toMatch(/exp\/2 "long" .* messageExpiryInterval=9$/);
    expect(got[1]).toBe('PUBLISH exp/3 "ever" qos=1 id=2 retain=0 dup=0');
    // For 3.1.1 too.
    const four = raw(b);
    four.send({ cmd: 'connect', clientId: 'old', clean: false, keepalive: 0, protocolVersion: 4 });
    expect((await four.fence()).slice(1)).toEqual([
      'PUBLISH exp/2 long q1 r0 d0 #1',
      'PUBLISH exp/3 ever q1 r0 d0 #2',
    ]);
    four.send({ cmd: 'connect', clientId: 'old', clean: true, keepalive: 0, protocolVersion: 4 });
    again.send(subscribe5(5, { 'exp/r': 0 }));
    expect(await again.fence()).toEqual(['SUBACK codes=0 id=5']);
    expect(b.retained().map(one => one.topic)).not.toContain('exp/r');
  });

  it('what waits for a free window expires too (5.0 MQTT-3.3.2-5)', async () => {
    const client = await listener(
      'slow',
      { win: 1 },
      { properties: [property('receiveMaximum', 1)] },
    );
    const pub = await connected5(await broker(), 'pub');
    pub.send(
      publish5('win', '1', 1, 1),
      publish5('win', '2', 1, 2, lasts(1)),
      publish5('win', '3', 1, 3),
    );
    await pub.fence();
    await pause(1100);
    expect(await client.next()).toContain('"1"');
    client.send(ack5('PUBACK', 1));
    expect(await client.next()).toContain('"3"');
  });
});

describe('wills', () => {
  const will = (delay?: number, more: { expiry?: number } = {}) => ({
    topic: 'gone',
    payload: payload('w'),
    qos: 0 as const,
    retain: false,
    properties: [
      ...(delay === undefined ? [] : [property('willDelayInterval', delay)]),
      ...(more.expiry === undefined ? [] : [property('messageExpiryInterval', more.expiry)]),
    ],
  });

  /** What comes of a will within a time. */
  async function seen(watch: Raw5, ms: number): Promise<number> {
    await pause(ms);
    return (await watch.fence()).length;
  }

  it('5.0 MQTT-3.1.2-8, MQTT-3.1.2-10, MQTT-3.14.4-3: after a lost line and DISCONNECT 0x04, not after 0x00', async () => {
    const b = await broker();
    const watch = await listener('watch', { gone: 0 });
    for (const [packet, count] of [
      [disconnect5(), 0],
      [disconnect5(0x04), 1],
      [disconnect5(0x81), 1],
    ] as const) {
      const client = await connected5(b, 'dying', { will: will() });
      client.send(packet);
      await client.rest();
      expect(await watch.fence()).toHaveLength(count);
    }
    const lost = await connected5(b, 'dying', { will: will(undefined, { expiry: 7 }) });
    lost.lose();
    expect(await watch.next()).toContain('messageExpiryInterval=7');
  });

  it('5.0 MQTT-3.1.2-8: it waits for its delay', async () => {
    const b = await broker();
    const watch = await listener('watch', { gone: 0 });
    const client = await connected5(b, 'later', { will: will(1), ...expiry(60) });
    client.lose();
    expect(await seen(watch, 500)).toBe(0);
    expect(await seen(watch, 1000)).toBe(1);
  });

  it('5.0 MQTT-3.1.3-9: back in time, no will', async () => {
    const b = await broker();
    const watch = await listener('watch', { gone: 0 });
    const client = await connected5(b, 'back', { will: will(1), ...expiry(60) });
    client.lose();
    await pause(300);
    const again = await connected5(b, 'back', { clean: false, ...expiry(60) });
    expect(await seen(watch, 1200)).toBe(0);
    again.send(disconnect5());
    await again.rest();
  });

  it.each([
    ['no session expiry: at once', undefined, 50],
    ['the session ends first', 1, 1400],
  ])('5.0 MQTT-3.1.2-8: %s', async (_, seconds, ms) => {
    const b = await broker();
    const watch = await listener('watch', { gone: 0 });
    const client = await connected5(b, 'ends', {
      will: will(30),
      ...(seconds === undefined ? {} : expiry(seconds)),
    });
    client.lose();
    expect(await seen(watch, ms)).toBe(1);
  });

  it('a new session under the name ends the old one: its will goes out', async () => {
    const b = await broker();
    const watch = await listener('watch', { gone: 0 });
    const client = await connected5(b, 'anew', { will: will(30), ...expiry(60) });
    client.lose();
    await pause(50);
    expect(await watch.fence()).toEqual([]);
    await connected5(b, 'anew', { clean: true });
    expect(await watch.fence()).toHaveLength(1);
  });

  it.each([
    ['clean start 0, no delay', false, undefined, 1],
    ['clean start 0, a delay', false, 30, 0],
    ['clean start 1, a delay', true, 30, 1],
  ])('take-over, %s (5.0 section 3.1.3.2.2)', async (_, clean, delay, count) => {
    const b = await broker();
    const watch = await listener('watch', { gone: 0 });
    await connected5(b, 'same', { will: will(delay), ...expiry(60) });
    await connected5(b, 'same', { clean });
    expect(await watch.fence()).toHaveLength(count);
  });
});

describe('flow control, sizes and aliases', () => {
  it('5.0 MQTT-3.3.4-9, MQTT-3.3.4-10, MQTT-4.9.0-2, MQTT-4.9.0-3: at most the receive maximum, and all else goes on', async () => {
    const b = await broker();
    const receive = { properties: [property('receiveMaximum', 2)] };
    const client = await listener('two', { 'rm/#': 2 }, receive);
    const pub = await connected5(b, 'pub');
    for (let i = 1; i <= 4; i++) pub.send(publish5('rm/1', `${i}`, 1, i));
    pub.send(publish5('rm/0', 'free'));
    await pub.fence();
    expect((await client.fence()).map(text => text.split(' ')[2])).toEqual([
      '"1"',
      '"2"',
      '"free"',
    ]);
    client.send(ack5('PUBACK', 2));
    expect(await client.next()).toContain('"3"');
    client.send(ack5('PUBACK', 1), ack5('PUBACK', 3));
    expect(await client.next()).toContain('"4"');
  });

  it('5.0 MQTT-4.9.0-1: a session that comes back with a smaller window gets no more than that', async () => {
    const b = await broker();
    const first = await listener('shrinks', { shrink: 1 }, expiry(60));
    const pub = await connected5(b, 'pub');
    for (let i = 1; i <= 5; i++) pub.send(publish5('shrink', `${i}`, 1, i));
    await pub.fence();
    await first.take(5);
    first.lose();
    const again = raw5(b);
    again.send(connect5('shrinks', { clean: false, properties: [property('receiveMaximum', 2)] }));
    const got = [];
    expect((await again.fence()).slice(1)).toHaveLength(2);
    for (let id = 1; id <= 5; id++) {
      again.send(ack5('PUBACK', id));
      got.push(...(await again.fence()));
    }
    expect(got.map(text => text.split(' ').slice(2, 5).join(' '))).toEqual([
      '"3" qos=1 id=3',
      '"4" qos=1 id=4',
      '"5" qos=1 id=5',
    ]);
  });

  it('5.0 MQTT-3.3.4-7: a client beyond the receive maximum of the broker', async () => {
    const b = await broker();
    const client = await connected5(b, 'floods');
    for (let i = 1; i <= 21; i++) client.send(publish5('flood', 'x', 2, i));
    const got = await client.rest();
    expect(got.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => `PUBREC id=${i + 1}`));
    expect(got[20]).toContain('DISCONNECT reason=0x93 (receive maximum exceeded)');
  });

  it('5.0 MQTT-3.1.2-24, MQTT-3.1.2-25: what is larger than the client takes counts as delivered', async () => {
    const b = await broker();
    const size = {
      properties: [property('maximumPacketSize', 100), property('receiveMaximum', 3)],
    };
    const client = await listener('small', { big: 1 }, size);
    const pub = await connected5(b, 'pub');
    for (let i = 1; i <= 5; i++) pub.send(publish5('big', 'x'.repeat(100), 1, i));
    pub.send(publish5('big', 'x'.repeat(85), 1, 6), publish5('big', 'fits', 1, 7));
    expect((await pub.fence()).every(text => /^PUBACK id=\d$/.test(text))).toBe(true);
    const got = await client.fence();
    expect(got.at(-1)).toContain('"fits"');
    expect(got.length).toBeLessThanOrEqual(2);
  });

  it('5.0 MQTT-3.3.2-12: aliases of the client, all of them, each set anew where it is given a name', async () => {
    const b = await broker();
    const sub = await listener('sub', { 'al/#': 0 });
    const pub = await connected5(b, 'pub');
    const alias = (value: number) => ({ properties: [property('topicAlias', value)] });
    for (let i = 1; i <= 10; i++) pub.send(publish5(`al/${i}`, 'named', 0, 1, alias(i)));
    for (let i = 1; i <= 10; i++) pub.send(publish5('', 'bare', 0, 1, alias(i)));
    pub.send(publish5('al/new', 'again', 0, 1, alias(1)), publish5('', 'now new', 0, 1, alias(1)));
    await pub.fence();
    const got = (await sub.fence()).map(text => text.split(' ').slice(1, 3).join(' '));
    expect(got.slice(10, 20)).toEqual(Array.from({ length: 10 }, (_, i) => `al/${i + 1} "bare"`));
    expect(got.slice(20)).toEqual(['al/new "again"', 'al/new "now']);
  });

  it('5.0 MQTT-3.3.2-7: aliases die with the connection', async () => {
    const b = await broker();
    const first = await connected5(b, 'alias', expiry(60));
    first.send(publish5('al', 'x', 0, 1, { properties: [property('topicAlias', 1)] }));
    await first.fence();
    first.lose();
    const again = await connected5(b, 'alias', { clean: false });
    again.send(publish5('', 'x', 0, 1, { properties: [property('topicAlias', 1)] }));
    expect(await again.next()).toContain('DISCONNECT reason=0x82');
  });

  it('5.0 MQTT-3.1.2-26, MQTT-3.1.2-27, MQTT-3.3.2-11: aliases to a client, as many as it takes', async () => {
    const b = await broker();
    const takes = await listener(
      'takes',
      { 'out/#': 0 },
      { properties: [property('topicAliasMaximum', 1)] },
    );
    const pub = await connected5(b, 'pub');
    for (const topic of ['out/a', 'out/b', 'out/a']) pub.send(publish5(topic, 'x'));
    expect(await takes.take(3)).toEqual([
      'PUBLISH out/a "x" qos=0 retain=0 dup=0 topicAlias=1',
      'PUBLISH out/b "x" qos=0 retain=0 dup=0',
      'PUBLISH "" "x" qos=0 retain=0 dup=0 topicAlias=1',
    ]);
  });
});
