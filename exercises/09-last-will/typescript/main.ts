import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const topic = env('STATUS_TOPIC');

// 1  The will: what the broker says when this program cannot speak any more.
//    TODO 1: connect() takes a `will`: an object with topic, payload, qos and retain
const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  keepalive: Number(env('MQTT_KEEPALIVE')),
});

// 2  The birth: "here", as often as it becomes true.
client.on('connect', () => {
  //  TODO 2: say ONLINE on the topic, for those who come later, too
  console.log(`connected; nothing said on ${topic} yet`);
});

// 3  The goodbye: which part of it would the will do for you? Which not?
onStop(() => {
  //  TODO 3: say OFFLINE yourself, and wait until the broker has it; then end the client
  client.end();
});
