// mistake: left-before-flushed
// fails: T5
// Sends one message every 400 ms, and does not wait for the queue when the input ends.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading { device: string; temp: number; hum: number }
const client = mqtt.connect(env('MQTT_URL'));
const queue: string[] = [];
const next = () => {
  const payload = queue.shift();
  if (payload) client.publish(env('TOPIC'), payload);
};
const timer = setInterval(next, 400);
await new Promise(resolve => client.once('connect', resolve));
let seq = 0;
for await (const { device, temp, hum } of readings<Reading>()) {
  seq += 1;
  queue.push(JSON.stringify({ device, temp, hum, seq }));
  if (seq === 1) next();
}
clearInterval(timer);
client.end();
