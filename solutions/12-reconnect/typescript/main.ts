import mqtt from 'mqtt';
import { env, readings } from '#kit';

const askTopic = env('ASK_TOPIC');
const answerTopic = env('ANSWER_TOPIC');
const heartbeatTopic = env('HEARTBEAT_TOPIC');
const readingsTopic = env('READINGS_TOPIC');

// One client for the whole life of the program. The library dials again, once a second.
const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  keepalive: Number(env('MQTT_KEEPALIVE')),
  reconnectPeriod: 1000,
  // A broker that is not ready yet says so in CONNACK: that is weather, too.
  reconnectOnConnackError: true,
});

// Attached once, for all connections.
client.on('message', (_topic, payload) => {
  const ask = question(payload);
  if (ask === undefined) return;
  client.publish(answerTopic, JSON.stringify({ answer: ask }), { qos: 1 });
});

// What is no question is left out: it ends nothing.
function question(payload: Buffer): string | undefined {
  try {
    const ask = JSON.parse(payload.toString())?.ask;
    return typeof ask === 'string' ? ask : undefined;
  } catch {
    return undefined;
  }
}

// The only thing that belongs to each connection: its subscription.
client.on('connect', ({ sessionPresent }) => {
  if (!sessionPresent) client.subscribe(askTopic, { qos: 1 });
});

// A refused connection is weather, not the end.
client.on('error', error => console.error(`no connection: ${error.message}`));

// One timer. A heartbeat that cannot leave now is not worth sending later.
const pause = Number(env('HEARTBEAT_MS'));
let beat = 0;
const timer = setInterval(() => {
  beat += 1;
  if (client.connected) client.publish(heartbeatTopic, JSON.stringify({ beat }), { qos: 0 });
}, pause);

// A reading is worth keeping: at QoS 1 the library holds it until PUBACK.
const unconfirmed: Promise<unknown>[] = [];
for await (const reading of readings()) {
  unconfirmed.push(client.publishAsync(readingsTopic, JSON.stringify(reading), { qos: 1 }));
}

// No more input: leave when every reading has been acknowledged, whatever the line does meanwhile.
await Promise.all(unconfirmed);
clearInterval(timer);
await client.endAsync(!client.connected);
