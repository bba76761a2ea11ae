// mistake: forced-end
// fails: T3
// Ends the process without waiting.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Line {
  kind: 'telemetry' | 'heartbeat' | 'billing';
  seq: number;
  device: string;
  value: number;
}

// 1  A name, and clean: false: both sides remember unfinished handshakes. (This part is done.)
const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  clean: false,
  reconnectPeriod: 200,
});

// 2  One topic and one QoS for each kind: what does a lost message cost, what does a second one?
const ways = {
  telemetry: { topic: env('TELEMETRY_TOPIC'), qos: 1 },
  heartbeat: { topic: env('HEARTBEAT_TOPIC'), qos: 0 },
  billing: { topic: env('BILLING_TOPIC'), qos: 2 },
} as const;

// 3  Probes: at which QoS does a message reach us?
client.on('message', (_topic, payload, packet) => {
  const { n } = JSON.parse(payload.toString()) as { n: number };
  client.publish(env('REPORT_TOPIC'), JSON.stringify({ n, qos: packet.qos }));
});
client.subscribe(env('PROBE_TOPIC'), { qos: 2 });

// 4  Publish each line when it comes; keep what tells you that it has been acknowledged.
const unfinished: Promise<unknown>[] = [];
for await (const line of readings<Line>()) {
  const { topic, qos } = ways[line.kind];
  unfinished.push(client.publishAsync(topic, JSON.stringify(line), { qos }));
}

// 5  Leave when everything has been acknowledged.
process.exit(0);
