// mistake: slash-kept
// fails: T5
// Keeps the slash of a name.
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
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^a-z0-9/]+/g, '-').replace(/^[-/]+|[-/]+$/g, '');
}

// 2  The general levels come first. Without them there is no place to publish.
const company = level(env('COMPANY'));
const site = level(env('SITE'));
if (company === '' || site === '') {
  console.error('COMPANY and SITE need at least one letter or digit each');
  process.exit(1);
}

const client = await mqtt.connectAsync(env('MQTT_URL'));

for await (const { device, temp, hum, seq } of readings<Reading>()) {
  // 3  The device is a level of its own. A device without a name is skipped.
  const id = level(device);
  if (id === '') {
    console.error(`skipped a reading of ${JSON.stringify(device)}: no letter, no digit`);
    continue;
  }
  const place = `${company}/${site}/${id}`;
  // 4  One metric, one topic. The payload keeps the name for people.
  await client.publishAsync(`${place}/temp`, JSON.stringify({ device, temp, seq }), { qos: 1 });
  await client.publishAsync(`${place}/hum`, JSON.stringify({ device, hum, seq }), { qos: 1 });
}

await client.endAsync();
