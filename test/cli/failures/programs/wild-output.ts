import mqtt from 'mqtt';
import { env, readings } from '#kit';

const client = mqtt.connect(env('MQTT_URL'));
process.stdout.write('\u001B]0;owned\u0007\u001B[2Jgone \u202Eback\n');
for (let i = 1; i <= 60; i++) console.log(`\u001B[31mdebug ${i}\u001B[39m in ${process.cwd()}`);
for await (const reading of readings<object>()) {
  await client.publishAsync('elsewhere', JSON.stringify(reading));
}
await client.endAsync();
