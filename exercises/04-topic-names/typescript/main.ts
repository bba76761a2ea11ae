import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading {
  device: string;
  temp: number;
  hum: number;
  seq: number;
}

// 1  A name for people becomes a level: a to z, 0 to 9 and -. Nothing left? Then it is ''.
function level(name: string): string {
  //  TODO 1: lower case; every other character becomes - or goes; '' when no letter and
  //          no digit is left
  return name;
}

// 2  The general levels come first. Without them there is no place to publish.
const company = level(env('COMPANY'));
const site = level(env('SITE'));
//    TODO 2: when one of them is '', say so and process.exit(1)

const client = await mqtt.connectAsync(env('MQTT_URL'));

for await (const { device, temp, hum, seq } of readings<Reading>()) {
  // 3  The device is a level of its own. A device without a name is skipped.
  const id = level(device);
  //    TODO 3: make the place of the device: company, site, id; skip the reading when id is ''
  const place = `${company}`;
  // 4  One metric, one topic. The payload keeps the name for people.
  await client.publishAsync(`${place}/temp`, JSON.stringify({ device, temp, seq }), { qos: 1 });
  //    TODO 4: the same for hum, on a topic of its own
  console.log(`hum ${hum} of ${id} in ${site} has no topic yet`);
}

await client.endAsync();
