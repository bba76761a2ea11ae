import type { QoS } from '../../wire/trace.js';
import type { ApplicationMessage, WillMessage } from './message.js';

/** The packets of a client, read. Their names are the standard's; a packet type that is added here does
 * not compile until `handlers/` says what becomes of it. */
export type Inbound =
  | InboundConnect
  | InboundPublish
  | InboundAcknowledgement
  | InboundSubscribe
  | InboundUnsubscribe
  | InboundBare;

/** The protocol level of CONNECT: 3 = MQTT 3.1, 4 = MQTT 3.1.1. */
export type ProtocolVersion = 3 | 4;

export interface InboundConnect {
  readonly type: 'connect';
  readonly protocolVersion: ProtocolVersion;
  readonly clean: boolean;
  readonly keepalive: number;
  readonly clientId: string;
  readonly will?: WillMessage;
  readonly username?: string;
  readonly password?: Buffer;
}

export interface InboundPublish extends ApplicationMessage {
  readonly type: 'publish';
  readonly dup: boolean;
  /** 0 at QoS 0. */
  readonly id: number;
}

export interface InboundAcknowledgement {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
  readonly id: number;
}

export interface InboundSubscribe {
  readonly type: 'subscribe';
  readonly id: number;
  readonly filters: readonly { readonly filter: string; readonly qos: QoS }[];
}

export interface InboundUnsubscribe {
  readonly type: 'unsubscribe';
  readonly id: number;
  readonly filters: readonly string[];
}

export interface InboundBare {
  readonly type: 'pingreq' | 'disconnect';
}
