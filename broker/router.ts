import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import type { ApplicationMessage } from './protocol/message.js';
import { persistenceFor, type Store } from './store.js';
import { filterTrie } from './trie.js';

/** aedes, as far as it is used: it finds who gets a message. Packets, sessions and QoS are the business
 * of `protocol/`, which speaks to it for each client. */
export interface Router {
  /** Hands aedes a connection on which we speak for a client. Returns how to end it. */
  attach(stream: Duplex, target: RouterTarget): { close(): void };
  /** Routes a message; when it returns, every session has it. False: nobody subscribed to it. */
  publish(message: ApplicationMessage): boolean;
  close(): Promise<void>;
}

/** A connected client, to which messages are routed. */
export interface RouterTarget {
  /** A message matches a subscription. Once for each message and client. */
  take(message: ApplicationMessage): void;
  /** From here on messages come; the stored subscriptions are restored. */
  attached(): void;
}

export interface RouterHooks {
  /** A subscription of a client that may be away, QoS 1 or 2. */
  toAbsent(clientId: string, message: ApplicationMessage): void;
  /** Gives it to the shared subscriptions it concerns. True if there are any. */
  toShares(message: ApplicationMessage): boolean;
  problem(error: Error): void;
}

type Route = (packet: ApplicationMessage, done: () => void) => void;

/** The emitter aedes routes through. It calls its listeners before `emit` returns, so a message is
 * in every queue before the next one is looked at (`3.1.1 MQTT-4.6.0-6`). */
function directEmitter(onMatch: () => void): object {
  const trie = filterTrie<Route>();
  return {
    on(filter: string, route: Route, done?: () => void) {
      trie.add(filter, route);
      done?.();
    },
    removeListener(filter: string, route: Route, done?: () => void) {
      trie.remove(filter, other => other === route);
      done?.();
    },
    emit(packet: ApplicationMessage, done?: () => void) {
      const routes = trie.match(packet.topic);
      if (routes.length > 0) onMatch();
      for (const route of routes) route(packet, noop);
      done?.();
    },
    close(done: () => void) {
      setImmediate(done);
    },
  };
}

export async function createRouter(store: Store, hooks: RouterHooks): Promise<Router> {
  const targets = new WeakMap<Client, RouterTarget>();
  /** The message that is being routed: aedes' own copies of it do not have all that it has. */
  let routing: ApplicationMessage | undefined;
  const whole = (packet: ApplicationMessage): ApplicationMessage =>
    routing !== undefined && routing.payload === packet.payload ? routing : packet;
  /** Whether somebody subscribed to it. */
  let matched = false;
  const aedes = await Aedes.createBroker({
    mq: directEmitter(() => {
      matched = true;
    }),
    persistence: persistenceFor(store, (clientId, message) => {
      matched = true;
      hooks.toAbsent(clientId, whole(message));
    }),
    // aedes looks every 4 intervals for other brokers' wills; there are none. Below 2^31 ms.
    heartbeatInterval: 500_000_000,
    maxClientsIdLength: 65_535,
    // PUBLISH and wills do not come this way (see protocol/handlers/publish.ts and lifetime.ts).
    authorizePublish: (_client, _packet, done) => done(new Error('not published by aedes')),
    authorizeForward(client, packet) {
      targets.get(client)?.take(whole(packet as unknown as ApplicationMessage));
      return null;
    },
  });
  // aedes clamps its own option to the 100 levels its default matcher can hold; ours holds any number.
  (aedes as unknown as { maxTopicLevels: number }).maxTopicLevels = 201;
  aedes.on('client', client => targets.get(client)?.attached());
  aedes.on('clientError', (_client, error) => hooks.problem(error));
  aedes.on('connectionError', (_client, error) => hooks.problem(error));
  (aedes as unknown as NodeJS.EventEmitter).on('error', (error: Error) => hooks.problem(error));

  // aedes tells a cluster about itself under $SYS/<uuid>/; clients of one broker must not see it.
  const own = `$SYS/${aedes.id}/`;
  const publish = aedes.publish.bind(aedes) as unknown as AedesPublish;
  const filtered: AedesPublish = (packet, client, done) => {
    if (packet.topic.startsWith(own)) (typeof client === 'function' ? client : done)?.();
    else publish(packet, client, done);
  };
  aedes.publish = filtered as unknown as Aedes['publish'];

  return {
    attach(stream, target) {
      const client = aedes.handle(stream);
      targets.set(client, target);
      return client;
    },
    publish(message) {
      const { topic, payload, qos, retain, properties } = message;
      matched = false;
      routing = message;
      // DUP belongs to one hop (`3.1.1 MQTT-3.3.1-3`): never the publisher's. The properties are for the
      // retained store.
      publish(
        { cmd: 'publish', topic, payload, qos, retain, dup: false, properties },
        null,
        error => {
          if (error) hooks.problem(error);
        },
      );
      routing = undefined;
      return hooks.toShares(message) || matched;
    },
    close: () => new Promise<void>(resolve => aedes.close(() => resolve())),
  };
}

type Done = (error?: Error | null) => void;
type AedesPublish = (
  packet: ApplicationMessage & { cmd: 'publish'; dup: boolean },
  client: Client | null | Done,
  done?: Done,
) => void;

function noop(): void {}
