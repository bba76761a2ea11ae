/**
 * The trace: what really crossed the wire in one scenario. A plain value: it can be written to a
 * file, read again, and judged later.
 */

import type { Property } from './properties.js';

export const TRACE_SCHEMA = 'mqtt-course/trace/1';

/** Towards the broker (sent by a client) or towards the client (sent by the broker). */
export type Direction = 'to-broker' | 'to-client';

export type QoS = 0 | 1 | 2;

/** Application bytes. `text` when they are valid UTF-8, else `base64`. `bytes` is their number. */
export type Payload =
  | { readonly bytes: number; readonly text: string }
  | { readonly bytes: number; readonly base64: string };

export interface Will extends WithProperties {
  readonly topic: string;
  readonly payload: Payload;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** MQTT 5 properties in their order, repeats too; absent in MQTT 3.1.1. An empty list is one that an
 * acknowledgement, DISCONNECT or AUTH could have left out. */
export interface WithProperties {
  readonly properties?: readonly Property[];
}

export interface ConnectPacket extends WithProperties {
  readonly type: 'CONNECT';
  readonly protocolName: string;
  readonly protocolVersion: number;
  readonly clientId: string;
  readonly clean: boolean;
  /** Seconds; 0 switches keep-alive off. */
  readonly keepalive: number;
  readonly will?: Will;
  readonly username?: string;
  readonly password?: Payload;
}
export interface ConnackPacket extends WithProperties {
  readonly type: 'CONNACK';
  readonly sessionPresent: boolean;
  /** 3.1.1 return code (0–5) or MQTT 5 reason code. */
  readonly returnCode: number;
}
export interface PublishPacket extends WithProperties {
  readonly type: 'PUBLISH';
  readonly topic: string;
  readonly payload: Payload;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** Packet identifier; absent at QoS 0. */
  readonly id?: number;
}
export interface AckPacket extends WithProperties {
  readonly type: 'PUBACK' | 'PUBREC' | 'PUBREL' | 'PUBCOMP' | 'UNSUBACK';
  readonly id: number;
  /** MQTT 5 only; absent where the packet leaves it out, which means 0. */
  readonly reasonCode?: number;
  /** MQTT 5 UNSUBACK only: one reason code per filter. */
  readonly codes?: readonly number[];
}
export interface SubscribePacket extends WithProperties {
  readonly type: 'SUBSCRIBE';
  readonly id: number;
  readonly filters: readonly Subscription[];
}
export interface Subscription {
  readonly filter: string;
  readonly qos: QoS;
  /** The three MQTT 5 options; absent in MQTT 3.1.1. */
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: number;
}
export interface SubackPacket extends WithProperties {
  readonly type: 'SUBACK';
  readonly id: number;
  /** One code per filter: the granted QoS, or 0x80 (128) for a refused filter. */
  readonly codes: readonly number[];
}
export interface UnsubscribePacket extends WithProperties {
  readonly type: 'UNSUBSCRIBE';
  readonly id: number;
  readonly filters: readonly string[];
}
export interface BarePacket extends WithProperties {
  readonly type: 'PINGREQ' | 'PINGRESP' | 'DISCONNECT' | 'AUTH';
  readonly reasonCode?: number;
}
/** Bytes that are not an MQTT packet. Everything after them in that direction is passed on unread. */
export interface MalformedPacket {
  readonly type: 'MALFORMED';
  readonly error: string;
}

export type WirePacket =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AckPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | BarePacket
  | MalformedPacket;

/**
 * What the tap did with a packet.
 * forwarded: passed on · withheld: kept back (`releasedAt` when passed on later) · dropped: never
 * passed on · lost: went into a black hole or a connection that was already cut · absorbed: an
 * answer to a packet of the tap's own, or a packet the tap answered itself, so the other side must
 * not see it. A withheld packet stays `withheld` when it is passed on later: `releasedAt` says so.
 */
export type Fate = 'forwarded' | 'withheld' | 'dropped' | 'lost' | 'absorbed';

export interface PacketEntry {
  readonly kind: 'packet';
  /** Packet number in the trace, from 1: the `#4` that a verdict cites. */
  readonly n: number;
  /** Milliseconds since the trace began, when the packet's last byte reached the tap. */
  readonly t: number;
  readonly connection: number;
  /** Whose connection it is: the name of a program or of one of the checker's peers. */
  readonly who: string;
  readonly direction: Direction;
  readonly packet: WirePacket;
  /** The packet's bytes as they came, in hexadecimal; only the first 64 KiB of a longer packet. */
  readonly hex: string;
  /** Number of bytes of the packet; set when `hex` holds only the first of them. */
  readonly length?: number;
  fate: Fate;
  /** Milliseconds; set when a withheld or delayed packet was passed on. */
  releasedAt?: number;
  /** Set on packets the tap made itself (duplicates, scripted answers). */
  readonly madeByTap?: true;
  /** Of a duplicate: the number of the packet it repeats. */
  readonly copyOf?: number;
}

export interface ConnectionEntry {
  readonly kind: 'connection';
  readonly t: number;
  readonly connection: number;
  readonly who: string;
  readonly event: 'opened' | 'closed';
  /**
   * Who closed it first. On a connection in a black hole, where no end hears of the other's close,
   * both ends' closes are recorded.
   */
  readonly by?: 'client' | 'broker' | 'tap';
}

export interface FaultEntry {
  readonly kind: 'fault';
  readonly t: number;
  /** A fault of the word list: `withhold`, `duplicate`, `cut`, `blackhole`, `restart-keep`, … */
  readonly fault: string;
  readonly connection?: number;
  /** The packet it was applied to. */
  readonly packet?: number;
  readonly text: string;
}

/** Something that happened beside the wire: a program started, was asked to stop, gave up waiting. */
export interface NoteEntry {
  readonly kind: 'note';
  readonly t: number;
  readonly note: string;
  readonly who?: string;
  readonly text: string;
}

export type TraceEntry = PacketEntry | ConnectionEntry | FaultEntry | NoteEntry;

export interface Trace {
  readonly schema: typeof TRACE_SCHEMA;
  /** ISO 8601 time at which `t` is 0. */
  readonly startedAt: string;
  readonly entries: readonly TraceEntry[];
}
