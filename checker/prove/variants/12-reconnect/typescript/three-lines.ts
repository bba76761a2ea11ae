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
    reconnectOnConnackError: true,
  });
  client.on('error', () => undefined);
  return client;
};
const ears = line('', false);
const pulse = line('-pulse', true);
const log = line('-log', true);

ears.on('message', (topic, payload) => {
  if (topic !== env('ASK_TOPIC')) return;
  let answer: unknown;
  try {
    answer = JSON.parse(payload.toString())?.ask;
  } catch {
    return;
  }
  if (answer === undefined) return;
  ears.publish(env('ANSWER_TOPIC'), JSON.stringify({ answer }), { qos: 2 });
});
ears.on('connect', () => ears.subscribe({ [env('ASK_TOPIC')]: { qos: 2 } }));
const timer = setInterval(
  () => pulse.publish(env('HEARTBEAT_TOPIC'), '{}'),
  Number(env('HEARTBEAT_MS')),
);
const logged: Promise<unknown>[] = [];
for await (const reading of readings()) {
  logged.push(log.publishAsync(env('READINGS_TOPIC'), JSON.stringify(reading), { qos: 1 }));
}
await Promise.all(logged);
clearInterval(timer);
for (const one of [log, pulse, ears]) await one.endAsync(!one.connected);
