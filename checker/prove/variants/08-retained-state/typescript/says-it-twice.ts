// Says a state twice, stored both times; subscribes before CONNACK with an object; awaits at the end.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const client = mqtt.connect(env('MQTT_URL'));
client.subscribe({ [env('WATCH_FILTER')]: { qos: 2 } });
client.on('packetreceive', packet => {
  if (packet.cmd !== 'publish') return;
  const text = packet.payload.toString();
  const device = packet.topic.replace(/\/state$/, '').replace(/^.*\//, '');
  const report =
    text === ''
      ? { source: 'erased' }
      : { source: packet.retain ? 'stored' : 'live', mode: JSON.parse(text).mode };
  client.publish(env('REPORT_TOPIC'), JSON.stringify({ device, ...report }), { qos: 2 });
});
const leaving: Promise<unknown>[] = [];
for await (const line of readings<{ mode?: string; temp?: number }>()) {
  const state = JSON.stringify({ mode: line.mode });
  if ('temp' in line)
    leaving.push(client.publishAsync(env('TELEMETRY_TOPIC'), JSON.stringify(line)));
  else if ('mode' in line) {
    for (const _ of [1, 2])
      leaving.push(client.publishAsync(env('STATE_TOPIC'), state, { qos: 1, retain: true }));
  } else leaving.push(client.publishAsync(env('STATE_TOPIC'), '', { qos: 1, retain: true }));
}
await Promise.all(leaving);
client.end();
