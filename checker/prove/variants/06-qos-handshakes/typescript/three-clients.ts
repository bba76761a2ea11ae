// One connection for each kind, one message at a time on each, the subscription in an object.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const connect = (name: string) =>
  mqtt.connectAsync(env('MQTT_URL'), {
    clientId: `${env('MQTT_CLIENT_ID')}-${name}`,
    clean: false,
  });
const kinds = ['telemetry', 'heartbeat', 'billing'] as const;
const [telemetry, heartbeat, billing] = await Promise.all(kinds.map(connect));
const qosOf = { telemetry: 1, heartbeat: 0, billing: 2 } as const;
const last = {
  telemetry: Promise.resolve(),
  heartbeat: Promise.resolve(),
  billing: Promise.resolve(),
};
const clients = { telemetry, heartbeat, billing };

heartbeat.on('message', (_topic, payload, { qos }) => {
  const report = { ...JSON.parse(String(payload)), qos, note: 'as delivered' };
  heartbeat.publish(env('REPORT_TOPIC'), JSON.stringify(report, null, 1), { qos: 2 });
});
await heartbeat.subscribeAsync({ [env('PROBE_TOPIC')]: { qos: 2 } });

for await (const line of readings<{ kind: (typeof kinds)[number] }>()) {
  const { kind } = line;
  const topic = env(`${kind.toUpperCase()}_TOPIC`);
  last[kind] = last[kind].then(async () => {
    await clients[kind].publishAsync(topic, JSON.stringify(line), { qos: qosOf[kind] });
  });
}
await Promise.all(Object.values(last));
await Promise.all(Object.values(clients).map(one => one.endAsync()));
