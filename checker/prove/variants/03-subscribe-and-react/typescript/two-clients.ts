// One client listens, another one talks; async iteration over the messages.
import { type EventEmitter, on } from 'node:events';
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const [ear, mouth] = await Promise.all([
  mqtt.connectAsync(env('MQTT_URL')),
  mqtt.connectAsync(env('MQTT_URL')),
]);
const messages = on(ear as unknown as EventEmitter, 'message');
const [granted] = await ear
  .subscribeAsync([env('IN_TOPIC')], { qos: 2 })
  .catch(() => process.exit(3));
if (!granted || granted.qos > 2) process.exit(3);
onStop(async () => {
  await Promise.all([ear.endAsync(), mouth.endAsync()]);
  process.exit(0);
});
for await (const [, payload] of messages as AsyncIterable<[string, Buffer]>) {
  try {
    const { device, seq, temp } = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(payload),
    );
    if (device === undefined || !Number.isInteger(seq) || !Number.isFinite(temp)) continue;
    mouth.publish(
      env('OUT_TOPIC'),
      JSON.stringify({ f: temp * 1.8 + 32, seq, device, unit: '°F' }, null, 1),
    );
  } catch {
    // not a reading
  }
}
