import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'));

// 1  Say something, under the topic name that you were given.
//    TODO 1: publish a message with client.publish(topic, payload).

// 2  Leave: say goodbye when you are asked to stop. (This part is done.)
onStop(() => client.end(!client.connected));
