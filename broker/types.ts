import type { Duplex } from 'node:stream';
import type { MessageProperties } from './protocol/message.js';

/** Who is on a connection, as far as CONNECT and the listener tell. */
export interface Who {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: Buffer;
  readonly clean: boolean;
  /** 3 = MQTT 3.1, 4 = MQTT 3.1.1, 5 = MQTT 5. */
  readonly protocolVersion: number;
  /** `127.0.0.1:53212`, or `in-process` for a connection made with `open()`. */
  readonly address: string;
  /** Port of the listener the client came through; absent for `open()`. */
  readonly listener?: number;
  /** Common name of a verified client certificate. */
  readonly certificateName?: string;
}

/** 0 admitted · 1 protocol version · 2 identifier · 3 unavailable · 4 name or password · 5 not authorised. */
export type ConnackCode = 0 | 1 | 2 | 3 | 4 | 5;

/** `mosquitto`: a refused PUBLISH is acknowledged and dropped, SUBSCRIBE is granted and delivery
 * filtered. `strict`: a refused PUBLISH closes the connection, a refused filter gets 0x80. */
export type Dialect = 'mosquitto' | 'strict';

/** Limits, with Mosquitto's defaults. 0 means no limit unless said otherwise. */
export interface BrokerLimits {
  /** Bytes of a whole packet; a bigger one closes the connection. Default 2,000,000;
   * 0: the protocol's own limit, 268,435,460. */
  readonly maxPacketSize?: number;
  /** Bytes of a payload; a bigger one is acknowledged and dropped. Default 0. */
  readonly messageSizeLimit?: number;
  /** Highest QoS; a PUBLISH above it closes the connection, a SUBSCRIBE is granted less. Default 2. */
  readonly maxQos?: 0 | 1 | 2;
  /** `false`: a PUBLISH or will with RETAIN closes the connection. Default true. */
  readonly retainAvailable?: boolean;
  /** Unacknowledged QoS 1 and 2 messages on the way to one client. Default 20. */
  readonly maxInflight?: number;
  /** Messages waiting for one client behind those in flight; the newest are dropped. Default 1000. */
  readonly maxQueued?: number;
  /** Connections at once; one more is closed without CONNACK. Default -1: no limit. */
  readonly maxConnections?: number;
  /** Seconds; a CONNECT above it, or with 0, gets CONNACK 2, and in MQTT 5 this value. Default 0. */
  readonly maxKeepalive?: number;
  /** An empty client identifier with clean=1 gets a made-up one (true) or CONNACK 2. Default true. */
  readonly allowZeroLengthClientId?: boolean;
  /** Seconds after which the session of a client that stayed away is removed. Default 0: never. */
  readonly persistentClientExpiration?: number;
  /** MQTT 5: topic aliases a client may use. Default 10. */
  readonly maxTopicAlias?: number;
  /** Protocol levels that are let in: 3, 4, 5. Default: all three. */
  readonly acceptProtocolVersions?: readonly number[];
}

export type LogLevel =
  | 'error'
  | 'warning'
  | 'notice'
  | 'information'
  | 'debug'
  | 'subscribe'
  | 'unsubscribe';

/** One line of the broker's log; the words are Mosquitto's. */
export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: LogLevel;
  readonly text: string;
}

export interface BrokerOptions {
  /** `false`: only in-process connections. Default: an ephemeral port on 127.0.0.1. */
  readonly listen?: false | { readonly port?: number; readonly host?: string };
  /** The CONNACK code for a client; 0 admits it. Default: everybody is admitted. */
  readonly authenticate?: (who: Who) => ConnackCode | Promise<ConnackCode>;
  /** May this client publish to the topic? Asked for PUBLISH and when a will is sent. */
  readonly mayPublish?: (who: Who, topic: string) => boolean;
  /** May this client be given a message of the topic? Asked for every delivery. */
  readonly mayReceive?: (who: Who, topic: string) => boolean;
  /** `strict` only: may this client subscribe to the filter? Default: `mayReceive` of the filter. */
  readonly maySubscribe?: (who: Who, filter: string) => boolean;
  readonly dialect?: Dialect;
  readonly limits?: BrokerLimits;
  /** Every log line. Same as `onLog`, but from the first line on. */
  readonly log?: (entry: LogEntry) => void;
}

/** A session the broker holds, connected or away. */
export interface SessionInfo {
  readonly clientId: string;
  readonly connected: boolean;
  /** It ends with its connection. */
  readonly clean: boolean;
  readonly username?: string;
  readonly subscriptions: readonly { readonly filter: string; readonly qos: 0 | 1 | 2 }[];
  /** Messages that wait and have not been sent on this connection. */
  readonly queued: number;
  /** Messages sent and not yet acknowledged by the client. */
  readonly inflight: number;
}

export interface RetainedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  /** What only MQTT 5 adds; absent where there is nothing. */
  readonly properties?: MessageProperties;
}

export interface Broker {
  /** TCP port of the first listener; undefined with `listen: false` or while stopped. */
  readonly port: number | undefined;
  /** `mqtt://127.0.0.1:PORT`; undefined like `port`. */
  readonly url: string | undefined;
  readonly running: boolean;
  /** A client's end of a new connection. In-process for the embedded broker, TCP for a real one. */
  open(): Duplex;
  /** Drops every connection as a crash would (no DISCONNECT, no wills) and comes back on the same
   * port. `keep`: sessions, queued and retained messages survive, as with a disk; `wipe`: nothing does. */
  restart(state: 'keep' | 'wipe'): Promise<void>;
  /** Comes back after `stop()`, same port. `state` as in `restart`; default `keep`. */
  start(state?: 'keep' | 'wipe'): Promise<void>;
  /** Drops every connection and listens no more. Twice is fine. */
  stop(): Promise<void>;
  /** Cuts one client's connection without a word; its will is sent. False if it is not connected. */
  disconnect(clientId: string): boolean;
  sessions(): readonly SessionInfo[];
  retained(): readonly RetainedMessage[];
  /** Calls back for each log line from now on; returns how to end that. */
  onLog(listener: (entry: LogEntry) => void): () => void;
}
