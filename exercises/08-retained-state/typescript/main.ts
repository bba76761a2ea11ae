import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Line {
  mode?: string;
  temp?: number;
  decommission?: boolean;
}

const stateTopic = env('STATE_TOPIC');
const telemetryTopic = env('TELEMETRY_TOPIC');
const reportTopic = env('REPORT_TOPIC');
const client = mqtt.connect(env('MQTT_URL'));

// 1  The watcher: say of each message whether it was stored, happens now, or erases.
client.on('message', (topic, payload, packet) => {
  //  TODO 4: publish { device, source, mode } as JSON on reportTopic. The device is a level of
  //          the topic name. Start with the messages of zero bytes; then look at packet.retain.
  console.log(`${topic}: ${payload.length} bytes, retain ${packet.retain}`);
});
client.on('connect', () => client.subscribe(env('WATCH_FILTER'), { qos: 1 }));

// 2  The device: which messages are for those who come later, too?
for await (const line of readings<Line>()) {
  if (line.decommission) {
    //  TODO 3: leave nothing stored on stateTopic
    console.log('scrapped');
  } else if (line.mode !== undefined) {
    //  TODO 1: publish {"mode":…} on stateTopic: at QoS 1, and stored
    console.log(`the mode is ${line.mode}; nothing said on ${stateTopic} yet`);
  } else {
    //  TODO 2: publish {"temp":…} on telemetryTopic; is this a state or an event?
    console.log(`${line.temp} degrees; nothing said on ${telemetryTopic} yet`);
  }
}
await client.endAsync();
