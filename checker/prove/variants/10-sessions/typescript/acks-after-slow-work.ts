// Subscribes at every start; slow work in handleMessage, which holds the acknowledgement back.
import mqtt, { type IPublishPacket } from 'mqtt';
import { env, onStop } from '#kit';

const client = mqtt.connect(env('MQTT_URL'), {
  clientId: env('MQTT_CLIENT_ID'),
  clean: false,
  keepalive: 20,
});
client.subscribe([env('JOBS_TOPIC')], { qos: 2 });
client.handleMessage = (packet: IPublishPacket, acknowledge) => {
  setTimeout(() => {
    const { id } = JSON.parse(String(packet.payload));
    client.publish(env('DONE_TOPIC'), JSON.stringify({ by: 'printer', done: id }), { qos: 2 });
    acknowledge();
  }, 30);
};
onStop(() => client.end());
