// mistake: printed-object
// fails: T2
// Puts the object into a template string.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
const client = mqtt.connect(env('MQTT_URL'));
let seq = 0;
for await (const { device, temp, hum } of readings<Reading>()) {
  seq += 1;
  const reading = { device, temp, hum, seq };
  await client.publishAsync(env('TOPIC'), `${reading}`);
}
if (!client.connected) await new Promise(resolve => client.once('connect', resolve));
await client.endAsync();
