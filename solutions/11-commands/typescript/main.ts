import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const commandTopic = env('COMMAND_TOPIC');
const stateTopic = env('STATE_TOPIC');
const errorTopic = env('ERROR_TOPIC');

interface Command {
  led?: unknown;
  id?: unknown;
}

let led: 'on' | 'off' = 'off';
const client = mqtt.connect(env('MQTT_URL'));

// 1  What comes in is a stranger's text: bytes to an object, or undefined.
function parse(payload: Buffer): Command | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString());
    // What is nested too deep to be written again cannot be answered.
    JSON.stringify(value);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

// 2  Do what is asked, or say why not. Set, never toggle.
function obey(payload: Buffer): void {
  const command = parse(payload);
  const id = command?.id;
  if (command?.led !== 'on' && command?.led !== 'off') {
    report(errorTopic, { error: 'led must be "on" or "off"', id }, false);
    return;
  }
  led = command.led;
  console.log(`the lamp is ${led}`);
  report(stateTopic, { led, id }, true);
}

// 3  State is stored for those who come later. An error is news, and is not.
function report(topic: string, message: object, retain: boolean): void {
  client.publish(topic, JSON.stringify(message), { qos: 1, retain });
}

// 4  A stored command is an old one: somebody wanted that once.
client.on('message', (topic, payload, packet) => {
  if (packet.retain) console.log(`ignored a stored command on ${topic}`);
  else obey(payload);
});

// 5  Commands at QoS 1.
client.on('connect', () => {
  client.subscribe(commandTopic, { qos: 1 }, (error, granted) => {
    if (error) console.error(`not subscribed on this connection: ${error.message}`);
    if (granted?.some(({ qos }) => qos === 128)) process.exit(1);
  });
});

// Before CONNACK there is nobody to say DISCONNECT to.
onStop(() => client.end(!client.connected));
