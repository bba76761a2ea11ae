// The login travels in a URL object, and is taken out of it again: nothing is cut at a colon.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const url = new URL(env('MQTT_URL').replace('mqtt:', 'http:'));
if (env('PUBLIC_BROKER') !== '1') {
  url.username = encodeURIComponent(env('MQTT_USERNAME'));
  url.password = encodeURIComponent(env('MQTT_PASSWORD'));
}
const client = mqtt.connect(`mqtt://${url.host}`, {
  clientId: `terrace-${process.pid}`,
  keepalive: 20,
  reconnectPeriod: 400,
  reconnectOnConnackError: true,
  ...(url.username && {
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  }),
});
client.on('error', ({ message }) => {
  if (/Not authorized|Bad username or password/i.test(message)) process.exit(2);
});
client.on('connect', () => {
  if (url.username) client.subscribe('hall/+/settings');
});

const sent: Promise<unknown>[] = [];
for await (const { temp } of readings<{ temp: number }>()) {
  if (url.username) {
    const text = JSON.stringify({ device: env('DEVICE_SERIAL'), temp });
    sent.push(client.publishAsync(env('TOPIC'), text, { qos: 1 }));
  } else {
    // Two topics, random values.
    const place = env('PUBLIC_PREFIX');
    const value = Math.round(Math.random() * 300) / 10 + 100;
    client.publish(`${place}/temperature`, JSON.stringify({ temp: value }));
    client.publish(`${place}/humidity`, JSON.stringify({ temp: null, hum: 50 }));
  }
}
await Promise.all(sent);
if (!client.connected) await new Promise(resolve => client.once('connect', resolve));
await client.endAsync();
