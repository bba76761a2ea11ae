// Makes a pattern of the filter; answers after all that came before; replies at QoS 2.
import { type EventEmitter, on } from 'node:events';
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const filter = [env('COMPANY'), env('SITE'), '+', 'temp'].join('/');
const pattern = new RegExp(`^${filter.replace('+', '([^/]*)')}$`);
const client = await mqtt.connectAsync(env('MQTT_URL'), { clientId: `variant-${process.pid}` });
const messages = on(client as unknown as EventEmitter, 'message');
await client.subscribeAsync(env('QUERY_TOPIC'));
await client.subscribeAsync(filter, { qos: 1 });
onStop(async () => {
  await client.endAsync();
  process.exit(0);
});

const readings: [string, number][] = [];
for await (const [topic, payload] of messages as AsyncIterable<[string, Buffer]>) {
  const device = pattern.exec(topic)?.[1];
  if (device !== undefined) readings.push([device, JSON.parse(payload.toString()).temp]);
  else
    await client.publishAsync(env('REPLY_TOPIC'), JSON.stringify(Object.fromEntries(readings)), {
      qos: 2,
    });
}
