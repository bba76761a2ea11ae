import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const inTopic = env('IN_TOPIC');
const outTopic = env('OUT_TOPIC');
const client = mqtt.connect(env('MQTT_URL'));

// 1  Listen before anything can arrive: the handler comes first. (This part is done.)
client.on('message', (topic, payload) => {
  const answer = fahrenheit(payload.toString());
  // 4  Answer what is a reading; skip what is not.
  //    TODO 3: publish the answer on outTopic as JSON
  console.log(`${payload.length} bytes on ${topic}; the answer for ${outTopic} is`, answer);
});

// 2  Subscribe when the connection is up, and know from SUBACK whether it worked.
client.on('connect', () => {
  //  TODO 1: subscribe to inTopic. The callback of subscribe gets (error, granted);
  //          when the broker refused (error, or a granted qos of 128), process.exit(1)
  console.log(`connected; nothing subscribed to ${inTopic} yet`);
});

// 3  Bytes to text, text to an object, object to an answer.
function fahrenheit(text: string): object | undefined {
  //  TODO 2: parse the text; give { device, seq, f } with f in degrees Fahrenheit,
  //          or undefined when it is not a reading (nonsense must not end the program)
  return undefined;
}

onStop(() => client.end());
