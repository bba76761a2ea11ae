// mistake: impatient
// fails: T3
// Starts over when the broker has not answered within half a second.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const open = () => mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')), connectTimeout: 500, reconnectPeriod: 50 });
const client = open();
client.on('error', error => {
  console.error(error.message);
  if (error.message.includes('refused')) process.exit(1);
});
onStop(() => client.end(!client.connected));
