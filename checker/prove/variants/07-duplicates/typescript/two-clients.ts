// One client listens, another one talks. Keeps all readings and adds them up anew each time.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

type Reading = Record<'boot' | 'seq' | 'kwh', number> & { device: string };
const name = env('MQTT_CLIENT_ID');
const mouth = mqtt.connect(env('MQTT_URL'), { clientId: `${name}-out` });
const ear = mqtt.connect(env('MQTT_URL'), { clientId: name, clean: false, reconnectPeriod: 100 });
const readings = new Map<string, Map<string, Reading>>();

ear.on('message', (topic, payload) => {
  const device = topic.split('/').at(-2) ?? '';
  const reading = JSON.parse(payload.toString()) as Reading;
  const own = readings.get(device) ?? new Map<string, Reading>();
  readings.set(device, own.set(`${reading.boot}.${reading.seq}`, reading));
  const kwh = [...own.values()].reduce((sum, one) => sum + one.kwh, 0);
  const total = { device, kwh, readings: own.size };
  mouth.publish(`${env('TOTALS')}/${device}`, JSON.stringify(total), { qos: 1, retain: true });
});
ear.subscribe([`${env('METERS')}/#`], { qos: 1 });
onStop(async () => {
  await ear.endAsync();
  await mouth.endAsync();
});
