// mistake: falls-back
// fails: T7
// Without TLS, when with TLS does not work.
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { env, readings } from '#kit';

// 1  Whom to trust: the authority in the file, and nobody else.
let client = mqtt.connect(env('MQTT_URL'), {
  ca: readFileSync(env('MQTT_CA_FILE')),
  username: env('MQTT_USERNAME'),
  password: env('MQTT_PASSWORD'),
});

// 2  No connection to the right server: no connection at all.
client.once('error', error => {
  console.error(`not the right server: ${error.message}`);
  client.end(true);
  client = mqtt.connect(env('MQTT_URL').replace('mqtts', 'mqtt'), {
    username: env('MQTT_USERNAME'),
    password: env('MQTT_PASSWORD'),
    reconnectPeriod: 100,
  });
  client.on('error', () => undefined);
});

// 3  The reading.
for await (const reading of readings()) {
  client.publish(env('TOPIC'), JSON.stringify(reading), { qos: 1 });
}
client.end();
