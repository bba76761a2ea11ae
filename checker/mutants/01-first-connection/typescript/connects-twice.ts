// mistake: connects-twice
// fails: T3
// Connects a second time under the same name.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')) });
client.on('error', error => {
  console.error(error.message);
  process.exit(1);
});
const again = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')), reconnectPeriod: 0 });
again.on('error', () => process.exit(1));
onStop(() => { client.end(!client.connected); again.end(!again.connected); });
