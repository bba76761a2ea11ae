// Ends the old client and makes a new one for each connection; pauses grow, with jitter; keeps its
// readings itself until PUBACK.
import mqtt, { type MqttClient } from 'mqtt';
import { env, readings } from '#kit';

const waiting: object[] = [];
let client: MqttClient | undefined;
let failures = 0;
let asked = false;
let stopping = false;

function dial(): void {
  const mine = mqtt.connect(env('MQTT_URL'), {
    clientId: env('MQTT_CLIENT_ID'),
    keepalive: Number(env('MQTT_KEEPALIVE')),
    reconnectPeriod: 0,
    queueQoSZero: false,
  });
  client = mine;
  mine.on('error', () => undefined);
  mine.on('message', (_topic, payload) => {
    let answer: unknown;
    try {
      answer = JSON.parse(String(payload))?.ask;
    } catch {
      return;
    }
    if (typeof answer !== 'string') return;
    mine.publish(env('ANSWER_TOPIC'), JSON.stringify({ answer, by: 'variant' }), { qos: 0 });
  });
  mine.on('connect', () => {
    failures = 0;
    mine.subscribe(env('ASK_TOPIC'), { qos: 0 });
    flush();
  });
  mine.once('close', () => {
    mine.removeAllListeners('message');
    mine.end(true);
    if (stopping) return;
    failures += 1;
    setTimeout(dial, Math.min(3000, 300 * 2 ** failures) * (0.7 + 0.3 * Math.random()));
  });
}

function flush(): void {
  if (!client?.connected) return;
  for (const reading of [...waiting]) {
    client.publish(env('READINGS_TOPIC'), JSON.stringify(reading), { qos: 1 }, error => {
      const at = waiting.indexOf(reading);
      if (!error && at >= 0) waiting.splice(at, 1);
      leaveWhenDone();
    });
  }
}

dial();
let n = 0;
const timer = setInterval(
  () => client?.connected && client.publish(env('HEARTBEAT_TOPIC'), `{"n":${n++}}`),
  Number(env('HEARTBEAT_MS')),
);
function leaveWhenDone(): void {
  if (!asked || stopping || waiting.length > 0) return;
  stopping = true;
  clearInterval(timer);
  client?.end();
}
for await (const reading of readings()) {
  waiting.push(reading);
  flush();
}
asked = true;
leaveWhenDone();
