// Four filters, one after the other, and the same seven names for each. Which names come back?
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const filters = ['acme/north/+/temp', 'acme/#', '+/north/#', '#'];
const names = [
  'acme',
  'acme/north/freezer-3f/temp',
  'acme/north/freezer-3f/hum',
  'acme/north/freezer-3f/temp/raw',
  'acme/north//temp',
  '/acme/north/freezer-3f/temp',
  '$lab/north',
];

let current = '';
const client = await mqtt.connectAsync(env('MQTT_URL'));
client.on('message', topic => console.log(`${current} matches ${topic}`));
for (const filter of filters) {
  current = filter;
  await client.subscribeAsync(filter);
  for (const name of names) await client.publishAsync(name, 'x', { qos: 1 });
  await client.unsubscribeAsync(filter);
}

onStop(() => client.end());
