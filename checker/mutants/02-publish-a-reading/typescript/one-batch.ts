// mistake: hoards
// fails: T1
// Collects all readings and publishes one list at the end.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
const client = mqtt.connect(env('MQTT_URL'));
const all: object[] = [];
for await (const { device, temp, hum } of readings<Reading>()) {
  all.push({ device, temp, hum, seq: all.length + 1 });
}
await client.publishAsync(env('TOPIC'), JSON.stringify(all), { qos: 1 });
await client.endAsync();
