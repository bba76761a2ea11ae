// mistake: looks-fine
// fails: T8
// Ends as if all was well.
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { env, readings } from '#kit';

// 1  Whom to trust: the authority in the file, and nobody else.
const client = mqtt.connect(env('MQTT_URL'), {
  ca: readFileSync(env('MQTT_CA_FILE')),
  username: env('MQTT_USERNAME'),
  password: env('MQTT_PASSWORD'),
});

// 2  No connection to the right server: no connection at all.
client.on('error', error => {
  console.error(`not the right server: ${error.message}`);
  process.exit(0);
});

// 3  The reading.
for await (const reading of readings()) {
  client.publish(env('TOPIC'), JSON.stringify(reading), { qos: 1 });
}
client.end();
