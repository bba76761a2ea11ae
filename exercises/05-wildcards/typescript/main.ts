import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const queryTopic = env('QUERY_TOPIC');
const replyTopic = env('REPLY_TOPIC');

// 1  The narrowest filter that has every device, and nothing else.
//    TODO 1: this filter has one device only; make it match the temp of every device
const filter = `${env('COMPANY')}/${env('SITE')}/freezer-3f/temp`;

const latest = new Map<string, number>();
const client = mqtt.connect(env('MQTT_URL'));

// 2  Every message comes through here. Its topic name says what it is.
client.on('message', (topic, payload) => {
  //  TODO 2: on queryTopic, answer(); on any other topic, remember(…)
  console.log(`${payload.length} bytes on ${topic}`);
});

// 3  The device is the third level of the topic name. The latest temperature counts.
function remember(topic: string, text: string): void {
  //  TODO 3: take the device out of the topic name, and temp out of the text; put both into
  //          `latest`. A text that is no JSON must not end the program.
  console.log(topic, text);
}

// 4  A query is answered with what is known now.
function answer(): void {
  //  TODO 4: publish {"<device>": temp, …} on replyTopic; {} when nothing is known
  console.log(`an answer for ${replyTopic} about ${latest.size} devices`);
}

// 5  Both filters; and know from SUBACK whether it worked.
client.on('connect', () => {
  //  TODO 5: subscribe to queryTopic, too
  client.subscribe([filter], (error, granted) => {
    if (error || granted?.some(({ qos }) => qos === 128)) {
      console.error(`not subscribed: ${error?.message ?? 'refused'}`);
      process.exit(1);
    }
  });
});

onStop(() => client.end());
