import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { env } from '#kit';

type User = 'sensor' | 'dashboard' | 'tester';

// 1  A connection of its own for each test: a broker that hangs up spoils nothing else.
//    TODO 6: connect as this user, with the password in SENSOR_PASSWORD, DASHBOARD_PASSWORD or
//            TESTER_PASSWORD; do not try again when it fails
async function login(username: User): Promise<MqttClient> {
  return mqtt.connectAsync(env('MQTT_URL'), { username });
}

// 2  Does what one user publishes reach the other? Only a delivery counts.
//    TODO 7: subscribe, publish on a topic below home/sensors, and wait until it must have come.
//            A refused filter and a closed connection are answers, too
async function reaches(from: User, to: User): Promise<boolean> {
  const topic = `home/sensors/probe/${randomUUID()}`;
  console.log(`does ${topic} get from ${from} to ${to}?`, login);
  return false;
}

// 3  TODO 8: the positive control. When it fails: exit code 4, and no result
// 4  The four claims.
const result = {
  sensorCanPublish: await reaches('sensor', 'tester'),
  // TODO 9: sensorCannotReceive, dashboardCanReceive, dashboardCannotPublish
};
await writeFile(env('RESULT_FILE'), JSON.stringify(result));
// TODO 10: exit code 0 when all four hold, 1 when one does not
