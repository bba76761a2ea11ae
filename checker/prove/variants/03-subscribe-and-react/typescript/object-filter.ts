// The filter as an object, a wildcard that matches nothing else, answers at QoS 2.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const filter = env('IN_TOPIC').replace(/^[^/]+/, '+');
const client = mqtt.connect(env('MQTT_URL'), { clientId: `variant-${process.pid}` });
client.on('message', (_topic, payload) => {
  let reading: { device?: unknown; seq?: unknown; temp?: unknown } | null = null;
  try {
    reading = JSON.parse(String(payload));
  } catch {}
  if (reading?.device === undefined || reading.seq === undefined) return;
  if (typeof reading.temp !== 'number') return;
  const f = Math.round((reading.temp * 1.8 + 32) * 100) / 100;
  client.publish(env('OUT_TOPIC'), JSON.stringify({ ...reading, f }), { qos: 2 });
});
client.subscribe({ [filter]: { qos: 1 } }, error => {
  if (!error) return;
  process.exitCode = 2;
  client.end(true);
  setTimeout(() => process.exit(2), 50);
});
onStop(() => client.end());
