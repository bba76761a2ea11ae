import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'));

// 1  Say something, under the topic name that you were given.
client.publish(env('TOPIC'), 'hello');

// 2  Leave: say goodbye when you are asked to stop.
onStop(() => client.end(!client.connected));
