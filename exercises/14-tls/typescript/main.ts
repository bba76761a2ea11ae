import mqtt from 'mqtt';
import { env, readings } from '#kit';

// 1  Whom to trust.
//    TODO 1: the certificate of the authority is in the file MQTT_CA_FILE
//    TODO 2: the login, as in lesson 13
const client = mqtt.connect(env('MQTT_URL'));

// 2  What to do when the server is not the right one.
client.on('error', error => {
  //  TODO 3: process.exit(3), and nothing is sent
  console.error(error.message);
});

// 3  The reading.
for await (const reading of readings()) {
  //  TODO 4: publish it on TOPIC as JSON, with QoS 1
  console.log(reading);
}

// 4  No more input.
//    TODO 5: wait for the PUBACK of each reading first
client.end();

// TODO 6: mosquitto.conf in this folder
