// mistake: never-stops
// fails: T8
// Nothing waits for the stop.
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
client.on('connect', () => client.publish(topic, env('ONLINE'), stored));

// 3  DISCONNECT discards the will, so the last word is said before it.
process.stdin.resume();
process.once('SIGUSR2', async () => {
  await client.publishAsync(topic, env('OFFLINE'), stored);
  await client.endAsync();
});
