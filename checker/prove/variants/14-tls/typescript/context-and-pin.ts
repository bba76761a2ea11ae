// The authority as a list of strings, one look more at the certificate, and an exception that ends it all.
import { readFileSync } from 'node:fs';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import mqtt, { type IClientOptions } from 'mqtt';
import { env, readings } from '#kit';

process.on('uncaughtException', error => {
  console.error(String(error));
  process.exit(3);
});

const { hostname, port } = new URL(env('MQTT_URL').replace('mqtts:', 'https:'));
const options = {
  protocol: 'mqtts',
  host: hostname,
  port: Number(port),
  ca: [readFileSync(env('MQTT_CA_FILE'), 'utf8')],
  rejectUnauthorized: true,
  minVersion: 'TLSv1.2',
  checkServerIdentity: (host: string, certificate: PeerCertificate) => {
    if (certificate.subject.CN !== 'localhost') return new Error('not the one we know');
    return checkServerIdentity(host, certificate);
  },
  username: env('MQTT_USERNAME'),
  password: Buffer.from(env('MQTT_PASSWORD')),
};
const client = await mqtt.connectAsync(options as IClientOptions);
for await (const reading of readings()) {
  await client.publishAsync(env('TOPIC'), JSON.stringify({ ...reading, unit: 'C' }), { qos: 1 });
}
await client.endAsync();
