// Each line of input goes out at the next QoS: 0, 1, 2, 0, … Watch how many packets each one takes.
// The probes are published at 0, 1 and 2 as well. At which QoS do they arrive here?
import mqtt from 'mqtt';
import { env, onStop, readings } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), clean: false });
client.on('message', (topic, payload, { qos }) =>
  console.log(`${topic} ${payload} came at QoS ${qos}`),
);
client.subscribe(env('PROBE_TOPIC'), { qos: 1 });
onStop(() => client.end());

let qos: 0 | 1 | 2 = 0;
for await (const line of readings()) {
  console.log(`out at QoS ${qos}`);
  await client.publishAsync(env('TELEMETRY_TOPIC'), JSON.stringify(line), { qos });
  qos = ((qos + 1) % 3) as 0 | 1 | 2;
}
