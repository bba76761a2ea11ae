import type { Duplex } from 'node:stream';
import { type Connection, connectionOf, serve } from './protocol/connection.js';
import type { QoS } from './protocol/decode.js';
import type { Gate, Hub } from './protocol/server-state.js';
import { createEngine } from './router.js';
import { forgetSubscriptions, type Store } from './store.js';
import { sysTopics } from './sys.js';
import type { LogLevel } from './types.js';

/** A running broker, without any door. */
export interface Instance {
  accept(stream: Duplex, gate: Gate): void;
  readonly connections: ReadonlyMap<string, Connection>;
  /** Ends every connection at once and sends no wills, as a crash would. */
  crash(): Promise<void>;
}

export interface Journal {
  readonly logs: (level: LogLevel) => boolean;
  readonly log: (level: LogLevel, text: string) => void;
}

/** Puts aedes, the guard and a store together. */
export async function createInstance(
  store: Store,
  journal: Journal,
  expiration: () => number,
): Promise<Instance> {
  let crashing = false;
  const streams = new Set<Duplex>();
  const open = new Map<Duplex, Connection>();
  const connections = new Map<string, Connection>();

  const engine = await createEngine(store, {
    deliver: (client, message) => connectionOf(client)?.take(message),
    toAbsent(clientId, message) {
      const session = store.sessions.get(clientId);
      if (session === undefined || session.attached) return;
      const granted = session.grantedFor(message.topic) ?? 0;
      const qos = Math.min(granted, message.qos) as QoS;
      // As Mosquitto (queue_qos0_messages false): QoS 0 is not kept for who is away.
      if (qos === 0 || !mayReceive(clientId, message.topic)) return;
      const { topic, payload } = message;
      if (session.deliver({ topic, payload, qos, retain: false }) === 'dropped') {
        counters.publishesDropped++;
      }
    },
    mayWill(client, will) {
      const connection = connectionOf(client);
      const who = connection?.who;
      if (crashing || connection === undefined || who === undefined) return false;
      const { topic } = will;
      if (!connection.willCounts || topic.startsWith('$SYS/')) return false;
      return connection.gate.policy.mayPublish(who, topic);
    },
    attached(client) {
      const session = connectionOf(client)?.session;
      if (session !== undefined) session.attached = true;
    },
    problem: error => journal.log('error', `Error: ${error.message}`),
  });

  const counters = {
    messagesReceived: 0,
    messagesSent: 0,
    publishesReceived: 0,
    publishesSent: 0,
    publishesDropped: 0,
    bytesReceived: 0,
    bytesSent: 0,
  };
  /** The rules a client last came under; they also hold for what is queued while it is away. */
  const gates = new Map<string, Gate>();
  const sys = sysTopics(engine, store, counters, () => connections.size);
  const hub: Hub = { engine, store, connections, counters, ...journal, refreshSys: sys.refresh };

  function mayReceive(clientId: string, topic: string): boolean {
    const session = store.sessions.get(clientId);
    const gate = gates.get(clientId);
    return session === undefined || (gate?.policy.mayReceive(session.who, topic) ?? true);
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
      gates.delete(id);
    }
  }, 1000);
  expiry.unref();

  return {
    connections,
    accept(stream, gate) {
      const { maxConnections } = gate.limits;
      if (crashing || (maxConnections >= 0 && gate.counter.open >= maxConnections)) {
        if (!crashing) {
          journal.log('notice', `Client connection from ${gate.address} denied: max_connections.`);
        }
        stream.on('error', () => {});
        stream.destroy();
        return;
      }
      streams.add(stream);
      gate.counter.open++;
      stream.once('close', () => {
        streams.delete(stream);
        open.delete(stream);
      });
      const connection = serve(stream, gate, hub, () => {
        gate.counter.open--;
        const id = connection.who?.clientId;
        if (id === undefined) return;
        if (connection.session?.clean === true) gates.delete(id);
        else gates.set(id, gate);
      });
      open.set(stream, connection);
    },
    async crash() {
      crashing = true;
      clearInterval(expiry);
      sys.stop();
      for (const connection of open.values()) connection.cut(false);
      for (const stream of streams) stream.destroy();
      await engine.close();
    },
  };
}
