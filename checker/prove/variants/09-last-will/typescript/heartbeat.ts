// Says that it is there every 300 ms; a will of QoS 2; goodbye by end() with what waits in the queue.
import { setInterval } from 'node:timers';
import { connectAsync } from 'mqtt';
import { env, onStop } from '#kit';

const [topic, here, gone] = ['STATUS_TOPIC', 'ONLINE', 'OFFLINE'].map(env) as [
  string,
  string,
  string,
];
const client = await connectAsync(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  keepalive: Number.parseInt(env('MQTT_KEEPALIVE'), 10),
  will: { topic, payload: gone as never, qos: 2, retain: true },
});
const say = (word: string) => client.publish(topic, word, { qos: 1, retain: true });
say(here);
let word = here;
client.on('connect', () => say(word));
const timer = setInterval(() => client.connected && say(here), 300);
onStop(() => {
  word = gone;
  clearInterval(timer);
  say(gone);
  // Without force, end() lets what was published have its acknowledgement first.
  client.end();
});
