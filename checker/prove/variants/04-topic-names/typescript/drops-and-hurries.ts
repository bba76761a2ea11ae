// Drops what may not stay, keeps repeated hyphens of its own, publishes hum first at QoS 0 and 2.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const level = (name: string) =>
  [...name.toLowerCase()].map(c => (/[a-z0-9]/.test(c) ? c : '-')).join('');
const usable = (text: string) => /[^-]/.test(text);
const [company, site] = [level(env('COMPANY')), level(env('SITE'))];
if (!usable(company) || !usable(site)) process.exit(3);

const client = mqtt.connect(env('MQTT_URL'), { clientId: `variant-${process.pid}` });
const sent: Promise<unknown>[] = [];
for await (const reading of readings<{
  device: string;
  temp: number;
  hum: number;
  seq: number;
}>()) {
  const id = level(reading.device);
  if (!usable(id)) continue;
  const text = JSON.stringify({ unit: 'as measured', ...reading }, null, 1);
  sent.push(client.publishAsync([company, site, id, 'hum'].join('/'), text));
  sent.push(client.publishAsync([company, site, id, 'temp'].join('/'), text, { qos: 2 }));
}
await Promise.all(sent);
await client.endAsync();
