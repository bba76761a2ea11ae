// Two machines have the same kind of will. One is cut off, the other one says goodbye.
// Nothing to write here. Watch who says "gone", and when.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const topic = (machine: string) => `${env('STATUS_TOPIC')}/${machine}`;
const machine = (clientId: string) =>
  mqtt.connectAsync(env('MQTT_URL'), {
    clientId,
    reconnectPeriod: 0,
    will: { topic: topic(clientId), payload: env('OFFLINE'), qos: 1, retain: true },
  });

// 1  Somebody listens.
const dashboard = await mqtt.connectAsync(env('MQTT_URL'), { clientId: 'dashboard' });
await dashboard.subscribeAsync(topic('+'), { qos: 1 });

// 2  Look at CONNECT: it carries the will. Then the machine loses its connection.
const press = await machine('press');
await press.publishAsync(topic('press'), env('ONLINE'), { qos: 1, retain: true });
const gone = new Promise(resolve =>
  dashboard.on('message', (_, text) => `${text}` === env('OFFLINE') && resolve(text)),
);
press.stream.destroy();
await gone;

// 3  The same machine again, and now it leaves with DISCONNECT. What does the dashboard hear?
const pump = await machine('pump');
await pump.publishAsync(topic('pump'), env('ONLINE'), { qos: 1, retain: true });
await pump.endAsync();

// 4  Who comes now reads what is stored: is it true for both machines?
const late = await mqtt.connectAsync(env('MQTT_URL'), { clientId: 'late' });
await late.subscribeAsync(topic('+'), { qos: 1 });

onStop(() => {
  dashboard.end();
  late.end();
});
