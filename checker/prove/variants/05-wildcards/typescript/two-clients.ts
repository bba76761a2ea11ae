// A client for the data, another one for the questions; one subscribe call each, QoS 2 and 1.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const ear = mqtt.connect(env('MQTT_URL'));
const desk = mqtt.connect(env('MQTT_URL'));
const known: Record<string, number> = Object.create(null);

ear.on('message', (topic, payload) => {
  const reading = JSON.parse(String(payload));
  known[topic.split('/').at(-2) ?? ''] = reading.temp;
});
ear.subscribe(`${env('COMPANY')}/${env('SITE')}/+/temp`, { qos: 2 });

desk.on('message', () => desk.publish(env('REPLY_TOPIC'), JSON.stringify(known, null, 2)));
desk.subscribe({ [env('QUERY_TOPIC')]: { qos: 1 } });

onStop(async () => {
  await Promise.all([ear.endAsync(), desk.endAsync()]);
});
