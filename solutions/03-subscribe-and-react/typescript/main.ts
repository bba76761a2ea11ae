import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const inTopic = env('IN_TOPIC');
const outTopic = env('OUT_TOPIC');
const client = mqtt.connect(env('MQTT_URL'));

// 1  Listen before anything can arrive: the handler comes first.
client.on('message', (topic, payload) => {
  const answer = fahrenheit(payload.toString());
  // 4  Answer what is a reading; skip what is not.
  if (answer) client.publish(outTopic, JSON.stringify(answer), { qos: 1 });
  else console.log(`skipped ${payload.length} bytes on ${topic}`);
});

// 2  Subscribe when the connection is up, and know from SUBACK whether it worked.
client.on('connect', () => {
  client.subscribe(inTopic, (error, granted) => {
    if (client.disconnecting) return;
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
  if (device === undefined || seq === undefined) return undefined;
  if (typeof temp !== 'number' || !Number.isFinite(temp)) return undefined;
  return { device, seq, f: (temp * 9) / 5 + 32 };
}

onStop(() => client.end());
