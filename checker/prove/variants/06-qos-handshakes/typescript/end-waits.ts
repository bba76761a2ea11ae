// Callbacks only: what is open is counted, and end() comes when nothing is. A clean session.

import { createInterface } from 'node:readline';
import mqtt from 'mqtt';

const { MQTT_URL, PROBE_TOPIC = '', REPORT_TOPIC = '', ...rest } = process.env;
const client = mqtt.connect(MQTT_URL ?? '', { clientId: rest.MQTT_CLIENT_ID, reconnectPeriod: 50 });
client.on('connect', () => {
  client.subscribe([PROBE_TOPIC], { qos: 2 });
});
client.on('message', (topic, payload, packet) => {
  if (topic !== PROBE_TOPIC) return;
  const { n } = JSON.parse(payload.toString('utf8'));
  client.publish(REPORT_TOPIC, `{"qos":${packet.qos},"n":${n}}`, { qos: 1 });
});
let open = 1;
const done = () => {
  open -= 1;
  if (open === 0) client.end();
};
createInterface({ input: process.stdin })
  .on('line', text => {
    const { kind } = JSON.parse(text) as { kind: string };
    open += 1;
    switch (kind) {
      case 'telemetry':
        client.publish(rest.TELEMETRY_TOPIC ?? '', text, { qos: 1 }, done);
        break;
      case 'billing':
        client.publish(rest.BILLING_TOPIC ?? '', text, { qos: 2 }, done);
        break;
      default:
        client.publish(rest.HEARTBEAT_TOPIC ?? '', text, done);
    }
  })
  .on('close', done);
