// mistake: trusts-dup
// fails: T6
// Has the right key, and throws away what has DUP set all the same.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

interface Reading {
  device: string;
  boot: number;
  seq: number;
  kwh: number;
}

// 1  A name, and clean: false: the broker keeps for us what comes while the line is down. (This part is done.)
const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  clean: false,
  reconnectPeriod: 200,
});

// 2  What makes a reading unique?
function keyOf({ device, boot, seq }: Reading): string {
  return `${device} ${boot} ${seq}`;
}

// 3  Add each reading once; say the new total.
const added = new Set<string>();
const totals = new Map<string, number>();

client.on('message', (_topic, payload, packet) => {
  const reading = JSON.parse(payload.toString()) as Reading;
  const { device } = reading;
  if (packet.dup || added.has(keyOf(reading))) return;
  added.add(keyOf(reading));
  const kwh = (totals.get(device) ?? 0) + reading.kwh;
  totals.set(device, kwh);
  client.publish(`${env('TOTALS')}/${device}`, JSON.stringify({ device, kwh }), { qos: 1 });
});

// 4  All meters, at QoS 1.
client.subscribe(`${env('METERS')}/+/energy`, { qos: 1 });

onStop(() => client.end());
