// attack: answers with the example of the lesson
// lesson: 3
// outcome: failed
// says: .
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'));
client.on('connect', () => client.subscribe(env('IN_TOPIC')));
let seq = 0;
client.on('message', () => {
  seq++;
  client.publish(env('OUT_TOPIC'), JSON.stringify({ device: 'freezer-3', seq, f: -0.4 }), {
    qos: 1,
  });
});
onStop(() => client.end());
