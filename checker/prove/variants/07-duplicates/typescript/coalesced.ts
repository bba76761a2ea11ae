// Remembers the last thousand keys only, and gathers totals for 150 ms; the rest at the end.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), clean: false });
const known = new Map<string, true>();
const totals: Record<string, number> = {};
const changed = new Set<string>();
let timer: NodeJS.Timeout | undefined;

function flush() {
  clearTimeout(timer);
  timer = undefined;
  for (const device of [...changed].reverse()) {
    const kwh = Math.round((totals[device] ?? 0) * 100) / 100;
    client.publish(`${env('TOTALS')}/${device}`, JSON.stringify({ kwh, device }), { qos: 1 });
  }
  changed.clear();
}

client.on('message', (topic, payload) => {
  const { device, boot, seq, kwh } = JSON.parse(payload.toString());
  const key = JSON.stringify([topic, boot, seq]);
  if (known.has(key)) return;
  known.set(key, true);
  const [oldest] = known.keys();
  if (known.size > 1000 && oldest) known.delete(oldest);
  totals[device] = (totals[device] ?? 0) + kwh;
  changed.add(device);
  timer ??= setTimeout(flush, 150);
});
client.on('connect', ({ sessionPresent }) => {
  if (!sessionPresent) client.subscribe({ [`${env('METERS')}/+/energy`]: { qos: 2 } });
});
onStop(() => {
  flush();
  client.end();
});
