// Dials by hand, a new client for each try; the password as bytes, the parts of the address as options.
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { env, onStop, readings } from '#kit';

const inPublic = env('PUBLIC_BROKER') === '1';
const { hostname, port } = new URL(env('MQTT_URL'));
const options: IClientOptions = {
  protocol: 'mqtt',
  hostname,
  port: Number(port),
  reconnectPeriod: 0,
};
if (!inPublic) {
  options.username = env('MQTT_USERNAME');
  options.password = Buffer.from(env('MQTT_PASSWORD'), 'utf8');
}

let client: MqttClient;
let leaving = false;
let underWay = 0;
const waiting: [string, string][] = [];

function send(): void {
  while (client.connected && waiting.length > 0) {
    const [topic, message] = waiting.shift() as [string, string];
    underWay++;
    client.publish(topic, message, { qos: 1 }, error => {
      underWay--;
      if (error) waiting.push([topic, message]);
      leave();
    });
  }
}

/** When the input is over and everything is acknowledged. */
function leave(): void {
  if (leaving && client.connected && waiting.length === 0 && underWay === 0) client.end();
}

function dial(): void {
  client = mqtt.connect(options);
  let final = false;
  client.on('error', error => {
    final = [4, 5].includes((error as { code?: number }).code ?? 0);
    if (!final) return;
    // Nothing keeps this process alive any more: it ends by itself, with this code.
    process.exitCode = 2;
    process.stdin.destroy();
  });
  client.on('connect', () => {
    send();
    leave();
  });
  client.on('close', () => {
    if (!final && (!leaving || waiting.length > 0)) setTimeout(dial, 300);
  });
}
dial();
onStop(() => {
  leaving = true;
  leave();
});

for await (const { temp } of readings<{ temp: number }>()) {
  waiting.push(
    inPublic
      ? [`${env('PUBLIC_PREFIX')}/a/b/c`, JSON.stringify({ temp: -273, note: 'not a real one' })]
      : [env('TOPIC'), JSON.stringify({ unit: 'C', temp, device: env('DEVICE_SERIAL') })],
  );
  send();
}
