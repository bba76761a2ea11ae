// mistake: clean-session
// fails: T1
// Has a name, and the default clean: true.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const jobsTopic = env('JOBS_TOPIC');
const doneTopic = env('DONE_TOPIC');

// 1  Come back under the same name, and ask the broker to keep the session.
const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID') });

// 2  Listen before the connection is up: waiting jobs come right behind CONNACK.
client.on('message', (_topic, payload) => {
  const { id } = JSON.parse(payload.toString());
  console.log(`printing the label of ${id}`);
  // 3  The done message leaves first, the acknowledgement of the job second.
  client.publish(doneTopic, JSON.stringify({ done: id }), { qos: 1 });
});

// 4  Subscribe when the broker has no session of yours.
client.on('connect', ({ sessionPresent }) => {
  if (!sessionPresent) client.subscribe(jobsTopic, { qos: 1 });
});

// 5  Leave, and keep the session: DISCONNECT, but no UNSUBSCRIBE.
onStop(() => client.end());
