import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading {
  device: string;
  temp: number;
  hum: number;
}

const client = mqtt.connect(env('MQTT_URL'));
const seen = new Map<string, { count: number }>();

for await (const { device, temp, hum } of readings<Reading>()) {
  const seq = (seen.get(device) as { count: number }).count + 1;
  await client.publishAsync(env('TOPIC'), JSON.stringify({ device, temp, hum, seq }), { qos: 1 });
}
await client.endAsync();
