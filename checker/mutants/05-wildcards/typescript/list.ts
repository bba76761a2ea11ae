// mistake: keeps-a-list
// fails: T6
// Appends to a list.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const queryTopic = env('QUERY_TOPIC');
const replyTopic = env('REPLY_TOPIC');

// 1  The narrowest filter that has every device, and nothing else.
const filter = `${env('COMPANY')}/${env('SITE')}/+/temp`;

const latest = new Map<string, number[]>();
const client = mqtt.connect(env('MQTT_URL'));

// 2  Every message comes through here. Its topic name says what it is.
client.on('message', (topic, payload) => {
  if (topic === queryTopic) answer();
  else remember(topic, payload.toString());
});

// 3  The device is the third level of the topic name. The latest temperature counts.
function remember(topic: string, text: string): void {
  const [, , device] = topic.split('/');
  try {
    const { temp } = JSON.parse(text);
    if (device !== undefined && typeof temp === 'number') latest.set(device, [...(latest.get(device) ?? []), temp]);
  } catch {
    console.error(`skipped a message on ${topic}: it is not JSON`);
  }
}

// 4  A query is answered with what is known now.
function answer(): void {
  const reply = JSON.stringify(Object.fromEntries(latest));
  client.publish(replyTopic, reply, { qos: 1 });
}

// 5  Both filters; and know from SUBACK whether it worked.
client.on('connect', () => {
  client.subscribe([filter, queryTopic], (error, granted) => {
    if (error || granted?.some(({ qos }) => qos === 128)) {
      console.error(`not subscribed: ${error?.message ?? 'refused'}`);
      process.exit(1);
    }
  });
});

onStop(() => client.end());
