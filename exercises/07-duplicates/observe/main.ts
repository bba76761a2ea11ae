// Pulls its own plug while it handles the third reading, so its PUBACK never leaves. What comes then?
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  clean: false,
  reconnectPeriod: 1000,
});
let received = 0;
client.on('message', (_topic, payload, { dup, messageId }) => {
  received += 1;
  console.log(`${payload} id=${messageId} dup=${dup ? 1 : 0}`);
  if (received === 3) client.stream.destroy();
});
client.subscribe(`${env('METERS')}/+/energy`, { qos: 1 });
onStop(() => client.end());
