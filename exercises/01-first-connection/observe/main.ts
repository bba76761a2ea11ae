/** To observe: two connections, one after the other. One leaves with a goodbye, one without. */
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const options = { keepalive: 1, reconnectPeriod: 0 };

const polite = await mqtt.connectAsync(env('MQTT_URL'), { ...options, clientId: 'polite' });
console.log('polite is connected, and says nothing for three seconds');
await new Promise(resolve => setTimeout(resolve, 3000));
await polite.endAsync();
console.log('polite has left: DISCONNECT, then the end of the connection');

const rude = await mqtt.connectAsync(env('MQTT_URL'), { ...options, clientId: 'rude' });
await rude.endAsync(true);
console.log('rude has left: only the end of the connection');

onStop(() => console.log('done'));
