import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')) });
client.on('error', error => {
  console.error(error.message);
  process.exit(1);
});
onStop(() => client.end(!client.connected));
