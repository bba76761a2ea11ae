import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const topic = env('STATUS_TOPIC');
const stored = { qos: 1, retain: true } as const;

// 1  The will travels in CONNECT: it is what the broker says when this program cannot.
const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  keepalive: Number(env('MQTT_KEEPALIVE')),
  will: { topic, payload: env('OFFLINE'), ...stored },
});

// 2  At every new connection: the broker may have spoken the will meanwhile.
let word = env('ONLINE');
client.on('connect', () => client.publish(topic, word, stored));

// 3  DISCONNECT discards the will, so the last word is said before it.
onStop(async () => {
  word = env('OFFLINE');
  await client.publishAsync(topic, word, stored);
  await client.endAsync();
});
