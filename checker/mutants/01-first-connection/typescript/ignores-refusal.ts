// mistake: ignores-refusal
// fails: T6
// Has no listener for the error event that does anything.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')) });
client.on('error', error => console.error(error.message));
const timer = setInterval(() => undefined, 1000);
onStop(() => { clearInterval(timer); client.end(!client.connected); });
