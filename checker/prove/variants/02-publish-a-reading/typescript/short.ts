import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
const client = mqtt.connect(env('MQTT_URL'));
let seq = 0;
for await (const { device, temp, hum } of readings<Reading>()) {
  seq += 1;
  await client.publishAsync(env('TOPIC'), JSON.stringify({ device, temp, hum, seq }));
}
if (!client.connected) await new Promise(resolve => client.once('connect', resolve));
await client.endAsync();
