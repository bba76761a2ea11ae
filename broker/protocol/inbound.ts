import type { ApplicationMessage, WillMessage } from './message.js';
import type { Subscription } from './subscription.js';

/** The packets of a client, read. Their names are the standard's; a packet type that is added here does
 * not compile until `handlers/` says what becomes of it. */
export type Inbound =
  | InboundConnect
  | InboundPublish
  | InboundAcknowledgement
  | InboundSubscribe
  | InboundUnsubscribe
  | InboundDisconnect
  | InboundBare;

/** The protocol level of CONNECT: 3 = MQTT 3.1, 4 = MQTT 3.1.1, 5 = MQTT 5. */
export type ProtocolVersion = 3 | 4 | 5;

export interface InboundConnect {
  readonly type: 'connect';
  readonly protocolVersion: ProtocolVersion;
  /** Clean session, or clean start. */
  readonly clean: boolean;
  readonly keepalive: number;
  readonly clientId: string;
  readonly will?: WillMessage;
  readonly username?: string;
  readonly password?: Buffer;
  /** Seconds; Infinity: for ever. In MQTT 3.1.1 clean session says it: 0 or for ever. */
  readonly sessionExpiry: number;
  /** What a client of MQTT 5 takes, and wants. */
  readonly v5?: ClientLimits;
  /** Enhanced authentication is asked for. */
  readonly authenticationMethod?: string;
}

/** What a client of MQTT 5 announces in CONNECT. */
export interface ClientLimits {
  readonly receiveMaximum: number;
  /** Bytes; Infinity: any. */
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  /** Whether reasons in words are wanted. */
  readonly problemInformation: boolean;
}

export interface InboundPublish extends ApplicationMessage {
  readonly type: 'publish';
  readonly dup: boolean;
  /** 0 at QoS 0. */
  readonly id: number;
  readonly topicAlias?: number;
  /** The payload is announced as UTF-8. */
  readonly text?: boolean;
}

export interface InboundAcknowledgement {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
  readonly id: number;
  /** 0 in MQTT 3.1.1. */
  readonly reason: number;
}

export interface InboundSubscribe {
  readonly type: 'subscribe';
  readonly id: number;
  readonly filters: readonly Subscription[];
}

export interface InboundUnsubscribe {
  readonly type: 'unsubscribe';
  readonly id: number;
  readonly filters: readonly string[];
}

export interface InboundDisconnect {
  readonly type: 'disconnect';
  /** 0 in MQTT 3.1.1. */
  readonly reason: number;
  /** Seconds; absent: as CONNECT said. */
  readonly sessionExpiry?: number;
}

export interface InboundBare {
  readonly type: 'pingreq';
}
