import mqtt from 'mqtt';
import { env, readings } from '#kit';

const isPublic = env('PUBLIC_BROKER') === '1';

// 1  Who are you, here and in public?
//    TODO 1: the login of this broker (and none for somebody else's)
const client = mqtt.connect(env('MQTT_URL'), { username: 'admin', password: 'admin' });

// 2  What the broker says in CONNACK when it does not want you.
client.on('error', error => {
  //  TODO 2: a wrong login (4, 5): process.exit(2), at once
  //  TODO 3: not available (3): the client must go on trying; look for its option
  console.error(error.message);
});

// 3  What you tell, and to whom.
for await (const { temp } of readings<{ temp: number }>()) {
  //  TODO 4: at home the reading on TOPIC, with QoS 1
  //  TODO 5: in public a made-up one, below PUBLIC_PREFIX
  console.log(`${temp} degrees; public: ${isPublic}`);
}

// 4  No more input.
//    TODO 6: wait for the PUBACK of each reading first
client.end();

// TODO 7: mosquitto.conf and passwd in this folder
