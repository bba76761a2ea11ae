// A heater says two things, and two dashboards listen: one is there before, one comes later.
// Nothing to write here. Watch the RETAIN bits on the wire.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const topic = env('STATE_TOPIC');
const dial = (clientId: string) => mqtt.connectAsync(env('MQTT_URL'), { clientId });
const [early, heater] = await Promise.all([dial('early'), dial('heater')]);
const clients = [early, heater];

// 1  A dashboard is there already.
await early.subscribeAsync(topic, { qos: 1 });

// 2  The same topic twice: once to keep, once not.
await heater.publishAsync(topic, '{"mode":"eco"}', { qos: 1, retain: true });
await heater.publishAsync(topic, '{"mode":"boost"}', { qos: 1, retain: false });

// 3  Which of the two does somebody get who comes later?
const late = await dial('late');
clients.push(late);
const got = new Promise(resolve => late.once('message', resolve));
await late.subscribeAsync(topic, { qos: 1 });
await got;

// 4  Zero bytes, with RETAIN. What do the two dashboards see, and what is left for a third one?
await heater.publishAsync(topic, '', { qos: 1, retain: true });
const last = await dial('last');
clients.push(last);
await last.subscribeAsync(topic, { qos: 1 });

onStop(() => {
  for (const client of clients) client.end();
});
