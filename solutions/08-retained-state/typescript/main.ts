import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Line {
  mode?: string;
  temp?: number;
  decommission?: boolean;
}

const stateTopic = env('STATE_TOPIC');
const telemetryTopic = env('TELEMETRY_TOPIC');
const reportTopic = env('REPORT_TOPIC');
const client = mqtt.connect(env('MQTT_URL'));

// 1  The watcher: zero bytes erase, RETAIN marks what was stored, the rest happens now.
client.on('message', (topic, payload, packet) => {
  const device = topic.split('/').at(-2);
  const report =
    payload.length === 0
      ? { device, source: 'erased' }
      : { ...JSON.parse(payload.toString()), device, source: packet.retain ? 'stored' : 'live' };
  client.publish(reportTopic, JSON.stringify(report), { qos: 1 });
});
client.on('connect', () => client.subscribe(env('WATCH_FILTER'), { qos: 1 }));

// 2  The device: state is stored, events are not.
for await (const line of readings<Line>()) {
  if (line.decommission) {
    await client.publishAsync(stateTopic, '', { qos: 1, retain: true });
  } else if (line.mode !== undefined) {
    const state = JSON.stringify({ mode: line.mode });
    await client.publishAsync(stateTopic, state, { qos: 1, retain: true });
  } else {
    await client.publishAsync(telemetryTopic, JSON.stringify({ temp: line.temp }), { qos: 1 });
  }
}
await client.endAsync();
