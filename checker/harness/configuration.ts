import { readFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import {
  BrokerStartError,
  ConfigError,
  type ConfiguredBroker,
  type FilePosition,
  findMosquitto,
  type ListenerConfig,
  loadMosquittoConfig,
  loadRules,
  type MosquittoBroker,
  type MosquittoConfig,
  securityOf,
  startFromConfig,
  startMosquitto,
} from '../../broker/index.js';
import { createPeer } from '../../wire/index.js';
import type { ScenarioContext } from './context.js';

/** Somebody at the door. */
export interface Guest {
  /** In words: "the sensor", "somebody without a login". */
  readonly name: string;
  readonly username?: string;
  readonly password?: string;
}

export interface Door {
  readonly port: number;
  readonly host?: string;
  /** It has a certificate and a key. */
  readonly tls: boolean;
  /** It has some option of TLS, perhaps not enough. */
  readonly wantsTls: boolean;
  readonly at?: FilePosition;
  /** It waits for WebSockets, not for MQTT itself. */
  readonly websockets?: true;
}

/** A listener that this machine alone can reach. */
export const isLoopback = (host: string | undefined): boolean =>
  /^(localhost$|127\.|::1$|::ffff:127\.|(?:0*:){7}0*1$)/i.test(host ?? '');

/** What a configuration says, and what a broker that was started with it answered. Plain JSON. */
export interface ConfigFindings {
  readonly broker: 'embedded' | 'mosquitto';
  /** Why no broker can be started with it: Mosquitto's words, and the line. */
  readonly error?: { readonly text: string; readonly at?: FilePosition };
  readonly localOnly: boolean;
  readonly doors: readonly Door[];
  readonly warnings: readonly { readonly text: string; readonly at: FilePosition }[];
  /** Lines that were written about who may come in: `allow_anonymous`, `password_file`. */
  readonly places: Readonly<Record<string, FilePosition>>;
  /** Users of the password_file whose line can be used. */
  readonly users: readonly string[];
  /** The first line of each option, whether it holds for the first door or not. */
  readonly written?: Readonly<Record<string, FilePosition>>;
  /** What the rules of the other doors of the house say to the same guests. */
  readonly otherDoors?: readonly OtherDoor[];
  /** The CONNACK code for each guest, by name; null when the connection ended without one. */
  readonly answers: Readonly<
    Record<
      string,
      { readonly code: number | null; readonly because: string; readonly at?: FilePosition }
    >
  >;
}

/** Another door of the house, and what its rules say. */
export interface OtherDoor {
  readonly door: Door;
  readonly users: readonly string[];
  readonly answers: ConfigFindings['answers'];
}

/**
 * Reads `mosquitto.conf` in a folder, starts a broker with it (the real Mosquitto where that was
 * asked for, else the embedded one) and knocks at its main door as each guest. The rules of its
 * other doors are asked the same.
 */
export async function readConfiguration(
  context: ScenarioContext,
  guests: readonly Guest[],
  folder = context.folder,
  /** Those of whom the rules alone are asked, at every door of the house. */
  asked?: readonly Guest[],
): Promise<ConfigFindings> {
  const real = context.brokerKind === 'mosquitto' && findMosquitto() !== undefined;
  const nothing = { localOnly: false, doors: [], warnings: [], places: {}, users: [], answers: {} };
  const base = { broker: real ? 'mosquitto' : 'embedded' } as const;
  try {
    const config = await loadMosquittoConfig('mosquitto.conf', { base: folder, confined: true });
    const doors = config.listeners.map(listener => ({
      port: listener.port,
      ...(listener.host === undefined ? {} : { host: listener.host }),
      tls: listener.certfile !== undefined && listener.keyfile !== undefined,
      wantsTls: [listener.cafile, listener.certfile, listener.keyfile].some(Boolean),
      ...(listener.place ? { at: listener.place } : {}),
      ...(listener.protocol === 'websockets' ? { websockets: true as const } : {}),
    }));
    const written = linesOf(await readFile(join(folder, 'mosquitto.conf'), 'utf8'));
    const first = mainDoor(config.listeners);
    if (!first) return { ...base, ...nothing, doors, written };
    const security = securityOf(config, first);
    const rules = await loadRules(config, security);
    const broker = real
      ? await startMosquitto({
          conf: await readFile(join(folder, 'mosquitto.conf'), 'utf8'),
          cwd: folder,
        })
      : await startFromConfig(config, { ports: 'ephemeral' });
    const answers: Record<string, ConfigFindings['answers'][string]> = {};
    try {
      for (const guest of guests) {
        const stream = open(broker, first.port);
        const { because, at } = await rules.admit(guest);
        const code = await knock(context, stream, guest);
        answers[guest.name] = { code, because, ...(at ? { at } : {}) };
      }
    } finally {
      await broker.stop();
    }
    const otherDoors: OtherDoor[] = [];
    for (const [at, listener] of config.listeners.entries()) {
      const door = doors[at];
      if ((listener === first && !asked) || !door || isLoopback(listener.host)) continue;
      otherDoors.push({ door, ...(await answersOf(config, listener, asked ?? guests)) });
    }
    return {
      ...base,
      written,
      otherDoors,
      localOnly: config.localOnly,
      doors,
      warnings: [...config.warnings, ...rules.warnings].map(({ text, place }) => ({
        text,
        at: place,
      })),
      places: Object.fromEntries(security.places),
      users: [...(rules.passwords?.users.keys() ?? [])],
      answers,
    };
  } catch (error) {
    if (!(error instanceof BrokerStartError)) throw error;
    const place = error instanceof ConfigError ? error.place : undefined;
    // A folder of ours in the words would tell the learner nothing.
    const text = error.message.replaceAll(`${folder}/`, '');
    return { ...base, ...nothing, error: { text, ...(place ? { at: place } : {}) } };
  }
}

/** What the rules of a listener say to each guest. */
async function answersOf(
  config: MosquittoConfig,
  listener: ListenerConfig,
  guests: readonly Guest[],
): Promise<Omit<OtherDoor, 'door'>> {
  const rules = await loadRules(config, securityOf(config, listener));
  const answers: Record<string, ConfigFindings['answers'][string]> = {};
  for (const guest of guests) {
    const { code, because, at } = await rules.admit(guest);
    answers[guest.name] = { code, because, ...(at ? { at } : {}) };
  }
  return { users: [...(rules.passwords?.users.keys() ?? [])], answers };
}

/** The door that the house knocks at: that with port 1883, where there is one; else the first. */
function mainDoor(listeners: MosquittoConfig['listeners']): ListenerConfig | undefined {
  const ofHouse = listeners.filter(one => !isLoopback(one.host) && one.protocol === 'mqtt');
  return ofHouse.find(one => one.port === 1883) ?? ofHouse[0] ?? listeners[0];
}

/** A connection through the listener with this port in the file. */
function open(broker: ConfiguredBroker | MosquittoBroker, port: number): Duplex {
  const bound = broker.listeners.find(one => one.configured === port);
  return 'reload' in broker
    ? broker.open(port)
    : dial({ port: bound?.port ?? broker.port ?? 0, host: '127.0.0.1' });
}

/** The first line of each option of a mosquitto.conf. */
function linesOf(conf: string): Record<string, FilePosition> {
  const found: Record<string, FilePosition> = {};
  for (const [index, line] of conf.split('\n').entries()) {
    const key = line.startsWith('#') ? undefined : /^ *([^\s]+)/.exec(line)?.[1];
    if (key) found[key] ??= { file: 'mosquitto.conf', line: index + 1 };
  }
  return found;
}

/** The CONNACK code for one guest; null when the connection ends without one. */
async function knock(
  context: ScenarioContext,
  stream: Duplex,
  guest: Guest,
): Promise<number | null> {
  const peer = createPeer(stream);
  const { username, password } = guest;
  const answer = peer
    .connect({
      clientId: `checker-${guest.name}`.replaceAll(' ', '-'),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    })
    .then(
      connack => connack.returnCode,
      () => null,
    );
  try {
    return await context.expect(`the broker's answer to ${guest.name}`, answer);
  } finally {
    peer.destroy();
  }
}

/** `mosquitto.conf:3`, or nothing to say. */
export function placeText(place: FilePosition | undefined): string | undefined {
  return place && `${place.file}:${place.line}`;
}

/** Why an option is without effect although it is written: it holds for another listener. */
export function forAnotherDoor(findings: ConfigFindings, key: string) {
  const per = findings.written?.['per_listener_settings'];
  const line = findings.written?.[key];
  if (!per || !line || key in findings.places) return undefined;
  return {
    mistake: 'for-another-listener',
    seen: `${placeText(per)}: per_listener_settings; ${placeText(line)}: ${key}`,
    why: `with per_listener_settings true, ${key} holds for the listener above it only. Above the first listener line it holds for none of yours`,
    try: `put ${key} below the listener line that it is meant for, or take per_listener_settings away`,
  };
}

/** Users in a password file who are not those of the lesson. */
export const strangersIn = (users: readonly string[], known: Readonly<Record<string, string>>) =>
  users.filter(user => !(user in known));
