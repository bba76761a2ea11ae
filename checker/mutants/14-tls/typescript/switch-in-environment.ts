// mistake: right-server-refused
// fails: T1
// A switch that mqtt.js 5.16 does not heed, and no authority.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
import mqtt from 'mqtt';
import { env, readings } from '#kit';

// 1  Whom to trust: the authority in the file, and nobody else.
const client = mqtt.connect(env('MQTT_URL'), {
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
