import mqtt from 'mqtt';
import { env, readings } from '#kit';

// A second client "only for publishing", under the same name as the first.
const options = { clientId: 'greenhouse', reconnectPeriod: 700 };
const listener = mqtt.connect(env('MQTT_URL'), options);
await new Promise(resolve => listener.once('connect', resolve));
const client = mqtt.connect(env('MQTT_URL'), options);
let seq = 0;
for await (const reading of readings<object>()) {
  seq += 1;
  client.publish(env('TOPIC'), JSON.stringify({ ...reading, seq }), { qos: 1 });
}
