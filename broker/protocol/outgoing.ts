import type { AcknowledgementType } from './encode.js';
import type { ApplicationMessage } from './message.js';

/** Where a session's messages go while its client is connected. How they look as bytes is the
 * connection's business: the next one may speak another version. */
export interface PacketWriter {
  /** `false`: the client reads too slowly, and a QoS 0 message was dropped. */
  publish(message: ApplicationMessage, id: number, dup: boolean): boolean;
  pubrel(id: number): void;
}

export interface SessionLimits {
  readonly maxInflight: number;
  readonly maxQueued: number;
}

/** The sending side of a session: window, queue, redelivery with DUP. aedes has none of these. */
export interface OutgoingMessages {
  /** Passes a message on, now or later. Its QoS is already the one to deliver with. */
  deliver(message: ApplicationMessage): 'sent' | 'queued' | 'dropped';
  acknowledged(type: Exclude<AcknowledgementType, 'pubrel'>, id: number): void;
  /** A connection took the session: unacknowledged packets again with DUP, then the queue. `may` is
   * asked anew for each message. */
  resume(writer: PacketWriter, may: (topic: string) => boolean): void;
  /** The connection is gone: from here on QoS 1 and 2 are queued. */
  suspend(): void;
  queued(): number;
  inflight(): number;
}

/** Bytes of payload that may wait for one client, whatever `maxQueued` says. */
const MAX_QUEUED_BYTES = 64 << 20;
const MOST_IDENTIFIERS = 65_535;

interface InFlight {
  readonly message: ApplicationMessage;
  /** `pubrel`: PUBREC came, PUBREL went out, PUBCOMP is awaited. */
  state: 'publish' | 'pubrel';
}

export function outgoingMessages(limits: SessionLimits): OutgoingMessages {
  const flying = new Map<number, InFlight>();
  let queue: ApplicationMessage[] = [];
  let queuedBytes = 0;
  let writer: PacketWriter | undefined;
  let lastId = 0;

  function freeId(): number {
    do lastId = lastId >= MOST_IDENTIFIERS ? 1 : lastId + 1;
    while (flying.has(lastId));
    return lastId;
  }

  const windowOpen = (): boolean =>
    (limits.maxInflight === 0 || flying.size < limits.maxInflight) &&
    flying.size < MOST_IDENTIFIERS;

  function launch(to: PacketWriter, message: ApplicationMessage): void {
    const id = freeId();
    flying.set(id, { message, state: 'publish' });
    to.publish(message, id, false);
  }

  function fill(): void {
    if (writer === undefined) return;
    let taken = 0;
    while (taken < queue.length && windowOpen()) {
      const message = queue[taken++] as ApplicationMessage;
      queuedBytes -= message.payload.length;
      launch(writer, message);
    }
    if (taken > 0) queue = queue.slice(taken);
  }

  return {
    deliver(message) {
      if (message.qos === 0) return writer?.publish(message, 0, false) ? 'sent' : 'dropped';
      if (writer !== undefined && queue.length === 0 && windowOpen()) {
        launch(writer, message);
        return 'sent';
      }
      // As Mosquitto: what is in flight counts against the queue only while the client is away.
      const waiting = queue.length + (writer === undefined ? flying.size : 0);
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
        writer?.pubrel(id);
        return;
      }
      if (entry === undefined || entry.message.qos !== (type === 'puback' ? 1 : 2)) return;
      if (type === 'pubcomp' && entry.state !== 'pubrel') return;
      flying.delete(id);
      fill();
    },
    resume(to, may) {
      writer = to;
      // `3.1.1 MQTT-4.4.0-1`, `3.1.1 MQTT-3.3.1-1`, `3.1.1 MQTT-4.6.0-1`: again, marked, in the old order.
      for (const [id, { message, state }] of [...flying]) {
        if (state === 'pubrel') to.pubrel(id);
        else if (may(message.topic)) to.publish(message, id, true);
        else flying.delete(id);
      }
      queue = queue.filter(message => may(message.topic));
      queuedBytes = queue.reduce((sum, message) => sum + message.payload.length, 0);
      fill();
    },
    suspend() {
      writer = undefined;
    },
    queued: () => queue.length,
    inflight: () => flying.size,
  };
}
