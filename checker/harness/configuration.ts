import { readFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import {
  BrokerStartError,
  ConfigError,
  type FilePosition,
  findMosquitto,
  loadMosquittoConfig,
  loadRules,
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
}

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
  /** Such lines above all listeners, where each has its own: they hold for none of them. */
  readonly aboveListeners?: Readonly<Record<string, FilePosition>>;
  /** Users of the password_file whose line can be used. */
  readonly users: readonly string[];
  /** The CONNACK code for each guest, by name; null when the connection ended without one. */
  readonly answers: Readonly<
    Record<
      string,
      { readonly code: number | null; readonly because: string; readonly at?: FilePosition }
    >
  >;
}

/**
 * Reads `mosquitto.conf` in a folder, starts a broker with it (the real Mosquitto where that was
 * asked for, else the embedded one) and knocks at its first door as each guest.
 */
export async function readConfiguration(
  context: ScenarioContext,
  guests: readonly Guest[],
  folder = context.folder,
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
    }));
    const [first] = config.listeners;
    if (!first) return { ...base, ...nothing, doors };
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
        const stream = real ? dial({ port: broker.port ?? 0, host: '127.0.0.1' }) : broker.open();
        const { because, at } = await rules.admit(guest);
        const code = await knock(context, stream, guest);
        answers[guest.name] = { code, because, ...(at ? { at } : {}) };
      }
    } finally {
      await broker.stop();
    }
    return {
      ...base,
      localOnly: config.localOnly,
      doors,
      warnings: [...config.warnings, ...rules.warnings].map(({ text, place }) => ({
        text,
        at: place,
      })),
      places: Object.fromEntries(security.places),
      aboveListeners: Object.fromEntries(config.aboveListeners),
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
