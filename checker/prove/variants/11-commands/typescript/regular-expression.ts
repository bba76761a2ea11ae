// A strict reader of its own; an error also for a stored command; the filter is a list.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: `variant-${process.pid}` });
client.subscribe([env('COMMAND_TOPIC')], { qos: 1 });

client.on('message', (_topic, payload, { retain }) => {
  const fail = (error: string, id?: unknown) =>
    client.publish(env('ERROR_TOPIC'), JSON.stringify({ error, id }), { qos: 1 });
  if (retain) {
    fail('stored commands are not obeyed');
    return;
  }
  let id: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
    if (text.length > 5000) throw new RangeError('too long for a command');
    const { led, ...rest } = JSON.parse(text);
    id = rest.id;
    if (typeof led !== 'string' || !/^(?:on|off)$/.test(led)) throw new RangeError('unknown led');
    console.log(`* ${led}`);
    client.publish(
      env('STATE_TOPIC'),
      JSON.stringify({ ...(id === undefined ? {} : { id }), led }),
      {
        retain: true,
      },
    );
  } catch (error) {
    fail(String(error), id);
  }
});
onStop(() => client.end());
