// Looks at the server with TLS alone, says nothing, hangs up, and only then connects.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as dial } from 'node:tls';
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const ca = readFileSync(env('MQTT_CA_FILE'), 'utf8');
const host = env('MQTT_HOST');
try {
  const look = dial({ host, port: Number(env('MQTT_PORT')), servername: host, ca });
  await once(look, 'secureConnect');
  look.end();
} catch {
  process.exit(3);
}

const login = { username: env('MQTT_USERNAME'), password: env('MQTT_PASSWORD') };
const client = mqtt.connect(env('MQTT_URL'), { ca, ...login, clientId: `cellar-${process.pid}` });
client.on('error', () => process.exit(3));
let left = 1;
const done = () => {
  left -= 1;
  if (left === 0) client.end();
};
for await (const reading of readings()) {
  left += 1;
  client.publish(env('TOPIC'), JSON.stringify(reading), { qos: 1 }, done);
}
if (client.connected) done();
else client.once('connect', done);
