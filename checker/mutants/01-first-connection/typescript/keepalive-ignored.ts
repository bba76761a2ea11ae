// mistake: keepalive-ignored
// fails: T2
// Leaves the keep-alive at the default of the library.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID') });
client.on('error', error => {
  console.error(error.message);
  process.exit(1);
});
onStop(() => client.end());
