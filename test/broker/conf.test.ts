import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ConfigError,
  findMosquitto,
  loadMosquittoConfig,
  parseMosquittoConfig,
} from '../../broker/index.js';
import { temporary } from './command.js';

const mosquitto = findMosquitto();
if (mosquitto === undefined) {
  process.stderr.write(
    'NOTICE: no mosquitto here; its words about wrong files are not compared.\n',
  );
}

/** Files that are wrong: the message, and the line it is about. */
const wrong: [string, string, number][] = [
  ['allow_anonymous', 'Empty allow_anonymous value in configuration.', 1],
  ['allow_anonymous maybe', 'Invalid allow_anonymous value (maybe).', 1],
  ['allow_anonymous TRUE', 'Invalid allow_anonymous value (TRUE).', 1],
  ['# fine\n\nnonsense 1', 'Unknown configuration variable "nonsense".', 3],
  ['\tlistener 1', 'Unknown configuration variable "\tlistener".', 1],
  [' # x', 'Unknown configuration variable "#".', 1],
  ['max_qos 3', 'max_qos must be between 0 and 2 inclusive.', 1],
  ['maximum_qos 3', 'max_qos must be between 0 and 2 inclusive.', 1],
  ['max_qos', 'Empty max_qos value in configuration.', 1],
  ['listener', 'Empty listener value in configuration.', 1],
  ['listener abc', 'A listener with port 0 must provide a Unix socket path.', 1],
  ['listener 70000', 'Invalid port value (70000).', 1],
  ['listener -5', 'Invalid port value (-5).', 1],
  ['port 0', 'Invalid port value (0).', 1],
  ['port abc', 'Invalid port value (0).', 1],
  ['bind_address', 'Empty default listener bind_address value in configuration.', 1],
  ['socket_domain ipv5', 'Invalid socket_domain value "ipv5" in configuration.', 1],
  ['socket_domain', 'Empty socket_domain value in configuration.', 1],
  ['max_keepalive 70000', 'Invalid max_keepalive value (70000).', 1],
  ['max_keepalive -1', 'Invalid max_keepalive value (-1).', 1],
  ['max_packet_size 10', 'Invalid max_packet_size value (10).', 1],
  ['message_size_limit -1', 'Invalid message_size_limit value (4294967295).', 1],
  ['message_size_limit 300000000', 'Invalid message_size_limit value (300000000).', 1],
  ['max_inflight_messages', 'Empty max_inflight_messages value in configuration.', 1],
  ['max_inflight_messages 70000', 'max_inflight_messages must be <= 65535.', 1],
  ...['1', '1s', '2x', '0d'].map((value): [string, string, number] => [
    `persistent_client_expiration ${value}`,
    'Invalid persistent_client_expiration duration in configuration.',
    1,
  ]),
  ['include_dir /nope', "Unable to open include_dir '/nope'.", 1],
  ['include_dir', 'Empty include_dir value in configuration.', 1],
  ['log_type foo', 'Invalid log_type value (foo).', 1],
  ['log_dest foo', 'Invalid log_dest value (foo).', 1],
  ['log_dest', 'Empty log_dest value in configuration.', 1],
  ['log_dest file', 'Empty "log_dest file" value in configuration.', 1],
  ['log_timestamp maybe', 'Invalid log_timestamp value (maybe).', 1],
  [
    'allow_anonymous true\nper_listener_settings true',
    'per_listener_settings must be set before any other security settings.',
    2,
  ],
  ['password_file a\npassword_file b', 'Duplicate password_file value in configuration.', 2],
  ['acl_file a\nacl_file b', 'Duplicate acl_file value in configuration.', 2],
  ['password_file', 'Empty password_file value in configuration.', 1],
  ['acl_file', 'Empty acl_file value in configuration.', 1],
  ['cafile', 'Empty cafile value in configuration.', 1],
  ['crlfile', 'Empty crlfile value in configuration.', 1],
  ['tls_version', 'Empty tls_version value in configuration.', 1],
  ['require_certificate', 'Empty require_certificate value in configuration.', 1],
  ['require_certificate maybe', 'Invalid require_certificate value (maybe).', 1],
  ['use_identity_as_username x', 'Invalid use_identity_as_username value (x).', 1],
  ['protocol foo', 'Invalid protocol value (foo).', 1],
  ['allow_zero_length_clientid x', 'Invalid allow_zero_length_clientid value (x).', 1],
  ['retain_available maybe', 'Invalid retain_available value (maybe).', 1],
  ['auto_id_prefix', 'Empty auto_id_prefix value in configuration.', 1],
  ['set_tcp_nodelay maybe', 'Invalid set_tcp_nodelay value (maybe).', 1],
];

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await temporary();
  file = join(folder, 'm.conf');
});

describe('a mosquitto.conf that is wrong', () => {
  it.each(wrong)('%j', async (text, message, line) => {
    await writeFile(file, `${text}\n`);
    const error = await loadMosquittoConfig(file).catch(e => e);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({
      message: `Error: ${message}`,
      exitCode: 3,
      place: { file, line },
    });
  });

  it('that is not there', async () => {
    const error = await loadMosquittoConfig(join(folder, 'none')).catch(e => e);
    expect(error.message).toBe(`Error: Unable to open config file ${join(folder, 'none')}.`);
    expect(error.exitCode).toBe(3);
  });

  it.skipIf(mosquitto === undefined)('is refused by Mosquitto 2.0 in the same words', async () => {
    for (const [text, message, line] of wrong) {
      await writeFile(file, `${text}\n`);
      const child = spawn(mosquitto as string, ['-c', file], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk;
      });
      const code = await new Promise(resolve => child.once('close', resolve));
      expect([text, code, said]).toEqual([text, 3, expect.stringContaining(`Error: ${message}\n`)]);
      expect(said).toContain(`Error found at ${file}:${line}.`);
    }
  });
});

describe('a mosquitto.conf that is right', () => {
  it('grammar: blanks, CRLF, words behind a value, comments', () => {
    const config = parseMosquittoConfig(
      '# c\r\n\r\n  allow_anonymous   true # c\r\nlistener 1884 # mine\r\nacl_file a b # c\r\n',
    );
    expect(config.security).toMatchObject({ allowAnonymous: true, aclFile: 'a b # c' });
    expect(config.listeners).toMatchObject([{ port: 1884 }]);
    expect(config.listeners[0]?.host).toBeUndefined();
    expect(config.security.places.get('acl_file')).toEqual({ file: 'mosquitto.conf', line: 5 });
  });

  it('without a listener: this machine only, both families', () => {
    const config = parseMosquittoConfig('max_queued_messages 5');
    expect(config.localOnly).toBe(true);
    expect(config.listeners.map(l => `${l.host}:${l.port}`)).toEqual([
      '127.0.0.1:1883',
      '::1:1883',
    ]);
  });

  it.each(['max_connections 10', 'max_qos 1', 'socket_domain ipv4', 'cafile x'])(
    '%s alone opens the default listener to everybody, as in Mosquitto 2.0',
    text => {
      const config = parseMosquittoConfig(text);
      expect(config.localOnly).toBe(false);
      expect(config.listeners).toMatchObject([{ port: 1883 }]);
    },
  );

  it('per_listener_settings gives each listener its own rules', () => {
    const config = parseMosquittoConfig(
      'per_listener_settings true\nlistener 1\nallow_anonymous true\nlistener 2\npassword_file p',
    );
    expect(config.listeners.map(l => l.security.allowAnonymous)).toEqual([true, undefined]);
    expect(config.listeners.map(l => l.security.passwordFile)).toEqual([undefined, 'p']);
  });

  it('names each option that Mosquitto has and we do not', () => {
    const config = parseMosquittoConfig(
      'persistence true\nplugin /x.so\nplugin_opt_a b\npsk_file p',
    );
    expect(config.warnings.map(w => [w.place.line, /option (\S+);/.exec(w.text)?.[1]])).toEqual([
      [1, 'persistence'],
      [2, 'plugin'],
      [3, 'plugin_opt_a'],
      [4, 'psk_file'],
    ]);
  });

  it('include_dir: *.conf in order, errors name the included file', async () => {
    const dir = join(folder, 'd');
    await mkdir(dir);
    for (const [name, port] of Object.entries({
      'b.conf': 4,
      'A.conf': 2,
      '01.conf': 1,
      'a.conf': 3,
    })) {
      await writeFile(join(dir, name), `listener ${port}\n`);
    }
    await writeFile(join(dir, 'x.txt'), 'nonsense\n');
    await writeFile(file, `include_dir ${dir}\nlistener 9\n`);
    const config = await loadMosquittoConfig(file);
    expect(config.listeners.map(l => l.port)).toEqual([1, 2, 3, 4, 9]);
    await writeFile(join(dir, 'z.conf'), '\nlistener 5\nnonsense 1\n');
    const error = await loadMosquittoConfig(file).catch(e => e);
    expect(error.place).toEqual({ file: join(dir, 'z.conf'), line: 3 });
  });

  it('numbers, units, limits', () => {
    const config = parseMosquittoConfig(
      'persistent_client_expiration 2w\nmax_packet_size 20\nmessage_size_limit 9\nmax_keepalive 60\n' +
        'retain_available false\nmax_inflight_messages 1\nlistener 0 /tmp/x.sock\nmax_connections -7\n' +
        'protocol websockets\nmax_qos 1\n',
    );
    expect(config).toMatchObject({
      persistentClientExpiration: 1_209_600,
      maxPacketSize: 20,
      messageSizeLimit: 9,
      maxKeepalive: 60,
      retainAvailable: false,
      maxInflight: 1,
    });
    expect(config.listeners).toMatchObject([
      { port: 0, path: '/tmp/x.sock', maxConnections: -1, protocol: 'websockets', maxQos: 1 },
    ]);
  });
});
