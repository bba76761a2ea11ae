// A client whose line is cut after three heartbeats, again and again. Watch what comes back by itself.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID') });

client.on('connect', () => {
  console.log('connected');
  // A slip that many programs have: everything in `connect` happens once more at each reconnect.
  client.on('message', (_topic, payload) => {
    client.publish(env('ANSWER_TOPIC'), `answer to ${payload}`);
  });
  client.subscribe(env('ASK_TOPIC'));
});
client.on('close', () => console.log('the line is down'));

let beats = 0;
const timer = setInterval(() => {
  if (!client.connected) return;
  beats += 1;
  client.publish(env('HEARTBEAT_TOPIC'), `${beats}`);
  // Somebody stumbles over the cable.
  if (beats % 3 === 0) client.stream.destroy();
}, 1000);

onStop(() => {
  clearInterval(timer);
  client.end();
});
