// One connection has the mailbox, another one says done; the same answer is given twice.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const mouth = mqtt.connect(env('MQTT_URL'), { clientId: `${env('MQTT_CLIENT_ID')}-mouth` });
const inbox = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  clean: false,
  manualConnect: true,
});
inbox.on('message', (topic, payload) => {
  if (topic !== env('JOBS_TOPIC')) return;
  let done: unknown;
  try {
    done = JSON.parse(payload.toString('utf8'))?.id;
  } catch {
    return;
  }
  if (done === undefined) return;
  const text = JSON.stringify({ done }, null, 2);
  for (let twice = 0; twice < 2; twice++) mouth.publish(env('DONE_TOPIC'), text, { qos: 1 });
});
inbox.on('connect', () => inbox.subscribe({ [env('JOBS_TOPIC')]: { qos: 1 } }));
let dialled = false;
mouth.once('connect', () => {
  dialled = true;
  inbox.connect();
});
onStop(async () => {
  if (dialled) await inbox.endAsync(!inbox.connected);
  await mouth.endAsync(!mouth.connected);
});
