// The four tests run side by side, each with a topic and connections of its own.
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { env } from '#kit';

type User = 'sensor' | 'dashboard' | 'tester';

// 1  A connection of its own for each test: a broker that hangs up spoils nothing else.
//    Without a client identifier of ours the library makes one up, a new one each time.
function login(username: User): Promise<MqttClient> {
  const password = env(`${username.toUpperCase()}_PASSWORD`);
  const options = { username, password, reconnectPeriod: 0, connectTimeout: 3000 };
  return mqtt.connectAsync(env('MQTT_URL'), options, false);
}

const closed = (client: MqttClient) =>
  new Promise<void>(resolve => client.once('close', () => resolve()));

// 2  Does what one user publishes reach the other? Only a delivery counts.
async function reaches(from: User, to: User): Promise<boolean> {
  const topic = `home/sensors/probe/${randomUUID()}`;
  const [sender, reader] = await Promise.all([login(from), login(to)]);
  const [senderGone, readerGone] = [closed(sender), closed(reader)];
  let heard = false;
  reader.on('message', got => {
    heard ||= got === topic;
  });
  // SUBACK first: who publishes earlier speaks to nobody. A refused filter (0x80) is an answer.
  const granted = await reader.subscribeAsync('home/#', { qos: 1 }).catch(() => undefined);
  // PUBACK, or the end of the connection: the broker is done with the message.
  const done = sender.publishAsync(topic, 'probe', { qos: 1 }).catch(() => undefined);
  await Promise.race([done, senderGone]);
  // What the broker has for us is on its way before this answer.
  const behind = granted && reader.unsubscribeAsync('home/#').catch(() => undefined);
  await Promise.race([behind, readerGone]);
  await Promise.all([sender.endAsync(true), reader.endAsync(true)]);
  return heard;
}

try {
  // 3  The positive control: silence means nothing before something was heard.
  if (!(await reaches('tester', 'tester'))) throw new Error('the tester does not hear itself');

  // 4  The four claims.
  const [sensorCanPublish, sensorReceives, dashboardCanReceive, dashboardPublishes] =
    await Promise.all([
      reaches('sensor', 'tester'),
      reaches('tester', 'sensor'),
      reaches('tester', 'dashboard'),
      reaches('dashboard', 'tester'),
    ]);
  const result = {
    sensorCanPublish,
    sensorCannotReceive: !sensorReceives,
    dashboardCanReceive,
    dashboardCannotPublish: !dashboardPublishes,
  };
  await writeFile(env('RESULT_FILE'), JSON.stringify(result));
  console.log(result);
  process.exit(Object.values(result).every(Boolean) ? 0 : 1);
} catch (error) {
  console.error('cannot tell:', error instanceof Error ? error.message : error);
  process.exit(4);
}
