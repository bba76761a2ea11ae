// Three logins on a broker in Mosquitto's manner. Watch the answers, and then the deliveries.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const login = (username: string) =>
  mqtt.connectAsync(env('MQTT_URL'), {
    username,
    password: env(`${username.toUpperCase()}_PASSWORD`),
    clientId: username,
  });

const sensor = await login('sensor');
const dashboard = await login('dashboard');
const tester = await login('tester');
for (const [name, client] of Object.entries({ sensor, dashboard, tester })) {
  client.on('message', (topic, payload) => console.log(`${name} received ${topic} ${payload}`));
}

// Who may listen? Look at the codes in SUBACK.
await sensor.subscribeAsync('home/#');
await dashboard.subscribeAsync('home/#');
await tester.subscribeAsync('home/#');

// Who may speak? Look at each PUBACK, and at who gets the message.
await sensor.publishAsync('home/sensors/kitchen/temp', '21', { qos: 1 });
await sensor.publishAsync('home/light/kitchen', 'on', { qos: 1 });
await dashboard.publishAsync('home/sensors/kitchen/temp', '99', { qos: 1 });
await tester.publishAsync('home/light/kitchen', 'off', { qos: 1 });

onStop(() => {
  for (const client of [sensor, dashboard, tester]) client.end();
});
