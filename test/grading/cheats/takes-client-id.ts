// attack: connects under the client identifiers that the checker might use
// lesson: 3
// outcome: failed
// says: client identifier
import mqtt from 'mqtt';
import { env } from '#kit';

for (const name of ['sensor', 'reader', 'display', 'guest', 'watcher', 'peer']) {
  mqtt.connect(env('MQTT_URL'), { clientId: `checker-${name}` }).on('error', () => undefined);
}
