// mistake: impatient
// fails: T6
// Waits a fixed time instead of for the messages.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
const client = mqtt.connect(env('MQTT_URL'));
let seq = 0;
for await (const { device, temp, hum } of readings<Reading>()) {
  seq += 1;
  client.publish(env('TOPIC'), JSON.stringify({ device, temp, hum, seq }));
}
await new Promise(resolve => setTimeout(resolve, 600));
client.end();
