// A lamp that obeys every command, and a desk that stores one. Then the lamp restarts, twice.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const url = env('MQTT_URL');
const desk = await mqtt.connectAsync(url, { clientId: 'desk' });

/** The lamp has power until it has seen that many commands. */
async function lamp(when: string, commands: number, subscribed?: () => void): Promise<void> {
  const client = await mqtt.connectAsync(url, { clientId: 'lamp' });
  const enough = new Promise<void>(resolve => {
    let seen = 0;
    client.on('message', (_topic, payload, { retain }) => {
      console.log(`${when}: the lamp obeys ${payload}, RETAIN=${retain ? 1 : 0}`);
      seen += 1;
      if (seen === commands) resolve();
    });
  });
  await client.subscribeAsync('device/commands', { qos: 1 });
  subscribed?.();
  await enough;
  await client.endAsync();
}

await lamp('in the evening', 2, () => {
  desk.publish('device/commands', '{"led":"on"}', { qos: 1, retain: true });
  desk.publish('device/commands', '{"led":"off"}', { qos: 1 });
});
await lamp('after a power cut', 1);
await lamp('after another one', 1);
// Zero bytes with RETAIN: the stored command is erased.
await desk.publishAsync('device/commands', '', { qos: 1, retain: true });
onStop(() => desk.end());
