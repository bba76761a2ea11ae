import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Authority, createAuthority, type KeyPair } from '../../broker/certificates.js';
import {
  type ConfiguredBroker,
  checkConfig,
  loadMosquittoConfig,
  startFromConfig,
} from '../../broker/index.js';
import { temporary } from './command.js';
import { connected, subscribe } from './raw.js';
import { owned } from './targets.js';

let folder: string;
let ca: Authority;
let server: KeyPair;
let other: KeyPair;
const path = (name: string): string => join(folder, name);
const named = { commonName: 'localhost', use: 'server', names: ['localhost'] } as const;

beforeAll(async () => {
  folder = await temporary();
  ca = await createAuthority('test CA');
  server = await ca.issue(named);
  other = await ca.issue(named);
});

const clients: mqtt.MqttClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
});

const TLS =
  'listener 8883\nallow_anonymous true\ncafile DIR/ca.crt\ncertfile DIR/server.crt\nkeyfile DIR/server.key\n';

async function conf(text: string) {
  await writeFile(path('ca.crt'), ca.certificate);
  await writeFile(path('server.crt'), server.certificate);
  await writeFile(path('server.key'), server.key);
  await writeFile(path('m.conf'), text.replaceAll('DIR', folder));
  return loadMosquittoConfig(path('m.conf'));
}

async function start(text: string): Promise<ConfiguredBroker> {
  const broker = await startFromConfig(await conf(text), { ports: 'ephemeral' });
  owned(broker);
  return broker;
}

/** Comes in by TLS, or is turned away. */
async function secure(broker: ConfiguredBroker, options: mqtt.IClientOptions = {}): Promise<void> {
  const client = mqtt.connect(`mqtts://localhost:${broker.listeners[0]?.port}`, {
    ca: ca.certificate,
    reconnectPeriod: 0,
    ...options,
  });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
}

describe('a key of another certificate', () => {
  const words = 'Server certificate/key are inconsistent.';

  it('ends the start and the test of the files, with both names', async () => {
    const config = await conf(TLS);
    await writeFile(path('server.key'), other.key);
    const wrong = { message: expect.stringContaining(words), exitCode: 1 };
    await expect(checkConfig(config)).rejects.toMatchObject(wrong);
    await expect(startFromConfig(config, { ports: 'ephemeral' })).rejects.toMatchObject(wrong);
  });

  it.each([
    ['of another certificate', () => other.key, words],
    ['that is encrypted', () => ENCRYPTED, 'It is encrypted'],
    ['that is none', () => 'no key', 'Unable to load server key file'],
  ])(
    'at a reload, a key %s: what was in force stays, and the log says why',
    async (_, key, said) => {
      const broker = await start(TLS);
      const log: string[] = [];
      broker.onLog(({ text }) => log.push(text));
      await writeFile(path('server.key'), key());
      await broker.reload();
      expect(log.join('\n')).toContain(said);
      expect(log.join('\n')).toContain('What was in force stays.');
      await secure(broker);
    },
  );
});

/** Only its label counts: nobody here has the passphrase. */
const ENCRYPTED =
  '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIA=\n-----END ENCRYPTED PRIVATE KEY-----\n';

describe('crlfile', () => {
  it('one that is no list: at the start, and at a reload', async () => {
    await writeFile(path('bad.pem'), 'nonsense');
    const text = `${TLS}require_certificate true\ncrlfile DIR/crl.pem\n`;
    await expect(start(text.replace('crl.pem', 'bad.pem'))).rejects.toMatchObject({
      message: expect.stringContaining('Unable to load certificate revocation file'),
      exitCode: 1,
    });
    await writeFile(path('crl.pem'), await ca.revoke([]));
    const broker = await start(text);
    await writeFile(path('crl.pem'), 'nonsense');
    const log: string[] = [];
    broker.onLog(({ text: line }) => log.push(line));
    await broker.reload();
    expect(log.join('\n')).toContain('What was in force stays.');
    const mine = await ca.issue({ commonName: 'c', use: 'client' });
    await secure(broker, { cert: mine.certificate, key: mine.key });
  });

  it('the log names the reason a certificate is refused for', async () => {
    const bad = await ca.issue({ commonName: 'bad', use: 'client' });
    await writeFile(path('crl.pem'), await ca.revoke([bad.certificate]));
    const broker = await start(`${TLS}require_certificate true\ncrlfile DIR/crl.pem\n`);
    const log: string[] = [];
    broker.onLog(({ text }) => log.push(text));
    await expect(secure(broker, { cert: bad.certificate, key: bad.key })).rejects.toThrow();
    expect(log.join('\n')).toContain('certificate revoked');
  });

  const openssl = spawnSync('openssl', ['version']).status === 0;
  if (!openssl)
    process.stderr.write('NOTICE: no openssl here; the intermediate CA is not tried.\n');

  it.skipIf(!openssl)(
    'of an intermediate authority: its own list is enough, as for Mosquitto',
    async () => {
      const run = spawnSync('sh', ['-e', '-c', INTERMEDIATE], { cwd: folder });
      expect(run.status, String(run.stderr)).toBe(0);
      const broker = await start(
        'listener 8883\nallow_anonymous true\ncafile DIR/chain.crt\ncertfile DIR/i-server.crt\n' +
          'keyfile DIR/i-server.key\nrequire_certificate true\ncrlfile DIR/i-crl.pem\n',
      );
      const chain = await readFile(path('chain.crt'), 'utf8');
      const as = async (name: string) => ({
        ca: chain,
        cert: `${await readFile(path(`${name}.crt`), 'utf8')}${chain}`,
        key: await readFile(path(`${name}.key`), 'utf8'),
      });
      await secure(broker, await as('i-client'));
      await expect(secure(broker, await as('i-revoked'))).rejects.toThrow();
      await expect(secure(broker, { ca: chain })).rejects.toThrow();
    },
  );
});

describe('5.0 MQTT-6.0.0-1, 3.1.1 MQTT-6.0.0-1: WebSocket', () => {
  it('a text frame closes the connection, and nothing in it is read', async () => {
    const broker = await start('listener 9001\nprotocol websockets\nallow_anonymous true\n');
    const watch = await connected(broker, 'watch');
    watch.send(subscribe(1, ['#', 0]));
    await watch.next();
    const socket = new WebSocket(`ws://127.0.0.1:${broker.listeners[0]?.port}`, ['mqtt']);
    await new Promise(resolve => socket.once('open', resolve));
    socket.on('error', () => {});
    const closed = new Promise(resolve => socket.once('close', resolve));
    const answered = new Promise(resolve => socket.once('message', resolve));
    socket.send(Buffer.from('101000044d5154540402003c000477737032', 'hex'));
    await answered;
    socket.send('0\x05\x00\x01ahi');
    await closed;
    expect(await watch.fence()).toEqual([]);
  });
});

/** A root, an authority below it, certificates of that one, and its list with one of them. */
const INTERMEDIATE = `
new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj "/CN=$2"; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.crt -subj /CN=Root -days 30
new sign Signing
printf 'basicConstraints=critical,CA:true\\nkeyUsage=keyCertSign,cRLSign\\n' > v3ca
openssl x509 -req -in sign.csr -CA root.crt -CAkey root.key -CAcreateserial -out sign.crt -days 20 -extfile v3ca
mkdir -p demo; : > demo/index.txt; echo 2000 > demo/serial; echo 01 > demo/crlnumber
cat > ca.cnf <<C
[ca]
default_ca=d
[d]
database=demo/index.txt
serial=demo/serial
crlnumber=demo/crlnumber
new_certs_dir=demo
certificate=sign.crt
private_key=sign.key
default_md=sha256
default_days=20
default_crl_days=20
policy=p
unique_subject=no
copy_extensions=copy
[p]
commonName=supplied
C
for n in server client revoked; do
  new i-$n $([ $n = server ] && echo localhost || echo $n)
  openssl ca -batch -config ca.cnf -in i-$n.csr -out i-$n.crt -notext
done
openssl ca -config ca.cnf -revoke i-revoked.crt
openssl ca -config ca.cnf -gencrl -out i-crl.pem
cat sign.crt root.crt > chain.crt
`;
