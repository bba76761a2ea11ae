// Says something instead of PINGREQ, and tries a second time when it is refused.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const keepalive = Number(env('MQTT_KEEPALIVE'));
let refusals = 0;
const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  keepalive,
  reconnectPeriod: 300,
  reconnectOnConnackError: true,
});
const beat = setInterval(() => client.publish('lab/alive', 'yes'), 700 * keepalive);
client.on('error', () => {
  refusals += 1;
  if (refusals === 2) process.exit(1);
});
onStop(() => {
  clearInterval(beat);
  client.end(!client.connected);
});
