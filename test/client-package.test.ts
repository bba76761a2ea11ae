/** `mqtt` as a learner's folder sees it: the package that the build makes of mqtt.js. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker } from '../broker/index.js';
import { createWorkspace, packageRoot } from '../course/index.js';

const top = mkdtempSync(join(tmpdir(), 'client-package-'));
const workspace = join(top, 'mqtt-course');
const client = join(packageRoot(), 'dist', 'vendor', 'mqtt');
beforeAll(() => {
  createWorkspace(workspace);
  // A course that was installed has no mqtt.js: nothing may come from this clone's.
  rmSync(join(workspace, 'node_modules', 'mqtt-course'), { force: true });
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

/** What the compiler says of a file in the workspace, with the workspace's own settings. */
function complaints(files: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(workspace, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, workspace);
  const program = ts.createProgram([...files], options);
  return ts
    .getPreEmitDiagnostics(program)
    .map(one => ts.flattenDiagnosticMessageText(one.messageText, '\n'));
}

function put(name: string, text: string): string {
  const file = join(workspace, 'exercises', name);
  writeFileSync(file, text);
  return file;
}

describe('in a workspace', () => {
  test('it is the package of the course', () => {
    expect(realpathSync(join(workspace, 'node_modules', 'mqtt'))).toBe(realpathSync(client));
  });

  test('every solution is right TypeScript against its types', () => {
    const folder = join(workspace, 'exercises', 'solved');
    const files = readdirSync(join(packageRoot(), 'solutions')).flatMap(lesson => {
      const from = join(packageRoot(), 'solutions', lesson, 'typescript');
      if (!existsSync(join(from, 'main.ts'))) return [];
      cpSync(from, join(folder, lesson), { recursive: true });
      return [join(folder, lesson, 'main.ts')];
    });
    expect(files.length).toBeGreaterThan(12);
    expect(complaints(files)).toEqual([]);
  });

  test('its types are types: a slip is one, with the words of mqtt.js', () => {
    const file = put(
      'slips.ts',
      `import mqtt, { type IClientOptions, type MqttClient, type IPublishPacket } from 'mqtt';
const options: IClientOptions = { keepalive: 'long', will: { topic: 'a', payload: 'b', qos: 3 } };
const client: MqttClient = mqtt.connect('mqtt://localhost', options);
client.publish(1, 'x');
client.on('message', (topic: number) => topic);
client.stream.writable.nothing;
export const packet: IPublishPacket['qos'] = 'two';
`,
    );
    const text = complaints([file]).join('\n');
    expect(text).toContain("Type 'string' is not assignable to type 'number'");
    expect(text).toContain("Type '3' is not assignable to type 'QoS | undefined'");
    expect(text).toContain(
      "Argument of type 'number' is not assignable to parameter of type 'string'",
    );
    expect(text).toMatch(/'nothing' does not exist on type 'boolean'/);
    expect(text).toContain(`Type '"two"' is not assignable to type 'QoS'`);
  });

  test.each([
    ['mjs', "import mqtt, { connectAsync, MqttClient } from 'mqtt';"],
    ['cjs', "const mqtt = require('mqtt'); const { connectAsync, MqttClient } = mqtt;"],
  ])('a program of one’s own that runs without the course: .%s', async (ending, imports) => {
    const broker = await startBroker();
    mkdirSync(join(workspace, 'exercises', 'own'), { recursive: true });
    const file = put(
      `own/run.${ending}`,
      `${imports}
connectAsync('${broker.url}').then(async client => {
  await client.publishAsync('a', 'b', { qos: 1 });
  await client.endAsync();
  console.log(client instanceof MqttClient, typeof mqtt.connect);
});
`,
    );
    const child = await import('execa').then(({ execa }) => execa(process.execPath, [file]));
    await broker.stop();
    expect(child.stdout).toBe('true function');
  });
});

test('it says the version of mqtt.js, and has its licence', () => {
  const require = createRequire(import.meta.url);
  const read = (path: string) => readFileSync(path, 'utf8');
  const { version } = JSON.parse(read(require.resolve('mqtt/package.json'))) as { version: string };
  expect(JSON.parse(read(join(client, 'package.json')))).toMatchObject({ name: 'mqtt', version });
  expect(read(join(client, 'LICENSE.md'))).toContain('MIT');
});

test('what a program may import of the course needs no package', () => {
  const vendor = join(packageRoot(), 'dist', 'vendor');
  const copy = join(top, 'vendor');
  cpSync(vendor, copy, { recursive: true });
  const script = `
    const packet = await import(${JSON.stringify(join(copy, 'mqtt-packet.mjs'))});
    const mqtt = await import(${JSON.stringify(join(copy, 'mqtt', 'index.mjs'))});
    console.log(typeof packet.generate, typeof packet.parser, typeof packet.default.writeToStream, typeof mqtt.connect);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: top,
    encoding: 'utf8',
  });
  expect(stdout.trim()).toBe('function function function function');
});
