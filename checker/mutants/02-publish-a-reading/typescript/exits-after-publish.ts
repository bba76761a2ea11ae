// mistake: left-before-flushed
// fails: T5
// Ends the process right after the last publish was called.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
const client = await mqtt.connectAsync(env('MQTT_URL'));
let seq = 0;
for await (const { device, temp, hum } of readings<Reading>()) {
  seq += 1;
  client.publish(env('TOPIC'), JSON.stringify({ device, temp, hum, seq }));
}
process.exit(0);
