// mistake: wrong-exit-code
// fails: T6
// Ends with exit code 0 when it is refused.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')) });
client.on('error', error => {
  console.error(error.message);
  process.exit(0);
});
onStop(() => client.end(!client.connected));
