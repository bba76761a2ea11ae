// The same server three times, with another idea of trust each time. Watch who sends CONNECT.
import { readFileSync } from 'node:fs';
import mqtt, { type IClientOptions } from 'mqtt';
import { env, onStop } from '#kit';

const ca = readFileSync(env('MQTT_CA_FILE'));
const login = { username: env('MQTT_USERNAME'), password: env('MQTT_PASSWORD') };

async function knock(name: string, url: string, trust: IClientOptions): Promise<void> {
  const client = mqtt.connect(url, { ...login, ...trust, clientId: name, reconnectPeriod: 0 });
  const came = await new Promise<string>(resolve => {
    client.once('connect', () => resolve('connected'));
    client.once('error', error => resolve(error.message));
  });
  console.log(`${name}: ${came}`);
  client.end();
}

const url = env('MQTT_URL');
await knock('with-the-authority', url, { ca });
await knock('without-it', url, {});
await knock('by-address', url.replace('localhost', '127.0.0.1'), { ca });
await knock('trusts-everybody', url, { rejectUnauthorized: false });

onStop(() => undefined);
