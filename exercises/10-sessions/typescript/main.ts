import mqtt from 'mqtt';
import { env, onStop } from '#kit';

const jobsTopic = env('JOBS_TOPIC');
const doneTopic = env('DONE_TOPIC');

// 1  Come back under the same name, and ask the broker to keep the session.
//    TODO 1: two options of connect; the name is in MQTT_CLIENT_ID
const client = mqtt.connect(env('MQTT_URL'));

// 2  Listen before the connection is up: waiting jobs come right behind CONNACK.
//    TODO 2: for each job {"id":…}, publish {"done":…} on doneTopic with QoS 1,
//            before the library acknowledges the job
client.on('message', (topic, payload) => {
  console.log(`${payload.length} bytes on ${topic}; nothing goes out on ${doneTopic} yet`);
});

// 3  Subscribe when the broker has no session of yours.
//    TODO 3: which QoS makes a mailbox? When does CONNACK say that you must subscribe again?
client.on('connect', connack => {
  console.log(`session present: ${connack.sessionPresent}; not subscribed to ${jobsTopic}`);
});

// 4  Leave, and keep the session.
//    TODO 4: which packet says goodbye, and which one would cancel the mailbox?
onStop(() => process.exit());
