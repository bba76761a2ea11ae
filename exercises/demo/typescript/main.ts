/**
 * A sensor and a display in one program: status with a will, five readings at QoS 1, and a
 * subscriber in the background. Every reading is made up.
 */
import mqtt from 'mqtt';
import { env } from '#kit';

const prefix = env('DEMO_PREFIX');
const device = 'sensor-1';
const statusTopic = `${prefix}/${device}/status`;
const readingTopic = `${prefix}/${device}/reading`;

// The display: its handler stands before it connects, so it misses nothing.
const display = mqtt.connect(env('MQTT_URL'));
display.on('message', (topic, payload) => console.log(`display  ${topic}  ${payload}`));
await new Promise(resolve => display.once('connect', resolve));
await display.subscribeAsync(`${prefix}/#`, { qos: 1 });

// The sensor: if it dies, the broker says "offline" for it.
const sensor = await mqtt.connectAsync(env('MQTT_URL'), {
  will: { topic: statusTopic, payload: Buffer.from('offline'), qos: 1, retain: true },
});
await sensor.publishAsync(statusTopic, 'online', { qos: 1, retain: true });

for (let seq = 1; seq <= 5; seq++) {
  const reading = { device, temp: 20 + seq / 2, hum: 40 + seq, seq };
  await sensor.publishAsync(readingTopic, JSON.stringify(reading), { qos: 1 });
  await new Promise(resolve => setTimeout(resolve, 300));
}

// A goodbye: DISCONNECT takes the will back, so it says "offline" itself …
await sensor.publishAsync(statusTopic, 'offline', { qos: 1, retain: true });
// … and as this is a demo, it leaves nothing stored: an empty retained message erases.
await sensor.publishAsync(statusTopic, '', { qos: 1, retain: true });
await sensor.endAsync();
await display.endAsync();
process.exit(0);
