import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { duplexPair } from '../../wire/duplex-pair.js';
import { type MosquittoConfig, securityOf } from '../conf/config.js';
import { at, type Warning } from '../conf/position.js';
import { createBroker } from '../core.js';
import { withGetters } from '../embedded.js';
import type { Journal } from '../journal.js';
import { REASON } from '../protocol/reasons.js';
import { loadRules } from '../rules.js';
import type { Broker, Dialect, LogEntry } from '../types.js';
import { plainArrival } from './arrival.js';
import { type ConfiguredState, type ListenerState, prepareListeners } from './listener.js';
import { closeListener, openListener } from './open-listener.js';
import { reload } from './reload.js';
import { loadRevocation } from './revocation.js';
import { tlsOptions, usesTls } from './tls.js';

export interface FromConfigOptions {
  /** `ephemeral`: every listener gets a free port instead of its own, and 127.0.0.1 instead of all
   * addresses, so that several brokers of the same file can run at once. */
  readonly ports?: 'as-written' | 'ephemeral';
  readonly dialect?: Dialect;
  readonly log?: (entry: LogEntry) => void;
}

/** A listener of the file that is open. */
export interface BoundListener {
  /** The port in the file. */
  readonly configured: number;
  /** The port that listens; 0 for a Unix socket. */
  readonly port: number;
  readonly address: string;
  readonly tls: boolean;
  readonly protocol: 'mqtt' | 'websockets';
}

export interface ConfiguredBroker extends Broker {
  readonly listeners: readonly BoundListener[];
  /** A connection through the listener with this port in the file (default: the first one), without
   * TCP. It is asked for no certificate: `certificateName` stands for a verified one. */
  open(configured?: number, certificateName?: string): Duplex;
  /** Reads the file, passwords, ACLs and certificates anew (SIGHUP). Clients that would no longer be
   * let in are disconnected. With an error in a file, what was in force stays, and the log says so. */
  reload(): Promise<void>;
  /** Stops, and tells clients of MQTT 5 that it does (SIGTERM). */
  shutDown(): Promise<void>;
}

/** Milliseconds for the last packets to leave. */
const LAST_WORDS = 100;

/** Reads every file a configuration names, and opens nothing. Returns all warnings; throws what
 * `startFromConfig` would throw. */
export async function checkConfig(config: MosquittoConfig): Promise<readonly Warning[]> {
  const warnings = [...config.warnings];
  const seen = new Set<object>();
  for (const listener of config.listeners) {
    const security = securityOf(config, listener);
    if (!seen.has(security)) warnings.push(...(await loadRules(config, security)).warnings);
    seen.add(security);
    if (usesTls(listener)) await tlsOptions(config, listener);
    await loadRevocation(config, listener);
  }
  return warnings;
}

/** Starts the embedded broker as a mosquitto.conf says. Throws `ConfigError` (with file and line) or
 * `BrokerStartError`; both carry Mosquitto's exit code. */
export async function startFromConfig(
  config: MosquittoConfig,
  options: FromConfigOptions = {},
): Promise<ConfiguredBroker> {
  const settings = {
    dialect: options.dialect ?? 'mosquitto',
    ephemeral: options.ports === 'ephemeral',
  };
  const listeners = await prepareListeners(config, settings);
  const state: ConfiguredState = { config, listeners, ...settings };

  const core = await createBroker({
    ...(options.log === undefined ? {} : { log: options.log }),
    expiration: () => state.config.persistentClientExpiration,
    async open(accept, book) {
      for (const warning of config.warnings) sayWarning(book, warning);
      for (const { rules } of listeners) {
        for (const warning of rules.warnings) sayWarning(book, warning);
      }
      for (const listener of listeners) await openListener(state, listener, accept, book);
      return {
        port: listeners[0]?.port,
        close: async () => {
          await Promise.all(listeners.map(closeListener));
        },
      };
    },
  });
  await core.start();

  return withGetters(core.broker, {
    open(configured?: number, certificateName?: string) {
      const listener = listeners.find(
        ({ config }) => configured === undefined || config.port === configured,
      );
      if (listener === undefined) {
        throw new Error(`no listener with port ${configured} in the file`);
      }
      const [near, far] = duplexPair();
      core.accept(far, plainArrival(listener, 'in-process', certificateName));
      return near;
    },
    reload: () => reload(state, core),
    async shutDown() {
      let told = false;
      for (const connection of [...core.connections()]) {
        told ||= connection.who?.protocolVersion === 5;
        connection.cut(false, 'disconnected: the broker shuts down.', REASON.shuttingDown);
      }
      // The last packets leave before the sockets go.
      if (told) await setTimeout(LAST_WORDS);
      await core.broker.stop();
    },
    get listeners() {
      return listeners.filter(({ server }) => server !== undefined).map(bound);
    },
  });

  function bound({ config, port }: ListenerState): BoundListener {
    return {
      configured: config.port,
      port,
      address: config.path ?? (state.ephemeral ? '127.0.0.1' : (config.host ?? '')),
      tls: usesTls(config),
      protocol: config.protocol,
    };
  }
}

function sayWarning(journal: Journal, { text, place }: Warning): void {
  const level = text.startsWith('Error') ? 'error' : 'warning';
  journal.log(level, `${text} (${at(place)})`);
}
