import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { IClientOptions } from 'mqtt';
import { UsageError } from '../../course/errors.js';
import { errorText } from '../../wire/error-text.js';

/** What `pub` and `sub` have in common, with the names of mosquitto_pub and mosquitto_sub. */
export interface ConnectionFlags {
  readonly host: string;
  readonly port?: string;
  readonly id?: string;
  readonly username?: string;
  readonly pw?: string;
  readonly protocolVersion: string;
  readonly keepalive: string;
  readonly cafile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
}

export interface Destination {
  /** As the person wrote it, with the port. */
  readonly name: string;
  /** Another machine than this one: everybody may read along. */
  readonly elsewhere: boolean;
  readonly options: IClientOptions;
}

const VERSIONS: Readonly<Record<string, 3 | 4 | 5>> = {
  '31': 3,
  mqttv31: 3,
  '311': 4,
  mqttv311: 4,
  '5': 5,
  mqttv5: 5,
};

const HERE = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/i;

/** Adds the flags of the connection. `-h` is the host, as with Mosquitto's clients. */
export function withConnectionFlags(command: Command): Command {
  return command
    .helpOption('--help', 'show this')
    .option('-h, --host <host>', 'the broker', 'localhost')
    .option('-p, --port <port>', 'its port; default 1883, with TLS 8883')
    .option('-i, --id <id>', 'the client identifier; default one of its own')
    .option('-u, --username <name>', 'the user name')
    .option('-P, --pw <password>', 'the password')
    .addOption(new Option('-V, --protocol-version <version>', '31, 311 or 5').default('311', '311'))
    .option('-k, --keepalive <seconds>', 'the keep-alive period', '60')
    .option('--cafile <file>', 'TLS: the CA that signed the certificate of the broker')
    .option('--cert <file>', 'TLS: a certificate of your own')
    .option('--key <file>', 'TLS: its key')
    .option('--insecure', 'TLS: whoever answers is the right one (for tests only)');
}

/**
 * What the flags mean.
 * @throws UsageError where a flag has a value that cannot be meant, before anything is dialled
 */
export function destination(flags: ConnectionFlags): Destination {
  const tls = flags.cafile !== undefined || flags.cert !== undefined || flags.insecure === true;
  const port = wholeNumber('-p', flags.port ?? (tls ? '8883' : '1883'), 1, 65_535);
  const protocolVersion = VERSIONS[flags.protocolVersion];
  if (protocolVersion === undefined) {
    throw new UsageError(`-V takes 31, 311 or 5, not ${flags.protocolVersion}.`);
  }
  if (flags.pw !== undefined && flags.username === undefined && protocolVersion !== 5) {
    throw new UsageError(
      'A password without a user name is not allowed before MQTT 5. Add the name: -u NAME',
    );
  }
  if ((flags.cert === undefined) !== (flags.key === undefined)) {
    throw new UsageError('--cert and --key go together: a certificate and its key.');
  }
  return {
    name: `${flags.host.includes(':') ? `[${flags.host}]` : flags.host}:${port}`,
    elsewhere: !HERE.test(flags.host),
    options: {
      host: flags.host,
      port,
      protocol: tls ? 'mqtts' : 'mqtt',
      protocolVersion,
      protocolId: protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
      keepalive: wholeNumber('-k', flags.keepalive, 0, 65_535),
      clientId: flags.id ?? `by-hand-${Math.random().toString(36).slice(2, 8)}`,
      ...(flags.username === undefined ? {} : { username: flags.username }),
      ...(flags.pw === undefined ? {} : { password: flags.pw }),
      ...(flags.cafile === undefined ? {} : { ca: fileOf('--cafile', flags.cafile) }),
      ...(flags.cert === undefined ? {} : { cert: fileOf('--cert', flags.cert) }),
      ...(flags.key === undefined ? {} : { key: fileOf('--key', flags.key) }),
      ...(tls ? { rejectUnauthorized: flags.insecure !== true } : {}),
    },
  };
}

/** @throws UsageError for what is no whole number from `least` to `most` */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${flag} takes a whole number from ${least} to ${most}, not ${text}.`);
}

/** @throws UsageError for what is no QoS */
export function qosOf(text: string): 0 | 1 | 2 {
  if (text === '0' || text === '1' || text === '2') return Number(text) as 0 | 1 | 2;
  throw new UsageError(`-q takes 0, 1 or 2, not ${text}.`);
}

/** @throws UsageError where the file cannot be read */
export function fileOf(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${flag}: ${path} cannot be read (${errorText(error)}).`);
  }
}
