// A connection of its own for presence, beside the one that works; QoS 2; a Buffer as will.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const keep = { qos: 2, retain: true } as const;
const options = { keepalive: +env('MQTT_KEEPALIVE'), reconnectPeriod: 400 };
const worker = mqtt.connect(env('MQTT_URL'), { ...options, clientId: env('MQTT_CLIENT_ID') });
const presence = mqtt.connect(env('MQTT_URL'), {
  ...options,
  clientId: `${env('MQTT_CLIENT_ID')}-presence`,
  will: { topic: env('STATUS_TOPIC'), payload: Buffer.from(env('OFFLINE')), ...keep },
});
let name = 'ONLINE';
presence.on('connect', () => presence.publish(env('STATUS_TOPIC'), env(name), keep));
onStop(() => {
  name = 'OFFLINE';
  presence.publish(env('STATUS_TOPIC'), env('OFFLINE'), keep, () => {
    presence.end(() => worker.end());
  });
});
