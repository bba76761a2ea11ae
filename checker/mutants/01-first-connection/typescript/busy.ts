// mistake: silent
// fails: T5
// Blocks the event loop while it waits.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')) });
client.on('error', error => {
  console.error(error.message);
  process.exit(1);
});
onStop(() => client.end());
client.on('connect', () => {
  const until = Date.now() + 20 * Number(env('MQTT_KEEPALIVE'));
  while (Date.now() < until) Math.sqrt(until);
  if (Number(env('MQTT_KEEPALIVE')) > 1) return;
  const idle = Date.now() + 2600;
  while (Date.now() < idle) Math.sqrt(idle);
});
