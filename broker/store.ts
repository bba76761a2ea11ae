import { Readable } from 'node:stream';
import type { QoS } from '../wire/trace.js';
import { type ApplicationMessage, expired } from './protocol/message.js';
import type { Session } from './protocol/session.js';
import { createShares, type Shares } from './protocol/shares.js';
import { matches } from './topics.js';
import { filterTrie } from './trie.js';
import type { RetainedMessage } from './types.js';

/** What survives a restart that keeps state. */
export interface Store {
  readonly sessions: Map<string, Session>;
  readonly retained: Map<string, RetainedMessage>;
  /** Shared subscriptions, of all sessions. */
  readonly shares: Shares;
  /** Filters of sessions that outlive their connection, QoS 1 and 2. */
  readonly persistent: {
    readonly byClient: Map<string, Map<string, QoS>>;
    readonly trie: ReturnType<typeof filterTrie<{ clientId: string; filter: string }>>;
  };
}

export function createStore(): Store {
  return {
    sessions: new Map(),
    retained: new Map(),
    shares: createShares(),
    persistent: { byClient: new Map(), trie: filterTrie() },
  };
}

/** Retained messages a filter matches, and that are still worth sending (`5.0 MQTT-3.3.2-5`). */
export function retainedFor(store: Store, filter: string): RetainedMessage[] {
  if (!/[+#]/.test(filter)) {
    const one = store.retained.get(filter);
    return one === undefined || stale(one) ? [] : [one];
  }
  const found: RetainedMessage[] = [];
  for (const message of store.retained.values()) {
    if (matches(filter, message.topic) && !stale(message)) found.push(message);
  }
  return found;
}

/** Whether a retained message has expired. */
export const stale = (message: RetainedMessage): boolean =>
  message.properties !== undefined && expired({ ...message, retain: true });

export function forgetSubscriptions(store: Store, clientId: string): void {
  const { byClient, trie } = store.persistent;
  for (const filter of byClient.get(clientId)?.keys() ?? []) {
    trie.remove(filter, entry => entry.clientId === clientId);
  }
  byClient.delete(clientId);
}

/** Topics and payloads kept as retained messages; one more is passed on and not kept. */
const MAX_RETAINED_BYTES = 256 << 20;

interface AedesClient {
  readonly id: string;
}
interface AedesSubscription {
  readonly topic: string;
  readonly qos: QoS;
}

/** An answer that is there at once. aedes only ever calls `then` and `finally` on what a persistence
 * returns; answering without a turn of the event loop keeps routing in the order of arrival. */
function now<T>(value: T): PromiseLike<T> & { finally(then: () => void): void } {
  return {
    // biome-ignore lint/suspicious/noThenProperty: a thenable on purpose, see above
    then<A, B>(
      done?: ((value: T) => A | PromiseLike<A>) | null,
      _failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
    ): PromiseLike<A | B> {
      const result = done?.(value) as A;
      return now(result);
    },
    finally(then) {
      then();
    },
  };
}

/** The persistence aedes works on: subscriptions, retained messages and wills here; queues, packet
 * identifiers and the QoS 2 exchange are the sessions' own (protocol/outgoing.ts). */
export function persistenceFor(
  store: Store,
  toAbsent: (clientId: string, message: ApplicationMessage) => void,
): object {
  const { byClient, trie } = store.persistent;
  let retainedBytes = 0;
  for (const { topic, payload } of store.retained.values()) {
    retainedBytes += topic.length + payload.length;
  }
  return {
    async setup(): Promise<void> {},
    async destroy(): Promise<void> {},
    storeRetained(packet: ApplicationMessage) {
      const { topic, payload, qos, properties } = packet;
      // `3.1.1 MQTT-3.3.1-10`: an empty payload removes.
      const old = store.retained.get(topic);
      retainedBytes -= old === undefined ? 0 : topic.length + old.payload.length;
      store.retained.delete(topic);
      if (payload.length > 0 && retainedBytes + payload.length <= MAX_RETAINED_BYTES) {
        const more = properties === undefined ? {} : { properties };
        store.retained.set(topic, { topic, payload, qos, ...more });
        retainedBytes += topic.length + payload.length;
      }
      return now(undefined);
    },
    // Retained messages are sent by protocol/, filter by filter, with the granted QoS.
    createRetainedStreamCombi: () => Readable.from([]),
    createRetainedStream: () => Readable.from([]),
    addSubscriptions({ id }: AedesClient, subscriptions: readonly AedesSubscription[]) {
      let mine = byClient.get(id);
      if (mine === undefined) {
        mine = new Map();
        byClient.set(id, mine);
      }
      for (const { topic, qos } of subscriptions) {
        if (!mine.has(topic)) trie.add(topic, { clientId: id, filter: topic });
        mine.set(topic, qos);
      }
      return now(undefined);
    },
    removeSubscriptions({ id }: AedesClient, filters: readonly string[]) {
      const mine = byClient.get(id);
      for (const filter of filters) {
        if (mine?.delete(filter)) trie.remove(filter, entry => entry.clientId === id);
      }
      return now(undefined);
    },
    cleanSubscriptions({ id }: AedesClient) {
      forgetSubscriptions(store, id);
      return now(undefined);
    },
    subscriptionsByClient({ id }: AedesClient) {
      return now([...(byClient.get(id) ?? [])].map(([topic, qos]) => ({ topic, qos })));
    },
    subscriptionsByTopic(topic: string) {
      const clients = new Set(trie.match(topic).map(entry => entry.clientId));
      return now([...clients].map(clientId => ({ clientId, topic })));
    },
    outgoingEnqueueCombi(entries: readonly { clientId: string }[], packet: ApplicationMessage) {
      for (const { clientId } of entries) toAbsent(clientId, packet);
      return now(undefined);
    },
    outgoingClearMessageId: () => now(undefined),
    outgoingUpdate: () => now(undefined),
    outgoingStream: () => Readable.from([]),
    cleanIncoming: () => now(undefined),
    // Wills are the business of protocol/: aedes is told of none.
    putWill: () => now(undefined),
    getWill: () => now(undefined),
    delWill: () => now(undefined),
    streamWill: () => Readable.from([]),
    countOffline: () => now({ subsCount: 0, clientsCount: byClient.size }),
  };
}
