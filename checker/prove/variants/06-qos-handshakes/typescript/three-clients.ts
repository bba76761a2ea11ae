// One connection for each kind, the subscription in an object.
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
const last: Promise<unknown>[] = [];
const clients = { telemetry, heartbeat, billing };

heartbeat.on('message', (_topic, payload, { qos }) => {
  const report = { ...JSON.parse(String(payload)), qos, note: 'as delivered' };
  heartbeat.publish(env('REPORT_TOPIC'), JSON.stringify(report, null, 1), { qos: 2 });
});
await heartbeat.subscribeAsync({ [env('PROBE_TOPIC')]: { qos: 2 } });

for await (const line of readings<{ kind: (typeof kinds)[number] }>()) {
  const { kind } = line;
  const topic = env(`${kind.toUpperCase()}_TOPIC`);
  const message = JSON.stringify(line);
  last.push(clients[kind].publishAsync(topic, message, { qos: qosOf[kind] }));
}
await Promise.all(last);
await Promise.all(Object.values(clients).map(one => one.endAsync()));
