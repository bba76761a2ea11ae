import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { Aedes, type AedesOptions, type AuthenticateError, type Client } from 'aedes';
import memoryModule from 'aedes-persistence';
import { closeServer, listenTcp } from './listen.js';
import { duplexPair } from './pipe.js';
import type {
  Broker,
  BrokerOptions,
  LogEntry,
  LogLevel,
  RetainedMessage,
  SessionInfo,
  Who,
} from './types.js';

/** The module is CommonJS and its types claim a default export it does not have. */
const memory = memoryModule as unknown as () => object;

interface Running {
  readonly engine: Aedes;
  readonly connections: Set<Duplex>;
  readonly who: WeakMap<Client, Who>;
  stopping: boolean;
}

/** Starts the embedded broker. Rejects with `BrokerStartError` when it cannot listen. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const listeners = new Set<(entry: LogEntry) => void>();
  if (options.log !== undefined) listeners.add(options.log);
  const log = (level: LogLevel, text: string): void => {
    const entry = { time: Date.now(), level, text };
    for (const listener of listeners) listener(entry);
  };
  let store = memory();
  let retained = new Map<string, RetainedMessage>();
  const sessions = new Map<string, SessionInfo>();
  let server: Server | undefined;
  let port = options.listen === false ? undefined : (options.listen?.port ?? 0);
  let running: Running | undefined;

  async function begin(): Promise<Running> {
    const who = new WeakMap<Client, Who>();
    const denied = new WeakSet<object>();
    const state: { stopping: boolean } = { stopping: false };
    const settings: AedesOptions = {
      persistence: store,
      maxClientsIdLength: 65_535,
      queueLimit: 10_000,
      authenticate(client, username, password, done) {
        const person: Who = {
          clientId: client.id,
          ...(username === undefined ? {} : { username }),
          ...(password === undefined ? {} : { password }),
          clean: client.clean,
          protocolVersion: client.version,
          address: 'unknown',
        };
        who.set(client, person);
        Promise.resolve(options.authenticate?.(person) ?? 0).then(
          code => {
            if (code === 0) return done(null, true);
            const refusal = Object.assign(new Error('refused'), { returnCode: code });
            done(refusal as AuthenticateError, false);
          },
          () =>
            done(Object.assign(new Error('failed'), { returnCode: 3 }) as AuthenticateError, false),
        );
      },
      authorizePublish(client, packet, done) {
        const person = client === null ? undefined : who.get(client);
        const ok =
          !state.stopping &&
          !packet.topic.startsWith('$SYS/') &&
          (person === undefined || (options.mayPublish?.(person, packet.topic) ?? true));
        if (!ok) denied.add(packet);
        done(null);
      },
      authorizeSubscribe(client, subscription, done) {
        const person = who.get(client);
        const strict = options.dialect === 'strict' && person !== undefined;
        const ok = !strict || (options.mayReceive?.(person, subscription.topic) ?? true);
        done(null, ok ? subscription : null);
      },
      authorizeForward(client, packet) {
        const person = who.get(client);
        const ok = person === undefined || (options.mayReceive?.(person, packet.topic) ?? true);
        return ok ? packet : null;
      },
    };
    const engine = await Aedes.createBroker(settings);
    const publish = engine.publish as (...args: unknown[]) => void;
    engine.publish = function (this: Aedes, ...args: unknown[]): void {
      const done = args.at(-1);
      if (denied.has(args[0] as object)) {
        if (typeof done === 'function') done(null);
        return;
      }
      publish.apply(this, args);
    } as Aedes['publish'];
    engine.on('publish', packet => {
      if (!packet.retain) return;
      const payload = Buffer.from(packet.payload);
      if (payload.length === 0) retained.delete(packet.topic);
      else retained.set(packet.topic, { topic: packet.topic, payload, qos: packet.qos });
    });
    engine.on('clientReady', client => {
      log('notice', `New client connected as ${client.id}.`);
      sessions.set(client.id, {
        clientId: client.id,
        connected: true,
        clean: client.clean,
        subscriptions: client.clean ? [] : (sessions.get(client.id)?.subscriptions ?? []),
        queued: 0,
        inflight: 0,
      });
    });
    engine.on('clientDisconnect', client => {
      log('notice', `Client ${client.id} disconnected.`);
      const session = sessions.get(client.id);
      if (session === undefined || session.clean) sessions.delete(client.id);
      else sessions.set(client.id, { ...session, connected: false });
    });
    engine.on('subscribe', (subscriptions, client) => {
      const session = sessions.get(client.id);
      if (session === undefined) return;
      const merged = new Map(session.subscriptions.map(s => [s.filter, s]));
      for (const s of subscriptions) merged.set(s.topic, { filter: s.topic, qos: s.qos });
      sessions.set(client.id, { ...session, subscriptions: [...merged.values()] });
    });
    return Object.assign(state, { engine, connections: new Set<Duplex>(), who });
  }

  function accept(stream: Duplex): void {
    const now = running;
    if (now === undefined) {
      stream.destroy();
      return;
    }
    now.connections.add(stream);
    stream.on('error', () => {});
    stream.on('close', () => now.connections.delete(stream));
    now.engine.handle(stream);
  }

  async function start(state: 'keep' | 'wipe' = 'keep'): Promise<void> {
    if (running !== undefined) return;
    if (state === 'wipe') {
      store = memory();
      retained = new Map();
      sessions.clear();
    }
    running = await begin();
    if (port === undefined) return;
    const host = options.listen === false ? undefined : options.listen?.host;
    try {
      const listening = await listenTcp(host ?? '127.0.0.1', port, accept);
      server = listening.server;
      port = listening.port;
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async function stop(): Promise<void> {
    const now = running;
    if (now === undefined) return;
    running = undefined;
    now.stopping = true;
    const closing = server === undefined ? undefined : closeServer(server);
    server = undefined;
    for (const connection of now.connections) connection.destroy();
    await new Promise<void>(resolve => now.engine.close(() => resolve()));
    await closing;
  }

  await start();
  return {
    get port() {
      return running === undefined ? undefined : port;
    },
    get url() {
      return running === undefined || port === undefined ? undefined : `mqtt://127.0.0.1:${port}`;
    },
    get running() {
      return running !== undefined;
    },
    open() {
      const [near, far] = duplexPair();
      accept(far);
      return near;
    },
    start,
    stop,
    async restart(state) {
      await stop();
      await start(state);
    },
    disconnect(clientId) {
      for (const connection of running?.connections ?? []) {
        const client = (connection as Duplex & { client?: Client }).client;
        if (client?.id === clientId) {
          connection.destroy();
          return true;
        }
      }
      return false;
    },
    sessions: () => [...sessions.values()],
    retained: () => [...retained.values()],
    onLog(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
