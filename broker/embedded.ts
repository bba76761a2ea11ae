import type { Server } from 'node:net';
import type { Gate, Policy } from './guard/hub.js';
import { createInstance, type Instance } from './instance.js';
import { journal } from './journal.js';
import { withDefaults } from './limits.js';
import { closeServer, listenTcp } from './listen.js';
import { duplexPair } from './pipe.js';
import { createStore } from './store.js';
import type { Broker, BrokerOptions } from './types.js';

/** Starts the embedded broker. Rejects with `BrokerStartError` when it cannot listen. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { listen = {} } = options;
  const book = journal(options.log);
  const limits = withDefaults(options.limits);
  const mayReceive = options.mayReceive ?? (() => true);
  const policy: Policy = {
    dialect: options.dialect ?? 'mosquitto',
    mayPublish: options.mayPublish ?? (() => true),
    mayReceive,
    maySubscribe: options.maySubscribe ?? mayReceive,
  };
  const authenticate = options.authenticate ?? (() => 0 as const);
  const gate = (address: string): Gate => ({
    address,
    authenticate,
    policy,
    limits,
    ...(port === undefined ? {} : { port }),
  });

  let store = createStore();
  let port = listen === false ? undefined : (listen.port ?? 0);
  let server: Server | undefined;
  let instance: Instance | undefined;

  async function start(state: 'keep' | 'wipe' = 'keep'): Promise<void> {
    if (instance !== undefined) return;
    if (state === 'wipe') store = createStore();
    instance = await createInstance(store, book, () => limits.persistentClientExpiration);
    if (listen === false) return;
    try {
      const listening = await listenTcp(listen.host ?? '127.0.0.1', port ?? 0, socket => {
        instance?.accept(socket, gate(`${socket.remoteAddress}:${socket.remotePort}`));
      });
      server = listening.server;
      port = listening.port;
      book.log('notice', `Opening ipv4 listen socket on port ${port}.`);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async function stop(): Promise<void> {
    const ending = instance;
    if (ending === undefined) return;
    instance = undefined;
    const closing = server === undefined ? undefined : closeServer(server);
    server = undefined;
    await ending.crash();
    await closing;
    for (const session of [...store.sessions.values()]) {
      session.release();
      if (session.clean) store.sessions.delete(session.clientId);
    }
  }

  await start();
  return {
    get port() {
      return instance === undefined ? undefined : port;
    },
    get url() {
      const host = listen === false ? undefined : (listen.host ?? '127.0.0.1');
      return instance === undefined || port === undefined ? undefined : `mqtt://${host}:${port}`;
    },
    get running() {
      return instance !== undefined;
    },
    open() {
      const [near, far] = duplexPair();
      if (instance === undefined) far.destroy();
      else instance.accept(far, gate('in-process'));
      return near;
    },
    start,
    stop,
    async restart(state) {
      await stop();
      await start(state);
    },
    disconnect(clientId) {
      const connection = instance?.connections.get(clientId);
      connection?.cut(true);
      return connection !== undefined;
    },
    sessions: () =>
      [...store.sessions.values()].map(session => ({
        clientId: session.clientId,
        connected: instance?.connections.has(session.clientId) ?? false,
        clean: session.clean,
        ...(session.who.username === undefined ? {} : { username: session.who.username }),
        subscriptions: [...session.subscriptions].map(([filter, qos]) => ({ filter, qos })),
        queued: session.queued(),
        inflight: session.inflight(),
      })),
    retained: () => [...store.retained.values()].filter(m => !m.topic.startsWith('$SYS/')),
    onLog: book.listen,
  };
}
