import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { startBroker } from '../../broker/index.js';
import { finished } from './command.js';
import { owned } from './targets.js';

const tools = spawnSync('mosquitto_sub', ['--help']).error === undefined;
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const paho = spawnSync(python, ['-c', 'from paho.mqtt.properties import Properties']).status === 0;
if (!tools) process.stderr.write('NOTICE: no mosquitto_pub/mosquitto_sub here; not tried.\n');
if (!paho) process.stderr.write('NOTICE: no paho-mqtt for Python with MQTT 5 here; not tried.\n');

describe.skipIf(!tools)('mosquitto_pub and mosquitto_sub -V 5', () => {
  it.each([0, 1, 2])('QoS %i, with every property of a message', async qos => {
    const broker = owned(await startBroker());
    const at = ['-V', '5', '-h', '127.0.0.1', '-p', String(broker.port), '-q', String(qos)];
    const subscribed = new Promise<void>(resolve => {
      broker.onLog(({ level }) => level === 'subscribe' && resolve());
    });
    const format = '%t %p %C %R %D %E %S %P';
    const result = finished(
      spawn('mosquitto_sub', [
        ...at,
        ...['-t', 'home/#', '-C', '1', '-F', format],
        ...['-D', 'SUBSCRIBE', 'subscription-identifier', '42'],
      ]),
    );
    await subscribed;
    const property = (name: string, ...value: string[]) => ['-D', 'PUBLISH', name, ...value];
    const pub = await finished(
      spawn('mosquitto_pub', [
        ...at,
        ...['-t', 'home/x', '-m', '21.5'],
        ...property('content-type', 'text/plain'),
        ...property('response-topic', 'answers'),
        ...property('correlation-data', 'c1'),
        ...property('message-expiry-interval', '60'),
        ...property('user-property', 'b', '1'),
        ...property('user-property', 'a', '2'),
        ...property('user-property', 'b', '3'),
        ...property('topic-alias', '3'),
      ]),
    );
    expect(pub).toMatchObject({ code: 0, err: '' });
    const { code, out } = await result;
    expect(code).toBe(0);
    expect(out.trim()).toBe('home/x 21.5 text/plain answers c1 60 42 b:1 a:2 b:3');
  });

  it('session, will with delay, shared subscription, reasons', async () => {
    const broker = owned(await startBroker({ mayPublish: (_who, topic) => topic !== 'no' }));
    const at = ['-V', '5', '-h', '127.0.0.1', '-p', String(broker.port)];
    const kept = [...at, ...['-i', 'kept', '-c', '-x', '60', '-q', '1', '-t', 'k']];
    expect((await finished(spawn('mosquitto_sub', [...kept, '-E']))).code).toBe(0);
    await finished(spawn('mosquitto_pub', [...at, '-t', 'k', '-m', 'queued', '-q', '1']));
    const { out } = await finished(spawn('mosquitto_sub', [...kept, '-C', '1', '-W', '5']));
    expect(out.trim()).toBe('queued');
    const denied = await finished(
      spawn('mosquitto_pub', [...at, '-t', 'no', '-m', 'x', '-q', '1', '-d']),
    );
    expect(`${denied.out}${denied.err}`).toContain('Not authorized');
    const nobody = await finished(
      spawn('mosquitto_pub', [...at, '-t', 'nobody', '-m', 'x', '-q', '1', '-d']),
    );
    expect(nobody.out).toContain('RC:16');
    const late = await finished(
      spawn('mosquitto_sub', [...at, '-t', '$share/g/t', '-W', '1', '-d']),
    );
    expect(late.out).toContain('SUBACK');
  });
});

describe('mqtt.js with protocolVersion 5', () => {
  const clients: MqttClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true);
  });

  async function come(port: number | undefined, options: IClientOptions = {}): Promise<MqttClient> {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...options,
    });
    clients.push(client);
    return client;
  }

  it('request and response, options, aliases both ways, reasons, expiry, take-over', async () => {
    const broker = owned(await startBroker({ mayPublish: (_who, topic) => topic !== 'no' }));
    const { port } = broker;
    const server = await come(port, { clientId: 'server' });
    server.on('message', (_topic, payload, { properties = {} }) => {
      const { responseTopic = '', correlationData, userProperties } = properties;
      server.publish(responseTopic, `re: ${payload}`, {
        properties: {
          ...(correlationData === undefined ? {} : { correlationData }),
          ...(userProperties === undefined ? {} : { userProperties }),
        },
      });
    });
    await server.subscribeAsync('ask', { qos: 1 });
    const client = await come(port, {
      clientId: 'client',
      autoAssignTopicAlias: true,
      autoUseTopicAlias: true,
      properties: { topicAliasMaximum: 5, sessionExpiryInterval: 60, receiveMaximum: 3 },
    });
    await client.subscribeAsync('answers', {
      qos: 1,
      nl: true,
      properties: { subscriptionIdentifier: 7 },
    });
    const got: unknown[] = [];
    const both = new Promise<void>(resolve => {
      client.on('message', (topic, payload, { properties }) => {
        got.push([
          topic,
          String(payload),
          properties?.correlationData?.toString('hex'),
          properties?.subscriptionIdentifier,
        ]);
        if (got.length === 2) resolve();
      });
    });
    for (const id of ['00ff', '7a']) {
      await client.publishAsync('ask', id, {
        qos: 1,
        properties: { responseTopic: 'answers', correlationData: Buffer.from(id, 'hex') },
      });
    }
    await both;
    expect(got).toEqual([
      ['answers', 're: 00ff', '00ff', 7],
      ['answers', 're: 7a', '7a', 7],
    ]);
    await expect(client.publishAsync('no', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
    await expect(client.publishAsync('no', 'x', { qos: 2 })).rejects.toMatchObject({ code: 0x87 });
    const told = new Promise(resolve =>
      client.once('disconnect', ({ reasonCode }) => resolve(reasonCode)),
    );
    await come(port, { clientId: 'client' });
    expect(await told).toBe(0x8e);
  });

  it('a refusal has its reason', async () => {
    const broker = owned(await startBroker({ authenticate: () => 5 }));
    await expect(come(broker.port, {})).rejects.toMatchObject({ code: 0x87 });
  });
});

describe.skipIf(!paho)('paho-mqtt for Python, MQTTv5', () => {
  it('properties in order, options, session expiry, server keep-alive, take-over', async () => {
    const broker = owned(await startBroker({ limits: { maxKeepalive: 30 } }));
    const script = `
import sys, threading, paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.subscribeoptions import SubscribeOptions
port = int(sys.argv[1])
def make(cid):
    v2 = getattr(mqtt, 'CallbackAPIVersion', None)
    return mqtt.Client(v2.VERSION1, cid, protocol=mqtt.MQTTv5) if v2 else mqtt.Client(cid, protocol=mqtt.MQTTv5)
done, gone, ready = threading.Event(), threading.Event(), threading.Event()
def on_connect(c, u, flags, rc, props):
    print('connected', rc, flags['session present'], getattr(props, 'ServerKeepAlive', None)); ready.set()
def on_message(c, u, m):
    p = m.properties
    print(m.topic, m.payload.decode(), m.qos, p.UserProperty, p.ContentType, p.CorrelationData, p.SubscriptionIdentifier, p.MessageExpiryInterval)
    done.set()
def on_disconnect(c, u, rc, props=None):
    print('gone', rc); gone.set(); c.disconnect()
def dial(cid, clean, **on):
    c = make(cid); c.on_connect = on_connect
    for name, call in on.items(): setattr(c, name, call)
    p = Properties(PacketTypes.CONNECT); p.SessionExpiryInterval = 60
    ready.clear(); c.connect('127.0.0.1', port, 60, clean_start=clean, properties=p); c.loop_start()
    assert ready.wait(10); return c
s = dial('sub', True, on_message=on_message, on_disconnect=on_disconnect)
subscribed = threading.Event()
def on_subscribe(c, u, mid, codes, props=None): print('granted', [str(code) for code in codes]); subscribed.set()
s.on_subscribe = on_subscribe
sp = Properties(PacketTypes.SUBSCRIBE); sp.SubscriptionIdentifier = 9
s.subscribe('p/#', options=SubscribeOptions(qos=2, noLocal=True), properties=sp); assert subscribed.wait(10)
p = dial('pub', True)
m = Properties(PacketTypes.PUBLISH)
m.UserProperty = ('b', '1'); m.UserProperty = ('a', ''); m.UserProperty = ('b', '2')
m.ContentType = 'text/plain'; m.CorrelationData = b'\\x00\\xff'; m.MessageExpiryInterval = 60
p.publish('p/x', 'hello', 2, properties=m).wait_for_publish()
assert done.wait(10)
again = dial('sub', False)
assert gone.wait(10)
`;
    const { out, err } = await finished(
      spawn(python, ['-W', 'ignore', '-c', script, String(broker.port)]),
    );
    expect(err).toBe('');
    expect(out.trim().split('\n').sort()).toEqual(
      [
        'connected Success 0 30',
        "granted ['Granted QoS 2']",
        'connected Success 0 30',
        "p/x hello 2 [('b', '1'), ('a', ''), ('b', '2')] text/plain b'\\x00\\xff' [9] 60",
        'connected Success 1 30',
        'gone Session taken over',
      ].sort(),
    );
  });
});
