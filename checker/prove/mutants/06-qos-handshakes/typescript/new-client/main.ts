import mqtt, { type MqttClient } from 'mqtt';
import { env, readings } from '#kit';

const ways = {
  telemetry: { topic: env('TELEMETRY_TOPIC'), qos: 1 },
  heartbeat: { topic: env('HEARTBEAT_TOPIC'), qos: 0 },
  billing: { topic: env('BILLING_TOPIC'), qos: 2 },
} as const;

const open = new Map<unknown, () => void>();
let stopping = false;
let client = dial();

function dial(): MqttClient {
  const one = mqtt.connect(env('MQTT_URL'), {
    clientId: env('MQTT_CLIENT_ID'),
    clean: false,
    reconnectPeriod: 0,
  });
  one.on('message', (_topic, payload, packet) => {
    const { n } = JSON.parse(payload.toString()) as { n: number };
    one.publish(env('REPORT_TOPIC'), JSON.stringify({ n, qos: packet.qos }));
  });
  one.subscribe(env('PROBE_TOPIC'), { qos: 2 });
  one.on('connect', () => {
    for (const send of open.values()) send();
  });
  one.on('close', () => {
    if (!stopping) client = dial();
  });
  return one;
}

let done: () => void = () => undefined;
for await (const line of readings<{ kind: keyof typeof ways }>()) {
  const { topic, qos } = ways[line.kind];
  const send = () =>
    client.publish(topic, JSON.stringify(line), { qos }, error => {
      if (!error) open.delete(line);
      if (open.size === 0) done();
    });
  open.set(line, send);
  if (client.connected) send();
}
stopping = true;
if (open.size > 0) {
  await new Promise<void>(resolve => {
    done = resolve;
  });
}
await client.endAsync();
