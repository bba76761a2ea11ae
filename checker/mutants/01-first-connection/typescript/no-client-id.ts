// mistake: invented-id
// fails: T1
// Gives no identifier.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { keepalive: Number(env('MQTT_KEEPALIVE')) });
client.on('error', error => {
  console.error(error.message);
  process.exit(1);
});
onStop(() => client.end(!client.connected));
