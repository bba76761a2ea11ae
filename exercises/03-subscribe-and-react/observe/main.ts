/** To observe: a program that listens to itself. It stops after five rounds. */
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const place = env('OUT_TOPIC').split('/').slice(0, -1).join('/');
const client = await mqtt.connectAsync(env('MQTT_URL'));
let rounds = 0;
client.on('message', (topic, payload) => {
  console.log(`heard on ${topic}: ${payload}`);
  rounds += 1;
  if (rounds === 5) client.unsubscribe(`${place}/#`);
  else client.publish(env('OUT_TOPIC'), `answer ${rounds}`);
});
await client.subscribeAsync(`${place}/#`);
console.log(`subscribed to ${place}/#, which matches ${env('OUT_TOPIC')}, too`);

onStop(() => client.end());
