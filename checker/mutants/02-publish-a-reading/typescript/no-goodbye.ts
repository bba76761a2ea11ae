// mistake: no-goodbye
// fails: T9
// Ends the process instead of the connection.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
const client = mqtt.connect(env('MQTT_URL'));
let seq = 0;
for await (const { device, temp, hum } of readings<Reading>()) {
  seq += 1;
  await client.publishAsync(env('TOPIC'), JSON.stringify({ device, temp, hum, seq }), { qos: 1 });
}
process.exit(0);
