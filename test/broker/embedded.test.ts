import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { type Broker, BrokerStartError, startBroker } from '../../broker/index.js';

const brokers: Broker[] = [];
const clients: mqtt.MqttClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
  for (const broker of brokers.splice(0)) await broker.stop();
});

async function broker(options: Parameters<typeof startBroker>[0] = {}): Promise<Broker> {
  const started = await startBroker(options);
  brokers.push(started);
  return started;
}
async function client(b: Broker, options: mqtt.IClientOptions = {}): Promise<mqtt.MqttClient> {
  const c = await mqtt.connectAsync(b.url ?? '', { reconnectPeriod: 0, ...options });
  clients.push(c);
  return c;
}
function next(c: mqtt.MqttClient): Promise<{ topic: string; text: string; retain: boolean }> {
  return new Promise(resolve =>
    c.once('message', (topic, payload, packet) =>
      resolve({ topic, text: payload.toString(), retain: packet.retain }),
    ),
  );
}

describe('the embedded broker as a library', () => {
  it('listens on an ephemeral loopback port and carries a message', async () => {
    const b = await broker();
    expect(b.url).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/);
    const sub = await client(b);
    await sub.subscribeAsync('greenhouse/+/temp', { qos: 1 });
    const got = next(sub);
    await (await client(b)).publishAsync('greenhouse/2/temp', '21', { qos: 1 });
    expect(await got).toEqual({ topic: 'greenhouse/2/temp', text: '21', retain: false });
  });

  it('opens connections without TCP', async () => {
    const b = await broker({ listen: false });
    expect(b.port).toBeUndefined();
    const connection = b.open();
    const bytes: Buffer[] = [];
    const four = new Promise<void>(resolve =>
      connection.on('data', (chunk: Buffer) => {
        bytes.push(chunk);
        if (Buffer.concat(bytes).length >= 4) resolve();
      }),
    );
    connection.write(Buffer.from('100c00044d5154540402003c0000', 'hex'));
    await four;
    expect(Buffer.concat(bytes).toString('hex')).toBe('20020000');
    connection.destroy();
  });

  it('refuses with the code authenticate gives', async () => {
    const b = await broker({ authenticate: who => (who.username === 'ada' ? 0 : 4) });
    await expect(client(b, { username: 'eve', password: 'x' })).rejects.toMatchObject({ code: 4 });
    await client(b, { username: 'ada', password: 'x' });
  });

  it('acknowledges a refused PUBLISH, drops it, and filters what is delivered', async () => {
    const b = await broker({
      mayPublish: (_who, topic) => topic !== 'no/write',
      mayReceive: (_who, topic) => topic !== 'no/read',
    });
    const c = await client(b);
    await c.subscribeAsync('#', { qos: 1 });
    const got = next(c);
    await c.publishAsync('no/write', 'x', { qos: 1, retain: true });
    await c.publishAsync('no/read', 'x', { qos: 2 });
    await c.publishAsync('fence', 'x', { qos: 1 });
    expect((await got).topic).toBe('fence');
    expect(b.retained()).toEqual([]);
  });

  it.each(['keep', 'wipe'] as const)('restart %s: same port, state as said', async state => {
    const b = await broker();
    const { port } = b;
    const c = await client(b, { clientId: 'pump', clean: false });
    await c.subscribeAsync('a/b', { qos: 1 });
    await c.publishAsync('kept', 'yes', { qos: 1, retain: true });
    const closed = new Promise<void>(resolve => c.once('close', () => resolve()));
    await b.restart(state);
    await closed;
    expect(b.port).toBe(port);
    expect(b.retained().map(m => m.topic)).toEqual(state === 'keep' ? ['kept'] : []);
    expect(b.sessions().map(s => s.clientId)).toEqual(state === 'keep' ? ['pump'] : []);
  });

  it('stops for a while, keeps no listener open, and sends no wills', async () => {
    const b = await broker();
    const { port, url } = b;
    await client(b, { will: { topic: 'away', payload: Buffer.from('x'), qos: 0, retain: true } });
    await b.stop();
    expect(b.running).toBe(false);
    await expect(
      mqtt.connectAsync(url ?? '', { reconnectPeriod: 0, connectTimeout: 1000 }),
    ).rejects.toThrow();
    await b.start();
    expect(b.port).toBe(port);
    expect(b.retained()).toEqual([]);
  });

  it('says which port is in use', async () => {
    const b = await broker();
    const second = startBroker({ listen: { port: b.port ?? 0 } });
    await expect(second).rejects.toThrow(BrokerStartError);
    await expect(second).rejects.toThrow(`127.0.0.1:${b.port}`);
  });
});
