import type { AcknowledgementType } from './encode.js';
import { expired, type OutgoingMessage } from './message.js';

/** Where a session's messages go while its client is connected. How they look as bytes is the
 * connection's business: the next one may speak another version. */
export interface PacketWriter {
  /** `false`: the client reads too slowly, and a QoS 0 message was dropped. */
  publish(message: OutgoingMessage, id: number, dup: boolean): boolean;
  pubrel(id: number, known: boolean): void;
  /** `false`: it is larger than the client takes, and counts as delivered (`5.0 MQTT-3.1.2-25`). */
  fits(message: OutgoingMessage): boolean;
  /** Unacknowledged messages the client takes at once (`5.0 MQTT-3.3.4-9`). */
  readonly window: number;
}

export interface SessionLimits {
  readonly maxInflight: number;
  readonly maxQueued: number;
}

/** The sending side of a session: window, queue, redelivery with DUP. aedes has none of these. */
export interface OutgoingMessages {
  /** Passes a message on, now or later. Its QoS is already the one to deliver with. `discarded`: it
   * expired, or is larger than the client takes. */
  deliver(message: OutgoingMessage): 'sent' | 'queued' | 'dropped' | 'discarded';
  /** `unknown`: no message has that identifier. `wrong`: the one that has it is not at that step. */
  acknowledged(
    type: Exclude<AcknowledgementType, 'pubrel'>,
    id: number,
    reason?: number,
  ): 'taken' | 'unknown' | 'wrong';
  /** A connection took the session: unacknowledged packets again with DUP, then the queue. `may` is
   * asked anew for each message. */
  resume(writer: PacketWriter, may: (topic: string) => boolean): void;
  /** The connection is gone: from here on QoS 1 and 2 are queued. */
  suspend(): void;
  queued(): number;
  inflight(): number;
  /** Messages of shared subscriptions that nobody has processed: what another worker may still do
   * (5.0 section 4.8.2). */
  unfinishedShares(): readonly OutgoingMessage[];
}

/** Bytes of payload that may wait for one client, whatever `maxQueued` says. */
const MAX_QUEUED_BYTES = 64 << 20;
const MOST_IDENTIFIERS = 65_535;

interface InFlight {
  readonly message: OutgoingMessage;
  /** `pubrel`: PUBREC came, PUBREL went out, PUBCOMP is awaited. */
  state: 'publish' | 'pubrel';
  /** Sent on an earlier connection, and not yet again on this one: the client's window is full. */
  waiting: boolean;
}

export function outgoingMessages(limits: SessionLimits): OutgoingMessages {
  const flying = new Map<number, InFlight>();
  let queue: OutgoingMessage[] = [];
  let queuedBytes = 0;
  let writer: PacketWriter | undefined;
  let lastId = 0;
  /** Of those in flight, how many wait to be sent again. */
  let waiting = 0;

  function freeId(): number {
    do lastId = lastId >= MOST_IDENTIFIERS ? 1 : lastId + 1;
    while (flying.has(lastId));
    return lastId;
  }

  function windowOpen(to: PacketWriter): boolean {
    const sent = flying.size - waiting;
    return (
      (limits.maxInflight === 0 || sent < limits.maxInflight) &&
      sent < to.window &&
      flying.size < MOST_IDENTIFIERS
    );
  }

  function launch(to: PacketWriter, message: OutgoingMessage): boolean {
    if (expired(message) || !to.fits(message)) return false;
    const id = freeId();
    flying.set(id, { message, state: 'publish', waiting: false });
    to.publish(message, id, false);
    return true;
  }

  function fill(): void {
    if (writer === undefined) return;
    if (waiting > 0) sendAgain(writer);
    let taken = 0;
    while (taken < queue.length && waiting === 0 && windowOpen(writer)) {
      const message = queue[taken++] as OutgoingMessage;
      queuedBytes -= message.payload.length;
      launch(writer, message);
    }
    if (taken > 0) queue = queue.slice(taken);
  }

  /** What waits to be sent again, in the old order, as far as the window is open. */
  function sendAgain(to: PacketWriter): void {
    for (const [id, entry] of flying) {
      if (!entry.waiting) continue;
      if (!windowOpen(to)) return;
      entry.waiting = false;
      waiting--;
      to.publish(entry.message, id, true);
    }
  }

  function forget(id: number): void {
    if (flying.get(id)?.waiting) waiting--;
    flying.delete(id);
  }

  return {
    deliver(message) {
      if (message.qos === 0) {
        if (writer === undefined) return 'dropped';
        if (expired(message) || !writer.fits(message)) return 'discarded';
        return writer.publish(message, 0, false) ? 'sent' : 'dropped';
      }
      if (writer !== undefined && queue.length === 0 && waiting === 0 && windowOpen(writer)) {
        return launch(writer, message) ? 'sent' : 'discarded';
      }
      // As Mosquitto: what is in flight counts against the queue only while the client is away.
      const ahead = queue.length + (writer === undefined ? flying.size : 0);
      if (limits.maxQueued > 0 && ahead >= limits.maxQueued) return 'dropped';
      if (queuedBytes + message.payload.length > MAX_QUEUED_BYTES) return 'dropped';
      queuedBytes += message.payload.length;
      queue.push(message);
      return 'queued';
    },
    acknowledged(type, id, reason = 0) {
      const entry = flying.get(id);
      if (entry === undefined) {
        // Answered even when unknown, so that a client's old exchange comes to an end.
        if (type === 'pubrec' && reason < 0x80) writer?.pubrel(id, false);
        return 'unknown';
      }
      const right = entry.message.qos === (type === 'puback' ? 1 : 2);
      if (type === 'pubrec') {
        // `5.0 MQTT-4.4.0-2`, `5.0 MQTT-4.3.3-4`: a refusal ends it, without PUBREL.
        if (right && reason >= 0x80) {
          forget(id);
          fill();
          return 'taken';
        }
        if (right) {
          entry.state = 'pubrel';
          if (entry.waiting) waiting--;
          entry.waiting = false;
        }
        writer?.pubrel(id, true);
        return right ? 'taken' : 'wrong';
      }
      if (!right || (type === 'pubcomp' && entry.state !== 'pubrel')) return 'wrong';
      forget(id);
      fill();
      return 'taken';
    },
    resume(to, may) {
      writer = to;
      // `3.1.1 MQTT-4.4.0-1`, `3.1.1 MQTT-3.3.1-1`, `3.1.1 MQTT-4.6.0-1`: again, marked, in the old order.
      waiting = 0;
      for (const [id, entry] of [...flying]) {
        const { message, state } = entry;
        entry.waiting = false;
        if (state === 'publish' && !(may(message.topic) && to.fits(message))) flying.delete(id);
      }
      for (const entry of flying.values()) {
        entry.waiting = true;
        waiting++;
      }
      for (const [id, entry] of flying) {
        if (entry.state === 'publish' && !windowOpen(to)) continue;
        entry.waiting = false;
        waiting--;
        if (entry.state === 'pubrel') to.pubrel(id, true);
        else to.publish(entry.message, id, true);
      }
      queue = queue.filter(message => may(message.topic) && !expired(message));
      queuedBytes = queue.reduce((sum, message) => sum + message.payload.length, 0);
      fill();
    },
    suspend() {
      writer = undefined;
    },
    queued: () => queue.length,
    inflight: () => flying.size,
    unfinishedShares() {
      const open = [...flying.values()]
        // `5.0 MQTT-4.8.2-5`: QoS 2 that was begun goes to nobody else.
        .filter(({ message }) => message.qos === 1)
        .map(({ message }) => message);
      return [...open, ...queue].filter(({ share }) => share !== undefined);
    },
  };
}
