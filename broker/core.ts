import type { Duplex } from 'node:stream';
import type { Instance } from './instance.js';
import { journal, type LogBook } from './journal.js';
import type { Arrival } from './protocol/listener-policy.js';
import type { ClientConnection } from './protocol/server-state.js';
import { endsWithConnection, release, type Session } from './protocol/session.js';
import { sharedParts } from './protocol/subscription.js';
import { createStore, type Store, stale } from './store.js';
import type { Broker, LogEntry } from './types.js';

/** The listeners of a broker, open. */
export interface OpenListeners {
  /** Of the first one. */
  readonly port: number | undefined;
  readonly host?: string;
  close(): Promise<void>;
}

/** Takes a connection that came in through a listener. */
export type Accept = (stream: Duplex, arrival: Arrival) => void;

export interface CoreOptions {
  readonly log?: (entry: LogEntry) => void;
  /** Seconds after which an absent client's session goes; 0 = never. */
  readonly expiration: () => number;
  /** Opens the listeners; again after a stop, then on the same ports. */
  open(accept: Accept, log: LogBook): Promise<OpenListeners>;
}

/** A broker without an opinion about listeners and rules: state, starting, stopping, looking inside. */
export interface Core {
  readonly broker: Omit<Broker, 'open'>;
  readonly book: LogBook;
  start(): Promise<void>;
  readonly accept: Accept;
  connections(): Iterable<ClientConnection>;
}

export async function createBroker(options: CoreOptions): Promise<Core> {
  const book = journal(options.log);
  let store = createStore();
  let instance: Instance | undefined;
  let listeners: OpenListeners | undefined;
  // One start or stop at a time, in the order they were asked for.
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };

  const accept: Accept = (stream, arrival) => {
    if (instance === undefined) stream.destroy();
    else instance.accept(stream, arrival);
  };

  async function begin(state: 'keep' | 'wipe'): Promise<void> {
    if (instance !== undefined) return;
    if (state === 'wipe') store = createStore();
    // Loaded when a broker starts: whoever only reads rules does not wait for aedes.
    const { createInstance } = await import('./instance.js');
    instance = await createInstance(store, book, options.expiration);
    try {
      listeners = await options.open(accept, book);
    } catch (error) {
      await end();
      throw error;
    }
  }

  async function end(): Promise<void> {
    const ending = instance;
    if (ending === undefined) return;
    instance = undefined;
    const closing = listeners?.close();
    listeners = undefined;
    await ending.crash();
    await closing;
    for (const session of [...store.sessions.values()]) {
      release(session);
      if (endsWithConnection(session)) endQuietly(store, session);
    }
  }

  const start = (state: 'keep' | 'wipe' = 'keep'): Promise<void> => inTurn(() => begin(state));
  return {
    book,
    start,
    accept,
    connections: () => instance?.connections.values() ?? [],
    broker: {
      get port() {
        return listeners?.port;
      },
      get url() {
        const { port, host = '127.0.0.1' } = listeners ?? {};
        return port === undefined ? undefined : `mqtt://${host}:${port}`;
      },
      get running() {
        return instance !== undefined;
      },
      start,
      stop: () => inTurn(end),
      restart: state =>
        inTurn(async () => {
          await end();
          await begin(state);
        }),
      disconnect(clientId) {
        const connection = instance?.connections.get(clientId);
        connection?.cut(true);
        return connection !== undefined;
      },
      sessions: () =>
        [...store.sessions.values()].map(session => ({
          clientId: session.clientId,
          connected: instance?.connections.has(session.clientId) ?? false,
          clean: endsWithConnection(session),
          ...(session.who.username === undefined ? {} : { username: session.who.username }),
          subscriptions: [...session.subscriptions.values()].map(({ filter, qos }) => ({
            filter,
            qos,
          })),
          queued: session.outgoing.queued(),
          inflight: session.outgoing.inflight(),
        })),
      retained: () =>
        [...store.retained.values()].filter(m => !m.topic.startsWith('$SYS/') && !stale(m)),
      onLog: book.listen,
    },
  };
}

/** A session that ends with the broker: no will, and nothing is handed on. */
function endQuietly(store: Store, { clientId, subscriptions }: Session): void {
  store.sessions.delete(clientId);
  for (const filter of subscriptions.keys()) {
    const share = sharedParts(filter);
    if (share !== undefined) store.shares.remove(clientId, share.name, share.filter);
  }
}
