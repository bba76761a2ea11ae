// A client for each duty; erases with an empty Buffer; QoS 2; callbacks; more fields.
import mqtt from 'mqtt';
import { env, onStop, readings } from '#kit';

const device = mqtt.connect(env('MQTT_URL'), { clientId: `device-${process.pid}` });
const watcher = mqtt.connect(env('MQTT_URL'), { clientId: `watcher-${process.pid}` });
const keep = { qos: 2, retain: true } as const;

watcher.on('message', (topic, payload, { retain }) => {
  const [, device = ''] = topic.split('/');
  const source = payload.byteLength ? (retain ? 'stored' : 'live') : 'erased';
  const { mode = null } = payload.byteLength ? JSON.parse(String(payload)) : {};
  watcher.publish(
    env('REPORT_TOPIC'),
    JSON.stringify({ at: Date.now(), mode, source, device }, null, 2),
  );
});
watcher.subscribe([env('WATCH_FILTER')]);

let open = 1;
const done = () => {
  open -= 1;
  if (open === 0) device.end(false, () => watcher.end());
};
let present: string | undefined;
const say = () => {
  if (present === undefined) return;
  open += 1;
  device.publish(env('STATE_TOPIC'), present, keep, done);
};
// Known state is said again at each new connection: the same value, so nobody is misled.
device.on('connect', say);
onStop(done);
for await (const { mode, temp, decommission } of readings<Record<string, unknown>>()) {
  if (mode !== undefined) {
    present = JSON.stringify({ since: Date.now(), mode });
    say();
  }
  if (temp !== undefined)
    device.publish(env('TELEMETRY_TOPIC'), JSON.stringify({ unit: 'C', temp }));
  if (decommission) {
    present = undefined;
    device.publish(env('STATE_TOPIC'), Buffer.alloc(0), keep);
  }
}
