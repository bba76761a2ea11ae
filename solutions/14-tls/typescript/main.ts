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
  process.exit(3);
});

// 3  The reading.
const sent: Promise<unknown>[] = [];
for await (const reading of readings()) {
  sent.push(client.publishAsync(env('TOPIC'), JSON.stringify(reading), { qos: 1 }));
}

// 4  No more input: each PUBACK first, then goodbye.
await Promise.all(sent);
if (!client.connected) await new Promise(resolve => client.once('connect', resolve));
await client.endAsync();
