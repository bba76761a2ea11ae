import mqtt from 'mqtt';
import { env, onStop } from '#kit';

// 1  Connect: under the name you were given, with the keep-alive you were given.
const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  keepalive: Number(env('MQTT_KEEPALIVE')),
});

// 2  Prove it: CONNACK is the broker's answer.
client.on('connect', () => console.log('connected'));

// 3  Take no for an answer: a refusal ends the program with exit code 1.
client.on('error', error => {
  console.error(`refused: ${error.message}`);
  process.exit(1);
});

// 4  Leave: say goodbye when you are asked to stop. Before CONNACK there is nobody to say it to.
onStop(() => client.end(!client.connected));
