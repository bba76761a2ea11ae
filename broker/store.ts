import { Readable } from 'node:stream';
import type { QoS, Will } from './protocol/decode.js';
import type { OutgoingPublish } from './protocol/encode.js';
import type { Session } from './protocol/session.js';
import { matches } from './topics.js';
import { filterTrie } from './trie.js';
import type { RetainedMessage } from './types.js';

/** What survives a restart that keeps state. */
export interface Store {
  readonly sessions: Map<string, Session>;
  readonly retained: Map<string, RetainedMessage>;
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
    persistent: { byClient: new Map(), trie: filterTrie() },
  };
}

/** Retained messages a filter matches. */
export function retainedFor(store: Store, filter: string): RetainedMessage[] {
  if (!/[+#]/.test(filter)) {
    const one = store.retained.get(filter);
    return one === undefined ? [] : [one];
  }
  const found: RetainedMessage[] = [];
  for (const message of store.retained.values()) {
    if (matches(filter, message.topic)) found.push(message);
  }
  return found;
}

export function forgetSubscriptions(store: Store, clientId: string): void {
  const { byClient, trie } = store.persistent;
  for (const filter of byClient.get(clientId)?.keys() ?? []) {
    trie.remove(filter, entry => entry.clientId === clientId);
  }
  byClient.delete(clientId);
}

/** Topics and payloads kept as retained messages; one more is passed on and not kept. */
const MAX_RETAINED_BYTES = 256 << 20;

interface Named {
  readonly id: string;
}
interface EngineSubscription {
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
 * identifiers and the QoS 2 exchange are the sessions' own (protocol/session.ts). */
export function persistenceFor(
  store: Store,
  toAbsent: (clientId: string, message: OutgoingPublish) => void,
): object {
  const { byClient, trie } = store.persistent;
  const wills = new Map<string, Will>();
  let retainedBytes = 0;
  for (const { topic, payload } of store.retained.values()) {
    retainedBytes += topic.length + payload.length;
  }
  return {
    async setup(): Promise<void> {},
    async destroy(): Promise<void> {},
    storeRetained(packet: OutgoingPublish) {
      const { topic, payload, qos } = packet;
      // `3.1.1 MQTT-3.3.1-10`: an empty payload removes.
      const old = store.retained.get(topic);
      retainedBytes -= old === undefined ? 0 : topic.length + old.payload.length;
      store.retained.delete(topic);
      if (payload.length > 0 && retainedBytes + payload.length <= MAX_RETAINED_BYTES) {
        store.retained.set(topic, { topic, payload, qos });
        retainedBytes += topic.length + payload.length;
      }
      return now(undefined);
    },
    // Retained messages are sent by the guard, filter by filter, with the granted QoS.
    createRetainedStreamCombi: () => Readable.from([]),
    createRetainedStream: () => Readable.from([]),
    addSubscriptions({ id }: Named, subscriptions: readonly EngineSubscription[]) {
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
    removeSubscriptions({ id }: Named, filters: readonly string[]) {
      const mine = byClient.get(id);
      for (const filter of filters) {
        if (mine?.delete(filter)) trie.remove(filter, entry => entry.clientId === id);
      }
      return now(undefined);
    },
    cleanSubscriptions({ id }: Named) {
      forgetSubscriptions(store, id);
      return now(undefined);
    },
    subscriptionsByClient({ id }: Named) {
      return now([...(byClient.get(id) ?? [])].map(([topic, qos]) => ({ topic, qos })));
    },
    subscriptionsByTopic(topic: string) {
      const clients = new Set(trie.match(topic).map(entry => entry.clientId));
      return now([...clients].map(clientId => ({ clientId, topic })));
    },
    outgoingEnqueueCombi(entries: readonly { clientId: string }[], packet: OutgoingPublish) {
      for (const { clientId } of entries) toAbsent(clientId, packet);
      return now(undefined);
    },
    outgoingClearMessageId: () => now(undefined),
    outgoingUpdate: () => now(undefined),
    outgoingStream: () => Readable.from([]),
    cleanIncoming: () => now(undefined),
    putWill({ id }: Named, will: Will) {
      wills.set(id, will);
      return now(undefined);
    },
    getWill: ({ id }: Named) => now(wills.get(id)),
    delWill({ id }: Named) {
      wills.delete(id);
      return now(undefined);
    },
    streamWill: () => Readable.from([]),
    countOffline: () => now({ subsCount: 0, clientsCount: byClient.size }),
  };
}
