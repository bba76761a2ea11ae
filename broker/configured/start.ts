import { rmSync, statSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { duplexPair } from '../../wire/duplex-pair.js';
import { type ListenerConfig, located, type MosquittoConfig, securityOf } from '../conf/config.js';
import { loadMosquittoConfig } from '../conf/load.js';
import { at, ConfigError, type Warning } from '../conf/place.js';
import { createBroker } from '../core.js';
import { withGetters } from '../embedded.js';
import { withDefaults } from '../limits.js';
import { startError } from '../listen.js';
import type { Gate, Policy } from '../protocol/server-state.js';
import { loadRules, type Rules } from '../rules.js';
import type { Broker, Dialect, LogEntry } from '../types.js';
import { commonName, identityOf, tlsOptions, usesTls } from './tls.js';

export interface FromConfigOptions {
  /** `ephemeral`: every listener gets a free port instead of its own, and 127.0.0.1 instead of all
   * addresses, so that several brokers of the same file can run at once. */
  readonly ports?: 'as-written' | 'ephemeral';
  readonly dialect?: Dialect;
  readonly log?: (entry: LogEntry) => void;
}

/** A door that is open. */
export interface OpenListener {
  /** The port in the file. */
  readonly configured: number;
  /** The port that listens; 0 for a Unix socket. */
  readonly port: number;
  readonly address: string;
  readonly tls: boolean;
  readonly protocol: 'mqtt' | 'websockets';
}

export interface ConfiguredBroker extends Broker {
  readonly listeners: readonly OpenListener[];
  /** A connection through the listener with this port in the file (default: the first one), without
   * TCP. It is asked for no certificate: `certificateName` stands for a verified one. */
  open(configured?: number, certificateName?: string): Duplex;
  /** Reads the file, passwords, ACLs and certificates anew (SIGHUP). Clients that would no longer be
   * let in are disconnected. With an error in a file, what was in force stays, and the log says so. */
  reload(): Promise<void>;
}

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
  }
  return warnings;
}

interface Door {
  listener: ListenerConfig;
  rules: Rules;
  server: Server | undefined;
  port: number;
  readonly counter: { open: number };
  readonly sockets: Set<Socket>;
}

/** Starts the embedded broker as a mosquitto.conf says. Throws `ConfigError` (with file and line) or
 * `BrokerStartError`; both carry Mosquitto's exit code. */
export async function startFromConfig(
  config: MosquittoConfig,
  options: FromConfigOptions = {},
): Promise<ConfiguredBroker> {
  let current = config;
  const doors = await prepare(config);
  const ephemeral = options.ports === 'ephemeral';

  const core = await createBroker({
    ...(options.log === undefined ? {} : { log: options.log }),
    expiration: () => current.persistentClientExpiration,
    async open(accept) {
      for (const warning of config.warnings) say(warning);
      for (const door of doors) for (const warning of door.rules.warnings) say(warning);
      for (const door of doors) await openDoor(door, accept);
      return {
        port: doors[0]?.port,
        close: async () => {
          await Promise.all(
            doors.map(
              door =>
                new Promise<void>(resolve => {
                  if (door.server === undefined) return resolve();
                  door.server.close(() => resolve());
                  door.server = undefined;
                  for (const socket of door.sockets) socket.destroy();
                }),
            ),
          );
        },
      };
    },
  });
  await core.start();

  function say(warning: Warning): void {
    const level = warning.text.startsWith('Error') ? 'error' : 'warning';
    core.book.log(level, `${warning.text} (${at(warning.place)})`);
  }

  async function openDoor(door: Door, accept: (stream: Duplex, gate: Gate) => void): Promise<void> {
    const { listener } = door;
    const server = await serverFor(door, accept);
    const host = ephemeral ? '127.0.0.1' : (listener.host ?? anyAddress(listener.family));
    // After a stop, the same port again.
    const port = door.port !== 0 ? door.port : ephemeral ? 0 : listener.port;
    const path = listener.path === undefined ? undefined : located(current, listener.path);
    const where = path ?? (host === undefined ? `port ${port}` : `${host}:${port}`);
    if (path !== undefined) removeSocket(path);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        if (path !== undefined) server.listen(path, resolve);
        else
          server.listen(
            { port, ipv6Only: listener.family === 6, ...(host === undefined ? {} : { host }) },
            resolve,
          );
      });
    } catch (error) {
      // Without IPv6 the second half of the local-only pair cannot be had, and is not missed.
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (host === '::1' && /^(EADDRNOTAVAIL|EAFNOSUPPORT)$/.test(code)) return;
      throw startError(error, where);
    }
    const address = server.address();
    door.port = typeof address === 'object' && address !== null ? address.port : 0;
    door.server = server;
    // Those still in their TLS or HTTP handshake would keep a closing server open.
    server.on('connection', socket => {
      door.sockets.add(socket);
      socket.once('close', () => door.sockets.delete(socket));
    });
    const family = host === undefined || host.includes(':') ? 'ipv6' : 'ipv4';
    const kind = listener.protocol === 'websockets' ? 'websockets' : family;
    core.book.log('information', `Opening ${kind} listen socket on port ${door.port}.`);
  }

  async function serverFor(door: Door, accept: (s: Duplex, g: Gate) => void): Promise<Server> {
    const { listener } = door;
    const entry = (socket: Socket): Gate => gateOf(door, remote(socket), socket);
    if (listener.protocol === 'websockets') {
      const { webSocketServer } = await import('./websocket.js');
      const tls = usesTls(listener) ? await tlsOptions(current, listener) : undefined;
      return webSocketServer(tls, (stream, socket) => accept(stream, entry(socket)));
    }
    if (!usesTls(listener)) {
      return createServer({ noDelay: true }, socket => accept(socket, entry(socket)));
    }
    const { createServer: createTlsServer } = await import('node:tls');
    const server = createTlsServer(
      { noDelay: true, ...(await tlsOptions(current, listener)) },
      socket => accept(socket, entry(socket)),
    );
    server.on('tlsClientError', (error: Error) => {
      core.book.log('error', `Error: TLS handshake on port ${door.port}: ${error.message}`);
    });
    return server;
  }

  function gateOf(door: Door, address: string, socket?: Socket, certificate?: string): Gate {
    const { listener } = door;
    const encrypted = socket !== undefined && 'getPeerX509Certificate' in socket;
    const wanted = listener.useIdentityAsUsername || listener.useSubjectAsUsername;
    const identity = encrypted
      ? identityOf(listener, socket as TLSSocket)
      : wanted
        ? certificate === undefined
          ? 'missing'
          : { username: certificate }
        : undefined;
    const name = encrypted ? commonName(socket as TLSSocket) : certificate;
    const policy: Policy = {
      dialect: options.dialect ?? 'mosquitto',
      // Looked up each time: a reload changes the rules under an open connection.
      mayPublish: (who, topic) => door.rules.allows(who, 'write', topic),
      mayReceive: (who, topic) => door.rules.allows(who, 'read', topic),
      maySubscribe: (who, filter) => door.rules.allows(who, 'read', filter),
    };
    return {
      address,
      port: listener.port,
      counter: door.counter,
      policy,
      autoIdPrefix: securityOf(current, listener).autoIdPrefix,
      ...(name === undefined ? {} : { certificateName: name }),
      ...(identity === undefined ? {} : { identity }),
      authenticate: async who =>
        // The certificate was the proof; the password_file is not asked.
        identity === undefined ? (await door.rules.admit(who)).code : 0,
      limits: withDefaults({
        ...(current.maxPacketSize === undefined ? {} : { maxPacketSize: current.maxPacketSize }),
        messageSizeLimit: current.messageSizeLimit,
        maxInflight: current.maxInflight,
        maxQueued: current.maxQueued,
        maxKeepalive: current.maxKeepalive,
        retainAvailable: current.retainAvailable,
        persistentClientExpiration: current.persistentClientExpiration,
        maxQos: listener.maxQos,
        maxConnections: listener.maxConnections,
        allowZeroLengthClientId: securityOf(current, listener).allowZeroLengthClientId,
      }),
    };
  }

  async function reload(): Promise<void> {
    try {
      const next =
        current.file === undefined
          ? current
          : await loadMosquittoConfig(
              current.file,
              current.base === undefined ? {} : { base: current.base },
            );
      const fresh = await prepare(next);
      if (fresh.length !== doors.length) {
        const words =
          'It is not currently possible to add/remove listeners when reloading the config file.';
        core.book.log('warning', `Warning: ${words}`);
      }
      const contexts = await Promise.all(
        fresh.map(async ({ listener }) =>
          usesTls(listener) ? tlsOptions(next, listener) : undefined,
        ),
      );
      current = next;
      for (const [index, door] of doors.entries()) {
        const other = fresh[index];
        if (other === undefined) break;
        door.listener = { ...other.listener, port: door.listener.port };
        door.rules = other.rules;
        const context = contexts[index];
        if (
          context !== undefined &&
          door.server !== undefined &&
          'setSecureContext' in door.server
        ) {
          (door.server as unknown as { setSecureContext(o: object): void }).setSecureContext(
            context,
          );
        }
      }
      core.book.log('information', 'Reloading config.');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const place = error.place === undefined ? '' : ` Error found at ${at(error.place)}.`;
      core.book.log('error', `${error.message}${place} What was in force stays.`);
      return;
    }
    for (const connection of [...core.connections()]) {
      const { who, gate } = connection;
      if (who === undefined || (await gate.authenticate(who)) === 0) continue;
      connection.cut(true, 'disconnected, not authorised.');
    }
  }

  return withGetters(core.broker, {
    open(configured?: number, certificateName?: string) {
      const door = doors.find(d => configured === undefined || d.listener.port === configured);
      if (door === undefined) throw new Error(`no listener with port ${configured} in the file`);
      const [near, far] = duplexPair();
      core.accept(far, gateOf(door, 'in-process', undefined, certificateName));
      return near;
    },
    reload,
    get listeners() {
      return doors
        .filter(door => door.server !== undefined)
        .map(({ listener, port }) => ({
          configured: listener.port,
          port,
          address: listener.path ?? (ephemeral ? '127.0.0.1' : (listener.host ?? '')),
          tls: usesTls(listener),
          protocol: listener.protocol,
        }));
    },
  });

  async function prepare(from: MosquittoConfig): Promise<Door[]> {
    const bySecurity = new Map<object, Rules>();
    const made: Door[] = [];
    for (const listener of from.listeners) {
      // With free ports, the second half of the local-only pair would be another port.
      if (options.ports === 'ephemeral' && from.localOnly && made.length > 0) break;
      const security = securityOf(from, listener);
      const rules = bySecurity.get(security) ?? (await loadRules(from, security));
      bySecurity.set(security, rules);
      made.push({
        listener,
        rules,
        server: undefined,
        port: 0,
        counter: { open: 0 },
        sockets: new Set(),
      });
    }
    return made;
  }
}

/** Without the prefix an IPv4 address has on a socket for both families. */
function remote(socket: Socket): string {
  return `${socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'unix'}:${socket.remotePort ?? 0}`;
}

function anyAddress(family: 4 | 6 | undefined): string | undefined {
  return family === 4 ? '0.0.0.0' : family === 6 ? '::' : undefined;
}

function removeSocket(path: string): void {
  try {
    if (statSync(path).isSocket()) rmSync(path);
  } catch {
    // there is none
  }
}
