// Subscribes at every start; slow work in handleMessage, which holds the acknowledgement back.
import mqtt, { type IPublishPacket } from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  clean: false,
  keepalive: 20,
});
client.on('connect', () => client.subscribe([env('JOBS_TOPIC')], { qos: 2 }));
client.handleMessage = (packet: IPublishPacket, acknowledge) => {
  setTimeout(() => {
    try {
      const { id } = Object(JSON.parse(String(packet.payload)));
      if (typeof id === 'string') {
        client.publish(env('DONE_TOPIC'), JSON.stringify({ by: 'printer', done: id }), { qos: 2 });
      }
    } catch {
      console.log('no job');
    }
    acknowledge();
  }, 3);
};
onStop(() => client.end(!client.connected));
