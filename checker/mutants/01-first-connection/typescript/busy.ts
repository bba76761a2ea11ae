// mistake: silent
// fails: T5
// Blocks the event loop while it waits.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), { clientId: env('MQTT_CLIENT_ID'), keepalive: Number(env('MQTT_KEEPALIVE')) });
client.on('error', error => {
  console.error(error.message);
  process.exit(1);
});
onStop(() => client.end(!client.connected));
client.on('connect', () => {
  // A long computation; it sleeps here so that the proof costs no processor.
  if (Number(env('MQTT_KEEPALIVE')) === 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2600);
  }
});
