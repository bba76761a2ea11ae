import { accessSync, constants, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandLine } from './command-line.js';

const solution = join(import.meta.dirname, '../../solutions/14-tls/typescript');
const installed = (process.env['PATH'] ?? '').split(delimiter).some(folder => {
  try {
    accessSync(join(folder, 'mosquitto_pub'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

const mqttCourse = commandLine();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mqtt-course-mosquitto-client-'));
  for (const file of ['mosquitto.conf', 'passwd']) {
    copyFileSync(join(solution, file), join(folder, file));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function check(trust: string) {
  const client = `mosquitto_pub -h "$MQTT_HOST" -p "$MQTT_PORT" ${trust} -u "$MQTT_USERNAME" -P "$MQTT_PASSWORD" -t "$TOPIC" -q 1`;
  const script = `while read -r line; do ${client} -m "$line" || exit 3; done\n`;
  writeFileSync(join(folder, 'client.sh'), script);
  const { code, out, err } = await mqttCourse(['check', '14', '--json', '--', 'sh', 'client.sh'], {
    cwd: folder,
  });
  if (!out.trim().startsWith('{')) throw new Error(`no result: ${out}${err}`);
  const { checks } = JSON.parse(out) as {
    checks: { id: string; status: string; mistake?: string }[];
  };
  const failed = checks.filter(one => one.status === 'failed');
  return { code, failed: failed.map(({ id, mistake }) => `${id} ${mistake}`) };
}

/** A client that no lesson was made with, and that is right. */
test.runIf(installed)('lesson 14 with mosquitto_pub --cafile', { timeout: 60_000 }, async () => {
  expect(await check('--cafile "$MQTT_CA_FILE"')).toEqual({ code: 0, failed: [] });
});

test.runIf(installed)('lesson 14 with mosquitto_pub --insecure', { timeout: 60_000 }, async () => {
  const found = await check('--cafile "$MQTT_CA_FILE" --insecure');
  expect(found).toEqual({ code: 1, failed: ['T4 name-check-off'] });
});

test.skipIf(installed)('lesson 14 with mosquitto_pub: it is not installed here', () => undefined);
