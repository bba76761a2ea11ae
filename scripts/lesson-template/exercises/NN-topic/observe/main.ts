/** To observe: one who subscribes, and one who publishes. */
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const listener = await mqtt.connectAsync(env('MQTT_URL'));
listener.on('message', (topic, payload) => console.log(`${topic}: ${payload}`));
await listener.subscribeAsync(env('TOPIC'));

const speaker = await mqtt.connectAsync(env('MQTT_URL'));
await speaker.publishAsync(env('TOPIC'), 'hello');
await speaker.endAsync();

onStop(() => listener.end());
