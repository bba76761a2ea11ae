// mistake: connection-per-reading
// fails: T4
// Connects for each reading.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
let seq = 0;
for await (const { device, temp, hum } of readings<Reading>()) {
  seq += 1;
  const client = await mqtt.connectAsync(env('MQTT_URL'));
  await client.publishAsync(env('TOPIC'), JSON.stringify({ device, temp, hum, seq }), { qos: 1 });
  await client.endAsync();
}
const last = await mqtt.connectAsync(env('MQTT_URL'));
await last.endAsync();
