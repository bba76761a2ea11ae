import mqtt from 'mqtt';
import { env, onStop } from '#kit';

// 1  Connect: under the name you were given, with the keep-alive you were given.
//    TODO 1: give connect() a second argument, an object with `clientId` and `keepalive`.
//            The values are env('MQTT_CLIENT_ID') and Number(env('MQTT_KEEPALIVE')).
const client = mqtt.connect(env('MQTT_URL'));

// 2  Prove it: CONNACK is the broker's answer. (This part is done.)
client.on('connect', () => console.log('connected'));

// 3  Take no for an answer: a refusal ends the program with exit code 1.
//    TODO 2: listen to the client's 'error' event, print the message, process.exit(1).

// 4  Leave: say goodbye when you are asked to stop.
onStop(() => {
  console.log('asked to stop');
  //  TODO 3: end the client with client.end(), and let it finish; do not end the process
  //          yourself. While client.connected is false, CONNACK has not come, and end()
  //          leaves the connection open; end(true) closes it.
});
