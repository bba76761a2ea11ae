import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { hashPassword, loadMosquittoConfig, startFromConfig } from '../../broker/index.js';
import { builtCommandLine } from './command-line.js';

/** `pub` and `sub`: what Mosquitto's own clients do, for those who cannot install them. */
const { run } = builtCommandLine();
let folder: string;
let broker: Awaited<ReturnType<typeof startFromConfig>>;
let port: string;
let subscribed = (): void => undefined;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  return free;
}

beforeAll(async () => {
  port = String(await freePort());
  folder = mkdtempSync(join(tmpdir(), 'mqtt-course-by-hand-'));
  writeFileSync(join(folder, 'passwd'), `ada:${await hashPassword('s3cret', 'sha512-pbkdf2')}\n`, {
    mode: 0o600,
  });
  writeFileSync(join(folder, 'acl'), 'topic readwrite open/#\n\nuser ada\ntopic readwrite #\n');
  writeFileSync(
    join(folder, 'mosquitto.conf'),
    `listener ${port} 127.0.0.1\nallow_anonymous true\npassword_file ${join(folder, 'passwd')}\nacl_file ${join(folder, 'acl')}\n`,
  );
  broker = await startFromConfig(await loadMosquittoConfig(join(folder, 'mosquitto.conf')), {
    log: ({ level, text }) => {
      if (level === 'subscribe' && text.includes('counter')) subscribed();
    },
  });
});
afterAll(async () => {
  await broker?.shutDown();
  rmSync(folder, { recursive: true, force: true });
});

const here = () => ['-h', '127.0.0.1', '-p', port];
const pub = (...args: string[]) => run(['pub', ...here(), ...args], { cwd: folder });
const sub = (...args: string[]) => run(['sub', ...here(), ...args], { cwd: folder });

afterEach(async () => {
  await pub('-t', 'open/lamp', '-n', '-r');
});

test.each(['31', '311', '5'])('a stored message comes back, MQTT %s', async version => {
  const sent = await pub('-V', version, '-t', 'open/lamp', '-m', 'an 💡', '-q', '1', '-r');
  expect(sent).toEqual({ code: 0, out: '', err: '' });
  const seen = await sub('-V', version, '-t', 'open/#', '-v', '-C', '1', '-W', '20');
  expect(seen).toEqual({ code: 0, out: 'open/lamp an 💡\n', err: '' });
});

test('an empty stored message takes it away, and the time of -W ends with 27', async () => {
  await pub('-t', 'open/lamp', '-m', 'on', '-r');
  await pub('-t', 'open/lamp', '-n', '-r');
  expect(await sub('-t', 'open/#', '-W', '1')).toEqual({ code: 27, out: '', err: '' });
});

test('lines of standard input are messages, and -C counts them', async () => {
  const listening = new Promise<void>(resolve => {
    subscribed = resolve;
  });
  const waiting = sub('-t', 'open/l', '-q', '2', '-C', '3', '-W', '30', '-i', 'counter');
  await listening;
  const sent = await run(['pub', ...here(), '-t', 'open/l', '-l', '-q', '2'], {
    cwd: folder,
    input: 'one\n\nthree\n',
  });
  expect(sent.code).toBe(0);
  expect(await waiting).toMatchObject({ code: 0, out: 'one\n\nthree\n' });
});

test('a login that is refused, and one that is not', async () => {
  const refused = await pub('-u', 'ada', '-P', 'wrong', '-t', 'closed/x', '-m', '1');
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/refused the connection: .*\(5\)\. Look at -u and -P/);
  const v5 = await pub('-V', '5', '-u', 'ada', '-P', 'wrong', '-t', 'closed/x', '-m', '1');
  expect(v5.err).toMatch(/not authorized \(135\)/);
  expect(await pub('-u', 'ada', '-P', 's3cret', '-t', 'closed/x', '-m', '1', '-q', '1')).toEqual({
    code: 0,
    out: '',
    err: '',
  });
});

test.each<readonly [readonly string[], RegExp]>([
  [['pub', '-m', 'x'], /Which topic\?/],
  [['pub', '-t', 'a', '-m', 'x', '-n'], /-m and -n do not go together/],
  [['pub', '-t', 'a/#', '-m', 'x'], /holds a wildcard/],
  [['pub', '-t', 'a', '-m', 'x', '-q', '3'], /-q takes 0, 1 or 2/],
  [['pub', '-t', 'a', '-m', 'x', '-p', '70000'], /-p takes a whole number from 1 to 65535/],
  [['pub', '-t', 'a', '-m', 'x', '-V', '4'], /-V takes 31, 311 or 5/],
  [['pub', '-t', 'a', '-m', 'x', '-P', 's'], /without a user name/],
  [['pub', '-t', 'a', '-f', 'not-here'], /not-here cannot be read/],
  [['sub'], /Which topic filter\?/],
  [['sub', '-t', 'a#'], /is no topic filter/],
  [['sub', '-t', '#/a'], /is no topic filter/],
  [['sub', '-t', 'a', '-C', '0'], /-C takes a whole number/],
  [['sub', '-t', 'a', '-c'], /Name it: -i/],
])('%j is told before anything is dialled', async (args, words) => {
  const { code, err } = await run(args, { cwd: folder });
  expect(code).toBe(2);
  expect(err).toMatch(words);
});

test('nobody listens, and a note when it is another machine', async () => {
  const dead = await run(['pub', '-p', '1', '-t', 'a', '-m', 'x'], { cwd: folder });
  expect(dead).toMatchObject({ code: 1, out: '' });
  expect(dead.err).toMatch(/Nobody listens at localhost:1\. .*npx mqtt-course broker/);
  const far = await run(['sub', '-h', 'nowhere.invalid', '-t', 'a'], { cwd: folder });
  expect(far.err).toMatch(/another machine.*everybody/s);
  expect(far.code).toBe(1);
});
