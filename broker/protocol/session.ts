import { matches } from '../topics.js';
import type { Who } from '../types.js';
import type { Publish, QoS } from './decode.js';
import { encodeAck, encodePublish, type OutgoingPublish } from './encode.js';

/** Where a session's packets go while its client is connected. */
export interface Outlet {
  /** Sends bytes. `false`: the client reads too slowly, and a QoS 0 message was dropped. */
  send(bytes: Buffer, droppable: boolean): boolean;
  readonly sent?: (message: OutgoingPublish, id: number, dup: boolean) => void;
}

export interface SessionLimits {
  readonly maxInflight: number;
  readonly maxQueued: number;
}

/** Bytes of payload that may wait for one client, whatever `maxQueued` says. */
const MAX_QUEUED_BYTES = 64 << 20;

interface InFlight {
  readonly message: OutgoingPublish;
  /** `pubrel`: PUBREC came, PUBREL went out, PUBCOMP is awaited. */
  state: 'publish' | 'pubrel';
}

/** A client's state that outlives its connection (`3.1.1`, section 3.1.2.4), and the sending side of
 * QoS 1 and 2: window, queue, redelivery with DUP. aedes has none of these. */
export interface Session {
  readonly clientId: string;
  readonly clean: boolean;
  /** The client as it last connected; decides what an absent client may be given. */
  who: Who;
  readonly subscriptions: Map<string, QoS>;
  /** QoS 2 messages that came and wait for their PUBREL. */
  readonly incoming: Map<number, Publish>;
  /** True while the engine routes to the connection; false: QoS 1 and 2 are queued here. */
  attached: boolean;
  /** Milliseconds since 1970 of the last disconnect. */
  leftAt: number;
  /** The highest QoS among the subscriptions that match; undefined if none does. */
  grantedFor(topic: string): QoS | undefined;
  /** Passes a message on, now or later. Its QoS is already the one to deliver with. */
  deliver(message: OutgoingPublish): 'sent' | 'queued' | 'dropped';
  acknowledged(type: 'puback' | 'pubrec' | 'pubcomp', id: number): void;
  /** A connection took the session: unacknowledged packets again with DUP, then the queue. `may` is
   * asked anew for each message. */
  resume(outlet: Outlet, may: (topic: string) => boolean): void;
  /** The connection is gone. */
  release(): void;
  queued(): number;
  inflight(): number;
}

export function createSession(who: Who, clean: boolean, limits: SessionLimits): Session {
  const subscriptions = new Map<string, QoS>();
  const flying = new Map<number, InFlight>();
  let queue: OutgoingPublish[] = [];
  let queuedBytes = 0;
  let outlet: Outlet | undefined;
  let lastId = 0;

  function freeId(): number {
    do lastId = lastId >= 65_535 ? 1 : lastId + 1;
    while (flying.has(lastId));
    return lastId;
  }

  function write(to: Outlet, message: OutgoingPublish, id: number, dup: boolean): boolean {
    if (!to.send(encodePublish(message, id, dup), message.qos === 0)) return false;
    to.sent?.(message, id, dup);
    return true;
  }

  const windowOpen = (): boolean => limits.maxInflight === 0 || flying.size < limits.maxInflight;

  function launch(to: Outlet, message: OutgoingPublish): void {
    const id = freeId();
    flying.set(id, { message, state: 'publish' });
    write(to, message, id, false);
  }

  function fill(): void {
    if (outlet === undefined) return;
    let taken = 0;
    while (taken < queue.length && windowOpen() && flying.size < 65_535) {
      const message = queue[taken++] as OutgoingPublish;
      queuedBytes -= message.payload.length;
      launch(outlet, message);
    }
    if (taken > 0) queue = queue.slice(taken);
  }

  const session: Session = {
    clientId: who.clientId,
    clean,
    who,
    subscriptions,
    incoming: new Map(),
    attached: false,
    leftAt: 0,
    grantedFor(topic) {
      let granted: QoS | undefined;
      for (const [filter, qos] of subscriptions) {
        if ((granted === undefined || qos > granted) && matches(filter, topic)) granted = qos;
      }
      return granted;
    },
    deliver(message) {
      if (message.qos === 0) {
        return outlet !== undefined && write(outlet, message, 0, false) ? 'sent' : 'dropped';
      }
      if (outlet !== undefined && queue.length === 0 && windowOpen() && flying.size < 65_535) {
        launch(outlet, message);
        return 'sent';
      }
      // As Mosquitto: what is in flight counts against the queue only while the client is away.
      const waiting = queue.length + (outlet === undefined ? flying.size : 0);
      if (limits.maxQueued > 0 && waiting >= limits.maxQueued) return 'dropped';
      if (queuedBytes + message.payload.length > MAX_QUEUED_BYTES) return 'dropped';
      queuedBytes += message.payload.length;
      queue.push(message);
      return 'queued';
    },
    acknowledged(type, id) {
      const entry = flying.get(id);
      if (type === 'pubrec') {
        // Answered even when unknown, so that a client's old exchange comes to an end.
        if (entry?.message.qos === 2) entry.state = 'pubrel';
        outlet?.send(encodeAck('pubrel', id), false);
        return;
      }
      if (entry === undefined || entry.message.qos !== (type === 'puback' ? 1 : 2)) return;
      if (type === 'pubcomp' && entry.state !== 'pubrel') return;
      flying.delete(id);
      fill();
    },
    resume(to, may) {
      outlet = to;
      // `3.1.1 MQTT-4.4.0-1`, `3.1.1 MQTT-3.3.1-1`, `3.1.1 MQTT-4.6.0-1`: again, marked, in the old order.
      for (const [id, { message, state }] of [...flying]) {
        if (state === 'pubrel') to.send(encodeAck('pubrel', id), false);
        else if (may(message.topic)) write(to, message, id, true);
        else flying.delete(id);
      }
      queue = queue.filter(message => may(message.topic));
      queuedBytes = queue.reduce((sum, message) => sum + message.payload.length, 0);
      fill();
    },
    release() {
      outlet = undefined;
      session.attached = false;
      session.leftAt = Date.now();
    },
    queued: () => queue.length,
    inflight: () => flying.size,
  };
  return session;
}
