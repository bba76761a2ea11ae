// mistake: hung
// fails: T9
// Never ends the connection.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
const client = mqtt.connect(env('MQTT_URL'));
let seq = 0;
for await (const { device, temp, hum } of readings<Reading>()) {
  seq += 1;
  await client.publishAsync(env('TOPIC'), JSON.stringify({ device, temp, hum, seq }), { qos: 1 });
}
