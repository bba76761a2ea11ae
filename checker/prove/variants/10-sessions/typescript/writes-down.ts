// Takes a job over before it acknowledges: a file for each job until its done message is acknowledged.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const name = createHash('sha1')
  .update(`${env('MQTT_CLIENT_ID')} ${env('MQTT_PORT')}`)
  .digest('hex');
const folder = join(tmpdir(), `mqtt-course-jobs-${name}`);
mkdirSync(folder, { recursive: true });
let count = Date.now();

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), clean: false });
const say = (file: string) =>
  client.publish(env('DONE_TOPIC'), readFileSync(join(folder, file), 'utf8'), { qos: 1 }, error => {
    if (!error) rmSync(join(folder, file), { force: true });
  });

client.on('message', (_topic, payload) => {
  let id: unknown;
  try {
    id = JSON.parse(payload.toString())?.id;
  } catch {
    return;
  }
  if (typeof id !== 'string') return;
  count += 1;
  const file = `${count}.json`;
  writeFileSync(join(folder, file), JSON.stringify({ done: id }));
  setTimeout(() => say(file), 10);
});
client.once('connect', () => readdirSync(folder).forEach(say));
client.on('connect', ({ sessionPresent }) => {
  if (!sessionPresent) client.subscribe(env('JOBS_TOPIC'), { qos: 1 });
});
onStop(() => client.end(!client.connected));
