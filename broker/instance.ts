import type { Duplex } from 'node:stream';
import type { QoS } from '../wire/trace.js';
import type { Journal } from './journal.js';
import type { Arrival, ListenerPolicy } from './protocol/listener-policy.js';
import type { ApplicationMessage } from './protocol/message.js';
import { serve } from './protocol/serve.js';
import type { ClientConnection, Counters, ServerState } from './protocol/server-state.js';
import { grantedFor } from './protocol/session.js';
import { createRouter } from './router.js';
import { forgetSubscriptions, type Store } from './store.js';
import { sysTopics } from './sys.js';

/** A running broker, without any listener. */
export interface Instance {
  accept(stream: Duplex, arrival: Arrival): void;
  readonly connections: ReadonlyMap<string, ClientConnection>;
  /** Ends every connection at once and sends no wills, as a crash would. */
  crash(): Promise<void>;
}

/** Puts the router, the protocol and a store together. */
export async function createInstance(
  store: Store,
  journal: Journal,
  expiration: () => number,
): Promise<Instance> {
  let crashing = false;
  const streams = new Set<Duplex>();
  const open = new Map<Duplex, ClientConnection>();
  const connections = new Map<string, ClientConnection>();
  /** The rules a session's client last came under; they also hold for what is queued while it is away. */
  const policies = new Map<string, ListenerPolicy>();
  const counters = newCounters();

  const router = await createRouter(store, {
    toAbsent,
    problem: error => journal.log('error', `Error: ${error.message}`),
  });
  const sys = sysTopics(router, store, counters, () => connections.size);
  const server: ServerState = {
    ...journal,
    router,
    store,
    connections,
    counters,
    get crashing() {
      return crashing;
    },
    refreshSys: sys.refresh,
  };

  function toAbsent(
    clientId: string,
    { topic, payload, qos: published }: ApplicationMessage,
  ): void {
    const session = store.sessions.get(clientId);
    if (session === undefined || session.attached) return;
    const qos = Math.min(grantedFor(session, topic) ?? 0, published) as QoS;
    // As Mosquitto (queue_qos0_messages false): QoS 0 is not kept for who is away.
    if (qos === 0 || policies.get(clientId)?.mayReceive(session.who, topic) === false) return;
    if (session.outgoing.deliver({ topic, payload, qos, retain: false }) === 'dropped') {
      counters.publishesDropped++;
    }
  }

  const expiry = setInterval(() => {
    const seconds = expiration();
    if (seconds <= 0) return;
    const limit = Date.now() - seconds * 1000;
    for (const [id, session] of store.sessions) {
      if (connections.has(id) || session.leftAt === 0 || session.leftAt > limit) continue;
      journal.log('notice', `Expiring client ${id} due to timeout.`);
      store.sessions.delete(id);
      forgetSubscriptions(store, id);
      policies.delete(id);
    }
  }, 1000);
  expiry.unref();

  function accept(stream: Duplex, arrival: Arrival): void {
    const { listener } = arrival;
    const { maxConnections } = listener.limits;
    if (crashing || (maxConnections >= 0 && listener.connections.open >= maxConnections)) {
      if (!crashing) {
        journal.log('notice', `Client connection from ${arrival.address} denied: max_connections.`);
      }
      stream.on('error', () => {});
      stream.destroy();
      return;
    }
    streams.add(stream);
    listener.connections.open++;
    stream.once('close', () => {
      streams.delete(stream);
      open.delete(stream);
    });
    const connection = serve(stream, arrival, server, () => {
      listener.connections.open--;
      const { session } = connection;
      if (session === undefined) return;
      if (session.clean) policies.delete(session.clientId);
      else policies.set(session.clientId, listener);
    });
    open.set(stream, connection);
  }

  return {
    connections,
    accept,
    async crash() {
      crashing = true;
      clearInterval(expiry);
      sys.stop();
      for (const connection of open.values()) connection.cut(false);
      for (const stream of streams) stream.destroy();
      await router.close();
    },
  };
}

function newCounters(): Counters {
  return {
    messagesReceived: 0,
    messagesSent: 0,
    publishesReceived: 0,
    publishesSent: 0,
    publishesDropped: 0,
    bytesReceived: 0,
    bytesSent: 0,
  };
}
