import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const jobsTopic = env('JOBS_TOPIC');
const doneTopic = env('DONE_TOPIC');

// 1  Come back under the same name, and ask the broker to keep the session.
const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), clean: false });

// 2  Listen before the connection is up: waiting jobs come right behind CONNACK.
client.on('message', (_topic, payload) => {
  const id = jobId(payload);
  // What is no job is acknowledged like any other. Otherwise it would come again at each start.
  if (id === undefined) return console.log(`left out ${payload.length} bytes that are no job`);
  console.log(`printing the label of ${id}`);
  // 3  The done message leaves first, the acknowledgement of the job second.
  client.publish(doneTopic, JSON.stringify({ done: id }), { qos: 1 });
});

function jobId(payload: Buffer): string | undefined {
  try {
    const job = JSON.parse(payload.toString());
    return typeof job?.id === 'string' ? job.id : undefined;
  } catch {
    return undefined;
  }
}

// 4  Subscribe when the broker has no session of yours: at every connection.
client.on('connect', ({ sessionPresent }) => {
  if (!sessionPresent) client.subscribe(jobsTopic, { qos: 1 });
});

// 5  Leave, and keep the session: DISCONNECT, but no UNSUBSCRIBE. Without CONNACK nobody hears it.
onStop(() => client.end(!client.connected));
