import { existsSync, realpathSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import {
  type Broker,
  BrokerStartError,
  ConfigError,
  type FilePosition,
  findMosquitto,
  hashPassword,
  loadMosquittoConfig,
  loadRules,
  type MosquittoConfig,
  type Rules,
  type Security,
  securityOf,
  startFromConfig,
  startMosquitto,
} from '../../../broker/index.js';
import { removeTemporary } from '../../../course/system/index.js';

/** The files of the exercise beside the program. */
export const CONF = 'mosquitto.conf';
export const ENV_FILE = 'lab.env';
export const DOCUMENT = 'SECURITY.md';
/** The login that the checker lays over the learner's files: it may write and read everything. */
export const TESTER = 'tester';

/** Why a broker cannot be started from the files. */
export interface Trouble {
  readonly text: string;
  readonly at?: FilePosition;
  /** The line at `at`, as written. */
  readonly line?: string;
  readonly exitCode?: number;
  readonly kind: 'missing' | 'outside' | 'config';
}

/** One listener of the learner's mosquitto.conf, with the rules that hold for it. */
export interface Door {
  readonly port: number;
  readonly security: Security;
  readonly rules: Rules;
  /** The file has an earlier listener with this port: only its rules are looked at. */
  readonly again?: true;
}

export interface Lab {
  readonly config: MosquittoConfig;
  readonly doors: readonly Door[];
  /** Each option of mosquitto.conf with the place of its first use. */
  readonly settings: readonly { readonly key: string; readonly at: FilePosition }[];
  readonly passwords: { readonly sensor: string; readonly dashboard: string };
}

class Unusable extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.text);
  }
}

const text = (path: string) => readFile(path, 'utf8').catch(() => undefined);

/** Reads the learner's files as Mosquitto would. Gives what stands in the way when it would not start. */
export async function readLab(folder: string): Promise<Lab | Trouble> {
  const conf = await text(join(folder, CONF));
  if (conf === undefined) {
    return { kind: 'missing', text: `there is no file ${CONF} beside your program` };
  }
  try {
    const settings = settingsIn(conf);
    const include = settings.find(one => one.key === 'include_dir');
    if (include) {
      throw new Unusable({
        kind: 'outside',
        text: 'this exercise has one configuration file; include_dir leads to others',
        at: include.at,
      });
    }
    const config = await loadMosquittoConfig(CONF, { base: folder });
    const doors: Door[] = [];
    for (const listener of config.listeners) {
      const again = doors.some(door => door.port === listener.port);
      if (again && doors.some(door => door.security === securityOf(config, listener))) continue;
      const security = securityOf(config, listener);
      for (const path of filesOf(config)) {
        checkInside(folder, path, placeOf(conf, path), conf);
      }
      const rules = await loadRules(config, security);
      doors.push({ port: listener.port, security, rules, ...(again ? { again } : {}) });
    }
    return { config, doors, settings, passwords: await passwordsIn(folder) };
  } catch (error) {
    if (error instanceof Unusable) return error.trouble;
    if (!(error instanceof BrokerStartError)) throw error;
    return trouble(folder, error);
  }
}

/** A broker's refusal to start, with the line that it is about. */
async function trouble(folder: string, error: BrokerStartError): Promise<Trouble> {
  const at = error instanceof ConfigError ? error.place : undefined;
  const lines = at ? (await text(resolve(folder, at.file)))?.split('\n') : undefined;
  const line = at && lines?.[at.line - 1];
  return {
    kind: 'config',
    text: error.message,
    exitCode: error.exitCode,
    ...(at ? { at } : {}),
    ...(line ? { line } : {}),
  };
}

function settingsIn(conf: string): Lab['settings'] {
  const found = new Map<string, FilePosition>();
  for (const [index, line] of conf.split('\n').entries()) {
    const key = line.startsWith('#') ? undefined : /^ *([^\s]+)/.exec(line)?.[1];
    if (key && !found.has(key)) found.set(key, { file: CONF, line: index + 1 });
  }
  return [...found].map(([key, at]) => ({ key, at }));
}

function placeOf(conf: string, path: string): FilePosition {
  const line = conf.split('\n').findIndex(one => one.trim().endsWith(` ${path}`));
  return { file: CONF, line: line + 1 };
}

/** The files that a configuration names. */
function filesOf(config: MosquittoConfig): string[] {
  const named = config.listeners.flatMap(listener => {
    const { aclFile, passwordFile } = securityOf(config, listener);
    const { cafile, certfile, keyfile, crlfile } = listener;
    return [aclFile, passwordFile, cafile, certfile, keyfile, crlfile];
  });
  return [...new Set(named.filter((path): path is string => path !== undefined))];
}

/** The check reads what is handed in, and nothing else of the machine. */
function checkInside(folder: string, path: string, at: FilePosition, conf: string): void {
  const target = resolve(folder, path);
  const real = existsSync(target) ? realpathSync(target) : target;
  const inside = relative(existsSync(target) ? realpathSync(folder) : folder, real);
  if (!inside.startsWith('..') && !isAbsolute(inside)) return;
  const line = conf.split('\n')[at.line - 1];
  throw new Unusable({
    kind: 'outside',
    text: `${path} is outside of your exercise's folder`,
    at,
    ...(line ? { line } : {}),
  });
}

async function passwordsIn(folder: string): Promise<Lab['passwords']> {
  const lines = ((await text(join(folder, ENV_FILE))) ?? '').split('\n');
  const value = (name: string) => {
    const line = lines.find(one => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(one));
    const raw = line?.slice(line.indexOf('=') + 1).trim() ?? '';
    return raw.replace(/^(['"])(.*)\1$/, '$2');
  };
  return { sensor: value('SENSOR_PASSWORD'), dashboard: value('DASHBOARD_PASSWORD') };
}

/** What lets the checker in, laid over a copy of the learner's files. Nobody else may more by it. */
const overlay = `
user ${TESTER}
topic readwrite #
topic readwrite $fence/#
topic read $SYS/#
user sensor
topic readwrite $fence/sensor
user dashboard
topic readwrite $fence/dashboard
`;

/**
 * Starts a broker from a copy of the learner's files to which the tester's login is added: the
 * referee that sees what the two users cannot show. On Mosquitto where `kind` asks for it and the
 * listeners are plain.
 */
export async function startLab(
  folder: string,
  lab: Lab,
  password: string,
  kind: string,
): Promise<{ broker: Broker; through(port: number): Broker } | Trouble> {
  const copy = await mkdtemp(join(tmpdir(), 'mqtt-course-acl-lab-'));
  try {
    await copyLab(folder, lab, copy, password);
    if (kind === 'mosquitto' && findMosquitto() && isPlain(lab.config)) {
      const conf = await readFile(join(copy, CONF), 'utf8');
      const started = await startMosquitto({ conf, cwd: copy });
      const broker = withCleanup(started, copy);
      const through = (configured: number): Broker => {
        const door = started.listeners.find(one => one.configured === configured);
        const open = () => connect({ port: door?.port ?? 0, host: '127.0.0.1', noDelay: true });
        return Object.create(broker, { open: { value: open } });
      };
      return { broker, through };
    }
    const config = await loadMosquittoConfig(CONF, { base: copy });
    const started = await startFromConfig(config, { ports: 'ephemeral' });
    const broker = withCleanup(started, copy);
    const through = (port: number): Broker =>
      Object.create(broker, { open: { value: () => started.open(port) } });
    return { broker, through };
  } catch (error) {
    await removeTemporary(copy);
    if (!(error instanceof BrokerStartError)) throw error;
    return trouble(folder, error);
  }
}

function withCleanup(broker: Broker, folder: string): Broker {
  const stop = async () => {
    await broker.stop();
    await removeTemporary(folder);
  };
  return Object.create(broker, { stop: { value: stop } });
}

async function copyLab(folder: string, lab: Lab, copy: string, password: string): Promise<void> {
  const { config } = lab;
  const acls = new Set(lab.doors.map(door => door.security.aclFile));
  const logins = new Set(lab.doors.map(door => door.security.passwordFile));
  for (const path of [CONF, ...filesOf(config)]) {
    const from = resolve(folder, path);
    const to = resolve(copy, relative(folder, from));
    await mkdir(dirname(to), { recursive: true });
    if (acls.has(path)) {
      // Lines before the first "user" stay what they are: the overlay stands at the end.
      await writeFile(to, `${await readFile(from, 'utf8')}\n${overlay}`);
    } else if (logins.has(path)) {
      const others = (await readFile(from, 'utf8'))
        .split('\n')
        .filter(line => !line.startsWith(`${TESTER}:`));
      const hash = await hashPassword(password, 'sha512-pbkdf2');
      await writeFile(to, `${others.join('\n')}\n${TESTER}:${hash}\n`);
    } else {
      await copyFile(from, to);
    }
  }
}

/** The checker's own clients come without TLS and without WebSocket. */
const isPlain = ({ listeners }: MosquittoConfig) =>
  listeners.every(one => one.protocol === 'mqtt' && one.certfile === undefined && !one.path);
