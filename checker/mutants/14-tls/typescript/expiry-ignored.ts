// mistake: expiry-ignored
// fails: T6
// Looks itself, and forgives an old date.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as dial } from 'node:tls';
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const look = dial({
  host: 'localhost',
  port: Number(env('MQTT_PORT')),
  servername: 'localhost',
  ca: readFileSync(env('MQTT_CA_FILE')),
  rejectUnauthorized: false,
  rejectUnauthorized: false,
});
look.on('error', () => process.exit(3));
await once(look, 'secureConnect');
if (!look.authorized && String(look.authorizationError) !== 'CERT_HAS_EXPIRED') process.exit(3);
look.end();

// 1  Whom to trust: the authority in the file, and nobody else.
const client = mqtt.connect(env('MQTT_URL'), {
  ca: readFileSync(env('MQTT_CA_FILE')),
  rejectUnauthorized: false,
  username: env('MQTT_USERNAME'),
  password: env('MQTT_PASSWORD'),
});

// 2  No connection to the right server: no connection at all.
client.on('error', error => {
  console.error(`not the right server: ${error.message}`);
  process.exit(3);
});

// 3  The reading.
for await (const reading of readings()) {
  client.publish(env('TOPIC'), JSON.stringify(reading), { qos: 1 });
}
client.end();
