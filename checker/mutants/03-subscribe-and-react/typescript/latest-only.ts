// mistake: loses-in-burst
// fails: T5
// Answers on a timer with the latest reading.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const inTopic = env('IN_TOPIC');
const outTopic = env('OUT_TOPIC');
const client = mqtt.connect(env('MQTT_URL'));

// 1  Listen before anything can arrive: the handler comes first.
let latest: object | undefined;
const timer = setInterval(() => {
  if (latest) client.publish(outTopic, JSON.stringify(latest), { qos: 1 });
  latest = undefined;
}, 5);
onStop(() => clearInterval(timer));
client.on('message', (topic, payload) => {
  const answer = fahrenheit(payload.toString());
  // 4  Answer what is a reading; skip what is not.
  if (answer) latest = answer;
  else console.log(`skipped ${payload.length} bytes on ${topic}`);
});

// 2  Subscribe when the connection is up, and know from SUBACK whether it worked.
client.on('connect', () => {
  client.subscribe(inTopic, (error, granted) => {
    if (error || granted?.some(({ qos }) => qos === 128)) {
      console.error(`the broker refused ${inTopic}`);
      process.exit(1);
    }
  });
});

// 3  Bytes to text, text to an object, object to an answer.
function fahrenheit(text: string): object | undefined {
  let reading: unknown;
  try {
    reading = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof reading !== 'object' || reading === null) return undefined;
  const { device, seq, temp } = reading as Record<string, unknown>;
  if (device === undefined || seq === undefined || typeof temp !== 'number') return undefined;
  return { device, seq, f: (temp * 9) / 5 + 32 };
}

onStop(() => client.end());
