import type { Duplex } from 'node:stream';
import type { Instance } from './instance.js';
import { journal, type LogBook } from './journal.js';
import type { Connection } from './protocol/connection.js';
import type { Gate } from './protocol/server-state.js';
import { createStore } from './store.js';
import type { Broker, LogEntry } from './types.js';

/** The doors of a broker, opened. */
export interface Doors {
  readonly port: number | undefined;
  readonly host?: string;
  close(): Promise<void>;
}

export interface CoreOptions {
  readonly log?: (entry: LogEntry) => void;
  /** Seconds after which an absent client's session goes; 0 = never. */
  readonly expiration: () => number;
  /** Opens the doors; again after a stop, then on the same ports. */
  open(accept: (stream: Duplex, gate: Gate) => void, log: LogBook): Promise<Doors>;
}

/** A broker without an opinion about doors and rules: state, starting, stopping, looking inside. */
export interface Core {
  readonly broker: Omit<Broker, 'open'>;
  readonly book: LogBook;
  start(): Promise<void>;
  accept(stream: Duplex, gate: Gate): void;
  connections(): Iterable<Connection>;
}

export async function createBroker(options: CoreOptions): Promise<Core> {
  const book = journal(options.log);
  let store = createStore();
  let instance: Instance | undefined;
  let doors: Doors | undefined;
  // One start or stop at a time, in the order they were asked for.
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };

  function accept(stream: Duplex, gate: Gate): void {
    if (instance === undefined) stream.destroy();
    else instance.accept(stream, gate);
  }

  async function begin(state: 'keep' | 'wipe'): Promise<void> {
    if (instance !== undefined) return;
    if (state === 'wipe') store = createStore();
    // Loaded when a broker starts: whoever only reads rules does not wait for aedes.
    const { createInstance } = await import('./instance.js');
    instance = await createInstance(store, book, options.expiration);
    try {
      doors = await options.open(accept, book);
    } catch (error) {
      await end();
      throw error;
    }
  }

  async function end(): Promise<void> {
    const ending = instance;
    if (ending === undefined) return;
    instance = undefined;
    const closing = doors?.close();
    doors = undefined;
    await ending.crash();
    await closing;
    for (const session of [...store.sessions.values()]) {
      session.release();
      if (session.clean) store.sessions.delete(session.clientId);
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
        return doors?.port;
      },
      get url() {
        const { port, host = '127.0.0.1' } = doors ?? {};
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
          clean: session.clean,
          ...(session.who.username === undefined ? {} : { username: session.who.username }),
          subscriptions: [...session.subscriptions].map(([filter, qos]) => ({ filter, qos })),
          queued: session.queued(),
          inflight: session.inflight(),
        })),
      retained: () => [...store.retained.values()].filter(m => !m.topic.startsWith('$SYS/')),
      onLog: book.listen,
    },
  };
}
