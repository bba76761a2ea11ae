// mistake: second-client
// fails: T4
// Makes a new client at each close, while the library reconnects the old one.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const askTopic = env('ASK_TOPIC');
const answerTopic = env('ANSWER_TOPIC');
const heartbeatTopic = env('HEARTBEAT_TOPIC');
const readingsTopic = env('READINGS_TOPIC');

// One client for the whole life of the program. The library dials again, once a second.
let client = connect();

function connect() {
  const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  keepalive: Number(env('MQTT_KEEPALIVE')),
  reconnectPeriod: 1000,
});

// Attached once, for all connections.
client.on('message', (_topic, payload) => {
  const { ask } = JSON.parse(payload.toString());
  client.publish(answerTopic, JSON.stringify({ answer: ask }), { qos: 1 });
});

// The only thing that belongs to each connection: its subscription.
client.on('connect', ({ sessionPresent }) => {
  if (!sessionPresent) client.subscribe(askTopic, { qos: 1 });
});

client.on('error', error => console.error(`no connection: ${error.message}`));
client.once('close', () => {
  if (!stopping) reconnect();
});
return client;
}

let stopping = false;
function reconnect() {
  client = connect();
}

// One timer. A heartbeat that cannot leave now is not worth sending later.
const pause = Number(env('HEARTBEAT_MS'));
let beat = 0;
const timer = setInterval(() => {
  beat += 1;
  if (client.connected) client.publish(heartbeatTopic, JSON.stringify({ beat }), { qos: 0 });
}, pause);

// A reading is worth keeping: at QoS 1 the library holds it until PUBACK.
for await (const reading of readings()) {
  client.publish(readingsTopic, JSON.stringify(reading), { qos: 1 });
}

stopping = true;
clearInterval(timer);
client.end();
