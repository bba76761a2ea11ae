import type { Duplex } from 'node:stream';
import type { Journal } from './journal.js';
import { endSession, watch } from './protocol/lifetime.js';
import type { Arrival, ListenerPolicy } from './protocol/listener-policy.js';
import type { ApplicationMessage, OutgoingMessage } from './protocol/message.js';
import { serve } from './protocol/serve.js';
import type { ClientConnection, Counters, ServerState } from './protocol/server-state.js';
import { copiesFor, copyFor, type Session } from './protocol/session.js';
import { nextMember, type ShareGroup } from './protocol/shares.js';
import { createRouter } from './router.js';
import type { Store } from './store.js';
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
  const policies = new Map<string, ListenerPolicy>();
  const counters = newCounters();

  const router = await createRouter(store, {
    toAbsent,
    toShares(message) {
      const groups = store.shares.match(message.topic);
      for (const group of groups) toShare(group, message);
      return groups.length > 0;
    },
    problem: error => journal.log('error', `Error: ${error.message}`),
  });
  const sys = sysTopics(router, store, counters, () => connections.size);
  const server: ServerState = {
    ...journal,
    router,
    store,
    connections,
    policies,
    timers: new Map(),
    counters,
    get crashing() {
      return crashing;
    },
    longestExpiry: expiration,
    refreshSys: sys.refresh,
    toShare,
  };
  // What was kept over a restart: its time goes on.
  for (const session of store.sessions.values()) watch(server, session);

  function toAbsent(clientId: string, message: ApplicationMessage): void {
    const session = store.sessions.get(clientId);
    if (session === undefined || session.attached) return;
    copiesFor(session, message, copy => queue(session, copy));
  }

  /** Keeps a message for a client that is away. */
  function queue(session: Session, message: OutgoingMessage): void {
    // As Mosquitto (queue_qos0_messages false): QoS 0 is not kept for who is away.
    if (message.qos === 0 || !mayReceive(session.clientId, message.topic)) return;
    if (session.outgoing.deliver(message) === 'dropped') counters.publishesDropped++;
  }

  function mayReceive(clientId: string, topic: string): boolean {
    const session = store.sessions.get(clientId);
    if (session === undefined) return false;
    return policies.get(clientId)?.mayReceive(session.who, topic) !== false;
  }

  function toShare(group: ShareGroup, message: ApplicationMessage): boolean {
    const member = nextMember(group, clientId => mayReceive(clientId, message.topic));
    const session = member && store.sessions.get(member.clientId);
    if (member === undefined || session === undefined) return false;
    const copy = { ...copyFor(member.subscription, message), share: group.key };
    const connection = connections.get(member.clientId);
    if (connection?.session === session) connection.give(copy);
    else queue(session, copy);
    return true;
  }

  const expiry = setInterval(() => {
    const seconds = expiration();
    if (seconds <= 0) return;
    const limit = Date.now() - seconds * 1000;
    for (const [id, session] of store.sessions) {
      if (connections.has(id) || session.leftAt === 0 || session.leftAt > limit) continue;
      journal.log('notice', `Expiring client ${id} due to timeout.`);
      endSession(server, session);
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
    });
    open.set(stream, connection);
  }

  return {
    connections,
    accept,
    async crash() {
      crashing = true;
      clearInterval(expiry);
      for (const timer of server.timers.values()) clearTimeout(timer);
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
