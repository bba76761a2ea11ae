// A worker that comes twice. In between, a foreman publishes three jobs. Watch what waits.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const jobsTopic = env('JOBS_TOPIC');
const worker = () =>
  mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), clean: false });

// First visit: make the mailbox, and leave.
const first = worker();
await first.subscribeAsync(jobsTopic, { qos: 1 });
await first.endAsync();

// The worker is away. Which of these three will wait for it?
const foreman = await mqtt.connectAsync(env('MQTT_URL'));
await foreman.publishAsync(jobsTopic, '{"id":"order-1"}', { qos: 1 });
await foreman.publishAsync(jobsTopic, '{"id":"order-2"}', { qos: 0 });
await foreman.publishAsync(jobsTopic, '{"id":"order-3"}', { qos: 1 });
await foreman.endAsync();

// Second visit: no SUBSCRIBE this time.
const second = worker();
second.on('message', (_topic, payload) => console.log(`waiting for me: ${payload}`));
second.on('connect', ({ sessionPresent }) => console.log(`session present: ${sessionPresent}`));

onStop(() => second.end());
