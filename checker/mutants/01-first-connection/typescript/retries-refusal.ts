// mistake: keeps-trying
// fails: T6
// Tries again and again when it is refused.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')), reconnectPeriod: 60, reconnectOnConnackError: true });
client.on('error', error => console.error(error.message));
onStop(() => client.end(!client.connected));
