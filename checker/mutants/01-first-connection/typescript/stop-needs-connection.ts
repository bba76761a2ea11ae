// mistake: stuck-before-connack
// fails: T7
// Attaches the stop only when connected.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')) });
client.on('error', error => {
  console.error(error.message);
  process.exit(1);
});
onStop(() => {
  if (client.connected) client.end();
  else client.once('connect', () => client.end());
});
