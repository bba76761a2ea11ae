// mistake: login-in-public
// fails: T9
// The same login for every broker.
import mqtt from 'mqtt';
import { env, readings } from '#kit';

const isPublic = env('PUBLIC_BROKER') === '1';

// 1  Who we are, from the environment. To somebody else's broker we are nobody.
const login = { username: env('MQTT_USERNAME'), password: env('MQTT_PASSWORD') };
const client = mqtt.connect(env('MQTT_URL'), { ...login, reconnectOnConnackError: true });

// 2  A wrong login does not heal by itself. Everything else may.
client.on('error', error => {
  const code = 'code' in error ? error.code : undefined;
  if (code === 4 || code === 5) {
    console.error(`the broker refused the login: ${error.message}`);
    process.exit(2);
  }
  console.error(`not connected: ${error.message}; the library tries again`);
});

// 3  At home the readings; in public something made up.
let count = 0;
for await (const { temp } of readings<{ temp: number }>()) {
  count += 1;
  const [topic, message] = isPublic
    ? [`${env('PUBLIC_PREFIX')}/demo`, { device: 'demo', temp: 20 + (count % 5) / 10 }]
    : [env('TOPIC'), { device: env('DEVICE_SERIAL'), temp }];
  client.publish(topic, JSON.stringify(message), { qos: 1 });
}
client.end();
