// One connection hears, another one speaks; says at once that the lamp is off; commands in a queue.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const ear = await mqtt.connectAsync(env('MQTT_URL'));
const mouth = await mqtt.connectAsync(env('MQTT_URL'));
const say = (name: string, value: object, retain = false) =>
  mouth.publishAsync(env(name), JSON.stringify(value, null, 1), { qos: 2, retain });

let queue: Promise<unknown> = say('STATE_TOPIC', { led: 'off', since: 'start' }, true);
ear.on('message', (_topic, payload, { retain }) => {
  if (retain) return;
  queue = queue.then(async () => {
    let command: Record<string, unknown> = {};
    try {
      command = Object(JSON.parse(payload.toString()));
      JSON.stringify(command);
    } catch {
      await say('ERROR_TOPIC', { error: 'no JSON', bytes: payload.length });
      return;
    }
    const { id, led } = command;
    const known = ['on', 'off'].some(word => word === led);
    await (known
      ? say('STATE_TOPIC', { id, led, since: Date.now() }, true)
      : say('ERROR_TOPIC', { id, error: `led: ${JSON.stringify(led) ?? 'missing'}` }));
  });
});
await ear.subscribeAsync({ [env('COMMAND_TOPIC')]: { qos: 2 } });
onStop(async () => {
  await ear.endAsync();
  await queue;
  await mouth.endAsync();
});
