// mistake: literal-address
// fails: U1
// Dials an address of its own.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect('mqtt://127.0.0.1:9', { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')) });
onStop(() => client.end(!client.connected));
