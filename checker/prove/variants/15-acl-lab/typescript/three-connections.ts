// Three connections for the whole probe, callbacks, and silence waited out with a clock.
import { writeFileSync } from 'node:fs';
import mqtt, { type MqttClient } from 'mqtt';
import { env } from '#kit';

const PATIENCE_MS = 800;
const base = 'home/sensors/acl';
const heard = new Set<string>();
let counter = 0;

const timer = setTimeout(() => leave('no broker in time'), 8000);

function leave(why: string): never {
  console.error('cannot tell:', why);
  process.exit(4);
}

function open(name: string): Promise<MqttClient> {
  return new Promise(resolve => {
    const client = mqtt.connect({
      host: env('MQTT_HOST'),
      port: Number(env('MQTT_PORT')),
      username: name,
      password: process.env[`${name.toUpperCase()}_PASSWORD`],
      clientId: `acl-${name}`,
      reconnectPeriod: 0,
    });
    client.on('error', error => leave(`${name}: ${error.message}`));
    client.on('message', (_topic, payload) => heard.add(`${payload} at ${name}`));
    client.once('connect', () => {
      // Whatever the broker answers: only what arrives counts.
      client.subscribe('home/sensors/#', { qos: 0 }, () => resolve(client));
    });
  });
}

async function reaches(sender: MqttClient, ...readers: string[]): Promise<boolean[]> {
  const word = `word ${counter++}`;
  if (sender.connected) sender.publish(`${base}/${counter}/deep`, word, { qos: 0 });
  await new Promise(resolve => setTimeout(resolve, PATIENCE_MS));
  return readers.map(reader => heard.has(`${word} at ${reader}`));
}

const [tester, sensor, dashboard] = [
  await open('tester'),
  await open('sensor'),
  await open('dashboard'),
];
const [control, sensorHears, dashboardHears] = await reaches(
  tester,
  'tester',
  'sensor',
  'dashboard',
);
if (!control) leave('the tester does not hear itself');
const [sensorSpeaks] = await reaches(sensor, 'tester');
const [dashboardSpeaks] = await reaches(dashboard, 'tester');
const result = {
  tool: 'acl probe',
  dashboardCannotPublish: !dashboardSpeaks,
  dashboardCanReceive: dashboardHears,
  sensorCannotReceive: !sensorHears,
  sensorCanPublish: sensorSpeaks,
};
writeFileSync(env('RESULT_FILE'), JSON.stringify(result, null, 2));
clearTimeout(timer);
for (const client of [tester, sensor, dashboard]) client.end(true);
const violated = !(sensorSpeaks && dashboardHears) || sensorHears || dashboardSpeaks;
process.exitCode = violated ? 1 : 0;
