// A connection for each metric; writes ü as ue; no hyphens at all.
import mqtt, { type MqttClient } from 'mqtt';
import { env, readings } from '#kit';

const german: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };
function level(name: string): string {
  return name
    .toLowerCase()
    .replace(/[äöüß]/g, letter => german[letter] ?? '')
    .normalize('NFD')
    .replace(/[^a-z0-9]/g, '');
}

const place = ['COMPANY', 'SITE'].map(name => level(env(name)));
if (place.includes('')) {
  process.exitCode = 1;
} else {
  const clients: Record<'temp' | 'hum', MqttClient> = {
    temp: await mqtt.connectAsync(env('MQTT_URL')),
    hum: await mqtt.connectAsync(env('MQTT_URL')),
  };
  for await (const { device, seq, ...values } of readings<{
    device: string;
    temp: number;
    hum: number;
    seq: number;
  }>()) {
    if (level(device) === '') continue;
    await Promise.all(
      (['temp', 'hum'] as const).map(metric =>
        clients[metric].publishAsync(
          [...place, level(device), metric].join('/'),
          JSON.stringify({ seq, [metric]: values[metric], device }),
        ),
      ),
    );
  }
  await Promise.all([clients.temp.endAsync(), clients.hum.endAsync()]);
}
