import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import type { Will } from './protocol/decode.js';
import type { OutgoingPublish } from './protocol/encode.js';
import { persistenceFor, type Store } from './store.js';
import { filterTrie } from './trie.js';

/** aedes as the guard sees it. */
export interface Engine {
  /** Hands aedes a connection on which the guard speaks for a client. */
  handle(stream: Duplex): Client;
  /** Routes a message; when it returns, every session has it. */
  publish(message: OutgoingPublish): void;
  close(): Promise<void>;
}

export interface EngineHooks {
  /** aedes found a subscription of a connected client. Once for each message and client. */
  deliver(client: Client, message: OutgoingPublish): void;
  /** A subscription of a client that may be away, QoS 1 or 2. */
  toAbsent(clientId: string, message: OutgoingPublish): void;
  /** May this will be sent? */
  mayWill(client: Client, will: Will): boolean;
  /** From here on aedes routes to the client; it had its stored subscriptions restored. */
  attached(client: Client): void;
  problem(error: Error): void;
}

type Listener = (packet: OutgoingPublish, done: () => void) => void;

/** The emitter aedes routes through. It calls its listeners before `emit` returns, so a message is
 * in every queue before the next one is looked at (`3.1.1 MQTT-4.6.0-6`). */
function directEmitter(): object {
  const trie = filterTrie<Listener>();
  return {
    on(filter: string, listener: Listener, done?: () => void) {
      trie.add(filter, listener);
      done?.();
    },
    removeListener(filter: string, listener: Listener, done?: () => void) {
      trie.remove(filter, other => other === listener);
      done?.();
    },
    emit(packet: OutgoingPublish, done?: () => void) {
      for (const listener of trie.match(packet.topic)) listener(packet, noop);
      done?.();
    },
    close(done: () => void) {
      setImmediate(done);
    },
  };
}

export async function createEngine(store: Store, hooks: EngineHooks): Promise<Engine> {
  const aedes = await Aedes.createBroker({
    mq: directEmitter(),
    persistence: persistenceFor(store, hooks.toAbsent),
    // aedes looks every 4 intervals for other brokers' wills; there are none. Below 2^31 ms.
    heartbeatInterval: 500_000_000,
    maxClientsIdLength: 65_535,
    authorizePublish(client, packet, done) {
      // PUBLISH does not come this way (see protocol/connection.ts): this is a will that fires.
      const sent = client !== null && hooks.mayWill(client, packet as unknown as Will);
      done(sent ? null : new Error('will not sent'));
    },
    authorizeForward(client, packet) {
      hooks.deliver(client, packet as unknown as OutgoingPublish);
      return null;
    },
  });
  // aedes clamps its own option to the 100 levels its default matcher can hold; ours holds any number.
  (aedes as unknown as { maxTopicLevels: number }).maxTopicLevels = 201;
  aedes.on('client', client => hooks.attached(client));
  aedes.on('clientError', (_client, error) => hooks.problem(error));
  aedes.on('connectionError', (_client, error) => hooks.problem(error));
  (aedes as unknown as NodeJS.EventEmitter).on('error', (error: Error) => hooks.problem(error));

  // aedes tells a cluster about itself under $SYS/<uuid>/; clients of one broker must not see it.
  const own = `$SYS/${aedes.id}/`;
  const route = aedes.publish.bind(aedes) as unknown as Route;
  const filtered: Route = (packet, client, done) => {
    if (packet.topic.startsWith(own)) (typeof client === 'function' ? client : done)?.();
    else route(packet, client, done);
  };
  aedes.publish = filtered as unknown as Aedes['publish'];

  return {
    handle: stream => aedes.handle(stream),
    publish(message) {
      const { topic, payload, qos, retain } = message;
      // DUP belongs to one hop (`3.1.1 MQTT-3.3.1-3`): never the publisher's.
      route({ cmd: 'publish', topic, payload, qos, retain, dup: false }, null, error => {
        if (error) hooks.problem(error);
      });
    },
    close: () => new Promise<void>(resolve => aedes.close(() => resolve())),
  };
}

type Done = (error?: Error | null) => void;
type Route = (
  packet: OutgoingPublish & { cmd: 'publish'; dup: boolean },
  client: Client | null | Done,
  done?: Done,
) => void;

function noop(): void {}
