// mistake: handler-late
// fails: T6
// Awaits the connection, then attaches the handler.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const jobsTopic = env('JOBS_TOPIC');
const doneTopic = env('DONE_TOPIC');

const client = await mqtt.connectAsync(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  clean: false,
});
client.on('message', (_topic, payload) => {
  const { id } = JSON.parse(payload.toString());
  client.publish(doneTopic, JSON.stringify({ done: id }), { qos: 1 });
});
await client.subscribeAsync(jobsTopic, { qos: 1 });
onStop(() => client.end());
