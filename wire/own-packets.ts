/**
 * Packets of the tap's own get answers that the other side never asked for. This keeps count of them,
 * for the PUBLISHes of one direction of one connection: which answers are owed to the sender, which to
 * the tap, and which QoS 2 exchanges (3.1.1 section 4.3.3) the tap must complete.
 */
import type { AckPacket, PublishPacket, WirePacket } from './trace.js';

interface WatchedId {
  /** PUBACKs or PUBRECs to come, in order (3.1.1 MQTT-4.6.0-2, MQTT-4.6.0-3): is it an answer to the tap? */
  readonly acks: { readonly ours: boolean; readonly completes: boolean }[];
  /** PUBCOMPs to come, in order: is it an answer to the tap? */
  readonly comps: boolean[];
  /** The sender's own QoS 2 exchange is not yet released: a copy now belongs to it. */
  open: boolean;
  /** Copies still to be sent. */
  pending: number;
}

export interface OwnPackets {
  /** A copy of this PUBLISH will be sent: watch its identifier from now on. */
  begin(packet: PublishPacket): void;
  /** The sender's packet has been passed on. */
  sentByThem(packet: WirePacket): void;
  /** A PUBLISH of the tap's own has been sent; `begun` if it was announced by `begin`. */
  sentByUs(packet: PublishPacket, begun?: boolean): void;
  /** Whether an answer belongs to the tap, and what the tap must send on. */
  answered(packet: WirePacket): { readonly reply?: AckPacket } | undefined;
  /** An identifier that the sender will not use for a long time. */
  freeId(): number;
}

/** Identifiers that a sender counting upwards may use soon. */
const AHEAD = 4096;

export function trackOwnPackets(): OwnPackets {
  const watches = new Map<number, WatchedId>();
  const used = new Set<number>();
  let last = 0;

  function watch(id: number): WatchedId {
    const found = watches.get(id);
    if (found) return found;
    const made: WatchedId = { acks: [], comps: [], open: false, pending: 0 };
    watches.set(id, made);
    return made;
  }

  function tidy(id: number, one: WatchedId): void {
    if (one.acks.length + one.comps.length + one.pending === 0 && !one.open) watches.delete(id);
  }

  return {
    begin(packet) {
      if (packet.id !== undefined) watch(packet.id).pending++;
    },
    sentByThem(packet) {
      if (!('id' in packet) || packet.id === undefined) return;
      const { id } = packet;
      if (
        packet.type === 'PUBLISH' ||
        packet.type === 'SUBSCRIBE' ||
        packet.type === 'UNSUBSCRIBE'
      ) {
        used.add(id);
        last = id;
      }
      const one = watches.get(id);
      if (!one) return;
      if (packet.type === 'PUBLISH') {
        one.acks.push({ ours: false, completes: false });
        one.open = packet.qos === 2;
      } else if (packet.type === 'PUBREL') {
        one.comps.push(false);
        one.open = false;
      }
    },
    sentByUs(packet, begun = false) {
      if (packet.id === undefined) return;
      const one = watch(packet.id);
      if (begun) one.pending--;
      one.acks.push({ ours: true, completes: packet.qos === 2 && !one.open });
    },
    answered(packet) {
      if (packet.type !== 'PUBACK' && packet.type !== 'PUBREC' && packet.type !== 'PUBCOMP') {
        return undefined;
      }
      const one = watches.get(packet.id);
      if (!one) return undefined;
      let result: { reply?: AckPacket } | undefined;
      if (packet.type === 'PUBCOMP') {
        if (one.comps.shift()) result = {};
      } else {
        const token = one.acks.shift();
        if (token?.ours) result = {};
        // An MQTT 5 refusal ends the exchange (5.0 section 4.3.3).
        if (token?.completes && packet.type === 'PUBREC' && (packet.reasonCode ?? 0) < 0x80) {
          one.comps.push(true);
          result = { reply: { type: 'PUBREL', id: packet.id } };
        }
      }
      tidy(packet.id, one);
      return result;
    },
    freeId() {
      for (let id = 65_535; id > 0; id--) {
        const ahead = (id - last + 65_535) % 65_535;
        if (!used.has(id) && !watches.has(id) && ahead > AHEAD) return id;
      }
      return last > 1 ? last - 1 : 65_535;
    },
  };
}
