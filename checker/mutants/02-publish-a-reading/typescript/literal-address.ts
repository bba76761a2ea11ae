// mistake: literal-address
// fails: U1
// Dials an address of its own.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
const client = mqtt.connect('mqtt://127.0.0.1:9');
let seq = 0;
for await (const { device, temp, hum } of readings<Reading>()) {
  seq += 1;
  await client.publishAsync(env('TOPIC'), JSON.stringify({ device, temp, hum, seq }));
}
if (!client.connected) await new Promise(resolve => client.once('connect', resolve));
await client.endAsync();
