// A connection for each purpose, and a kept session for the questions.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const line = (suffix: string, clean: boolean) => {
  const client = mqtt.connect(env('MQTT_URL'), {
    clientId: env('MQTT_CLIENT_ID') + suffix,
    keepalive: Number(env('MQTT_KEEPALIVE')),
    reconnectPeriod: 700,
    queueQoSZero: false,
    clean,
  });
  client.on('error', () => undefined);
  return client;
};
const ears = line('', false);
const pulse = line('-pulse', true);
const log = line('-log', true);

ears.on('message', (topic, payload) => {
  if (topic !== env('ASK_TOPIC')) return;
  ears.publish(
    env('ANSWER_TOPIC'),
    JSON.stringify({ answer: JSON.parse(payload.toString()).ask }),
    {
      qos: 2,
    },
  );
});
ears.on('connect', () => ears.subscribe({ [env('ASK_TOPIC')]: { qos: 2 } }));
const timer = setInterval(
  () => pulse.publish(env('HEARTBEAT_TOPIC'), '{}'),
  Number(env('HEARTBEAT_MS')),
);
for await (const reading of readings()) {
  log.publish(env('READINGS_TOPIC'), JSON.stringify(reading), { qos: 1 });
}
clearInterval(timer);
await log.endAsync();
await pulse.endAsync();
await ears.endAsync();
