import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, finished, run, temporary } from './command.js';

let folder: string;
let program: string;
beforeAll(async () => {
  folder = await temporary();
  program = await buildProgram();
});
const path = (name: string): string => join(folder, name);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** The broker command, running; `said` resolves when its output matches. */
function broker(...args: string[]) {
  const child = spawn(process.execPath, [program, 'broker', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let look: () => void = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk;
      look();
    });
  }
  return {
    child,
    end: finished(child),
    said: (what: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`not said: ${what}\n${text}`)), 15_000);
        look = () => {
          if (!what.test(text)) return;
          clearTimeout(late);
          resolve();
        };
        look();
      }),
  };
}

describe('mqtt-course broker', () => {
  it('runs until SIGTERM, says what goes on with -v, and ends with 0', async () => {
    const port = await freePort();
    const b = broker('-v', '-p', String(port));
    await b.said(/running: mqtt:\/\/127\.0\.0\.1:\d+/);
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'lab' });
    await client.subscribeAsync('home/#', { qos: 1 });
    await client.publishAsync('home/x', 'on', { qos: 1 });
    await client.endAsync();
    await b.said(/Client lab disconnected/);
    b.child.kill('SIGTERM');
    const { code, err } = await b.end;
    expect(code).toBe(0);
    for (const line of [
      /Starting in local only mode/,
      /New client connected from 127\.0\.0\.1:\d+ as lab \(p2, c1, k60\)/,
      /Received SUBSCRIBE from lab\n\d+: \thome\/# \(QoS 1\)\n\d+: lab 1 home\/#\n\d+: Sending SUBACK to lab/,
      /Received PUBLISH from lab \(d0, q1, r0, m\d+, 'home\/x', \.\.\. \(2 bytes\)\)/,
      /Sending PUBLISH to lab \(d0, q1, r0, m1, 'home\/x', \.\.\. \(2 bytes\)\)/,
    ]) {
      expect(err).toMatch(line);
    }
  });

  it('a port in use: a sentence, and 1', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { code, err } = await run(program, ['broker', '-p', String(port)], folder);
    expect(code).toBe(1);
    expect(err).toContain(`another program listens on 127.0.0.1:${port}. End it, or take another`);
    server.close();
  });

  it('a wrong file: Mosquitto’s words, the line, and 3; --test-config opens nothing', async () => {
    await writeFile(path('bad.conf'), 'allow_anonymous true\nnonsense 1\n');
    for (const more of [[], ['--test-config']]) {
      expect(await run(program, ['broker', '-c', 'bad.conf', ...more], folder)).toEqual({
        code: 3,
        out: '',
        err: 'Error: Unknown configuration variable "nonsense".\nError found at bad.conf:2.\n',
      });
    }
    await writeFile(path('good.conf'), 'listener 1\npersistence true\n');
    const tested = await run(program, ['broker', '-c', 'good.conf', '--test-config'], folder);
    expect(tested.code).toBe(0);
    expect(tested.err).toContain('option persistence; the line is ignored. (good.conf:2)');
    expect((await run(program, ['broker', '-p', '0'], folder)).code).toBe(3);
  });

  it('SIGHUP reads the files anew', async () => {
    const port = await freePort();
    await writeFile(path('acl'), 'topic read a\n');
    await writeFile(
      path('hup.conf'),
      `listener ${port} 127.0.0.1\nallow_anonymous true\nacl_file acl\nlog_type all\n`,
    );
    const b = broker('-c', 'hup.conf');
    await b.said(/running/);
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
    await client.subscribeAsync('a');
    await client.publishAsync('a', '1', { qos: 1 });
    await writeFile(path('acl'), 'topic readwrite a\n');
    b.child.kill('SIGHUP');
    await b.said(/Reloading config/);
    const got = new Promise<string>(resolve =>
      client.once('message', (_t, p) => resolve(String(p))),
    );
    await client.publishAsync('a', '2', { qos: 1 });
    expect(await got).toBe('2');
    await client.endAsync();
    b.child.kill('SIGINT');
    expect((await b.end).code).toBe(0);
  });
});

describe('mqtt-course certs', () => {
  it('makes an authority and a server certificate, and uses the authority again', async () => {
    const first = await run(program, ['certs', '--json', '--client', 'press-3', '--lab'], folder);
    expect(first).toMatchObject({ code: 0, err: '' });
    const { written } = JSON.parse(first.out) as { written: string[] };
    expect(written).toHaveLength(15);
    for (const file of written) {
      const mode = (await stat(path(file))).mode & 0o777;
      expect([file, mode]).toEqual([file, file.endsWith('.key') ? 0o600 : 0o644]);
    }
    const read = async (name: string) =>
      new X509Certificate(await readFile(path(`certs/${name}.crt`)));
    const ca = await read('ca');
    const server = await read('server');
    expect(ca.ca).toBe(true);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.publicKey.asymmetricKeyType).toBe('ec');
    for (const name of ['server', 'press-3', 'expired', 'wrong-name', 'cn-only', 'revoked']) {
      expect((await read(name)).verify(ca.publicKey)).toBe(true);
    }
    expect(Date.parse((await read('expired')).validTo)).toBeLessThan(Date.now());
    expect((await read('wrong-name')).checkHost('localhost')).toBeUndefined();
    expect((await read('cn-only')).subjectAltName).toBeUndefined();
    expect((await read('press-3')).subject).toBe('CN=press-3');

    const second = await run(program, ['certs', '--json', '--client', 'press-4'], folder);
    expect(JSON.parse(second.out)).toEqual({
      written: ['certs/press-4.key', 'certs/press-4.crt'],
      kept: ['certs/ca.crt', 'certs/ca.key', 'certs/server.crt', 'certs/server.key'],
    });
    expect((await read('press-4')).verify(ca.publicKey)).toBe(true);
    const forced = await run(program, ['certs', '--json', '-f'], folder);
    expect(JSON.parse(forced.out)).toMatchObject({ kept: [] });
    expect((await read('server')).verify((await read('ca')).publicKey)).toBe(true);
    expect((await read('server')).verify(ca.publicKey)).toBe(false);
  });

  it('refuses a name that is no file name', async () => {
    const { code, err } = await run(program, ['certs', '--client', '../x'], folder);
    expect(code).toBe(2);
    expect(err).toContain('cannot be a file name');
  });
});
