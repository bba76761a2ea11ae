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
//  TODO 3: a key that is the same for a copy, and another one for any other reading
function keyOf(reading: Reading): string {
  return '';
}

// 3  Add each reading once; say the new total.
client.on('message', (topic, payload) => {
  const reading = JSON.parse(payload.toString()) as Reading;
  //  TODO 2: add it to the total of its device, and publish that total at QoS 1
  //  TODO 4: leave out what has been added already
  console.log(`${topic}: ${reading.kwh} kWh, not added yet; key "${keyOf(reading)}"`);
});

// 4  All meters, at QoS 1.
//  TODO 1: one subscription for METERS/<any device>/energy

onStop(() => client.end());
