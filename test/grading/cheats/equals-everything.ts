// attack: answers with objects that claim to be equal to everything
// lesson: 3
// outcome: failed
// says: .
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const equal = {
  toJSON: () => ({ device: { $ne: null }, seq: { toString: 'always' }, f: { valueOf: 'equal' } }),
  valueOf: () => true,
  [Symbol.toPrimitive]: () => 1,
};
const client = mqtt.connect(env('MQTT_URL'));
client.on('connect', () => client.subscribe(env('IN_TOPIC')));
client.on('message', () => client.publish(env('OUT_TOPIC'), JSON.stringify(equal), { qos: 1 }));
onStop(() => client.end());
