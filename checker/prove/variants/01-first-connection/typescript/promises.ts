// Promises instead of events; pings twice as often as it must.
import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const keepalive = Number(env('MQTT_KEEPALIVE'));
const stop = new Promise<void>(resolve => onStop(resolve));
try {
  const dialling = mqtt.connectAsync(env('MQTT_URL'), {
    clientId: env('MQTT_CLIENT_ID'),
    keepalive,
    reconnectPeriod: 0,
  });
  const client = await Promise.race([dialling, stop]);
  if (!client) process.exit(0);
  const pings = setInterval(() => client.sendPing(), 500 * keepalive);
  await stop;
  clearInterval(pings);
  await client.endAsync();
} catch {
  process.exit(1);
}
