// Four topic names that look alike. Which of them comes back? Watch the trace.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const names = [
  'acme/north/freezer-3f/temp',
  '/acme/north/freezer-3f/temp',
  'acme/north/freezer-3f/temp/',
  'Acme/North/freezer-3f/temp',
];

const client = await mqtt.connectAsync(env('MQTT_URL'));
client.on('message', topic => console.log(`came back: ${topic}`));
await client.subscribeAsync('acme/north/freezer-3f/temp');
for (const name of names) {
  await client.publishAsync(name, '{"device":"Freezer 3/F","temp":-18.2,"seq":1}', { qos: 1 });
  console.log(`the broker took: ${name}`);
}

onStop(() => client.end());
