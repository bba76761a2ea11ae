// Three clients at a door that knows its guests. Watch CONNECT, CONNACK, and what follows.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const url = env('MQTT_URL');

// No login at all. This practice broker lets everybody in, as a public one does.
const stranger = mqtt.connect(url, { clientId: 'a-stranger' });
stranger.on('message', (topic, payload) => console.log(`a stranger reads ${topic}: ${payload}`));
await stranger.subscribeAsync('#');

// A user name and a password: two fields of CONNECT, as readable as the rest.
const guest = mqtt.connect(url, { username: env('MQTT_USERNAME'), password: env('MQTT_PASSWORD') });
guest.on('connect', () => guest.publish(env('TOPIC'), 'the freezer is open'));

// A password with a colon in the address: which user name arrives?
const address = new URL(url);
const slip = mqtt.connect(`mqtt://freezer:cold:27@${address.host}`, { clientId: 'the-slip' });

onStop(() => {
  for (const client of [guest, stranger, slip]) client.end();
});
