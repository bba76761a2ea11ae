import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import mqtt from 'mqtt';
import { env, readings } from '#kit';

// The payloads are made in a thread of their own.
const worker = new Worker(
  `const { parentPort } = require('node:worker_threads');
   let seq = 0;
   parentPort.on('message', reading => parentPort.postMessage(JSON.stringify({ ...reading, seq: ++seq })));`,
  { eval: true },
);
const client = await mqtt.connectAsync(env('MQTT_URL'));
for await (const reading of readings<object>()) {
  worker.postMessage(reading);
  const [payload] = (await once(worker, 'message')) as [string];
  await client.publishAsync(env('TOPIC'), payload, { qos: 1 });
}
await client.endAsync();
await worker.terminate();
