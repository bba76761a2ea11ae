// Other key order, extra keys, white space, QoS 2, and all messages on their way at once.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const client = await mqtt.connectAsync(env('MQTT_URL'));
const underway: Promise<unknown>[] = [];
let seq = 0;
for await (const reading of readings<{ device: string; temp: number; hum: number }>()) {
  const message = { seq: ++seq, ts: Date.now(), unit: '°C', ...reading };
  underway.push(client.publishAsync(env('TOPIC'), JSON.stringify(message, null, 2), { qos: 2 }));
}
await Promise.all(underway);
await client.endAsync();
