import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Line {
  kind: 'telemetry' | 'heartbeat' | 'billing';
  seq: number;
  device: string;
  value: number;
}

// 1  A name, and clean: false: both sides remember unfinished handshakes. (This part is done.)
const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  clean: false,
  reconnectPeriod: 200,
});

// 2  One topic and one QoS for each kind: what does a lost message cost, what does a second one?
const ways = {
  telemetry: { topic: env('TELEMETRY_TOPIC') },
  //  TODO 1: heartbeat, billing, and the QoS of all three
};

// 3  Probes: at which QoS does a message reach us?
//  TODO 4: ask for PROBE_TOPIC at QoS 2, and report each probe on REPORT_TOPIC

// 4  Publish each line when it comes; keep what tells you that it has been acknowledged.
for await (const line of readings<Line>()) {
  //  TODO 2: publish the line, as JSON, on the topic and at the QoS of its kind
  console.log(
    `${line.kind} ${line.seq}: not published yet (telemetry goes to ${ways.telemetry.topic})`,
  );
}

// 5  Leave when everything has been acknowledged.
//  TODO 3: wait for all messages of part 4; then say goodbye
client.end();
