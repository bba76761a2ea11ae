import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const commandTopic = env('COMMAND_TOPIC');
const stateTopic = env('STATE_TOPIC');
const errorTopic = env('ERROR_TOPIC');

const client = mqtt.connect(env('MQTT_URL'));

// TODO 1: what comes in is a stranger's text: bytes to an object, or undefined
function parse(payload: Buffer): { led?: unknown; id?: unknown } | undefined {
  return payload.length === 0 ? undefined : {};
}

// TODO 2: do what is asked, and say so on stateTopic; or say why not on errorTopic
function obey(payload: Buffer): void {
  console.log(`a command of ${payload.length} bytes:`, parse(payload));
}

// TODO 3: publish JSON; which of the two topics is stored?
function report(topic: string, message: object): void {
  console.log(`for ${topic}:`, message);
}

// TODO 4: obey what is new; which flag of `packet` tells that a command is old?
client.on('message', (topic, payload, packet) => {
  console.log(`${payload.length} bytes on ${topic}`, packet.retain);
});

// TODO 5: subscribe to commands at QoS 1, and know whether it worked
client.on('connect', () => {
  console.log(`connected, and deaf for ${commandTopic}`);
});

// Before CONNACK there is nobody to say DISCONNECT to.
onStop(() => client.end(!client.connected));
