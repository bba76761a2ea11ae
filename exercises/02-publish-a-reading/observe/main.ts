/** To observe: the same message at QoS 0, 1 and 2, and one that never leaves. */
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = await mqtt.connectAsync(env('MQTT_URL'));
for (const qos of [0, 1, 2] as const) {
  await client.publishAsync(
    env('TOPIC'),
    JSON.stringify({ device: 'freezer-3f', temp: -18.2, qos }),
    { qos },
  );
  console.log(`QoS ${qos}: it has left`);
}
await client.endAsync();

const hasty = mqtt.connect(env('MQTT_URL'));
hasty.publish(env('TOPIC'), '{"device":"freezer-3f","temp":-2.5}');
hasty.end();
console.log('and now connect, publish and end in one breath: look for the PUBLISH');

onStop(() => process.exit(0));
