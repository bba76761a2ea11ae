import type { Engine } from '../router.js';
import type { Store } from '../store.js';
import type { ConnackCode, Dialect, Limits, LogLevel, Who } from '../types.js';
import type { Connection } from './connection.js';

/** What the door says about those who come through it. */
export interface Gate {
  readonly address: string;
  readonly port?: number;
  readonly certificateName?: string;
  /** Connections open now through this door. */
  readonly counter: { open: number };
  /** The user name the certificate gives, or `missing` where the door demands one. */
  readonly identity?: { readonly username: string } | 'missing';
  readonly authenticate: (who: Who) => ConnackCode | Promise<ConnackCode>;
  readonly policy: Policy;
  readonly limits: Required<Limits>;
  /** What a made-up client identifier begins with. Default `auto-`. */
  readonly autoIdPrefix?: string;
}

export interface Policy {
  readonly dialect: Dialect;
  readonly mayPublish: (who: Who, topic: string) => boolean;
  readonly mayReceive: (who: Who, topic: string) => boolean;
  /** `strict` only. */
  readonly maySubscribe: (who: Who, filter: string) => boolean;
}

export interface Counters {
  messagesReceived: number;
  messagesSent: number;
  publishesReceived: number;
  publishesSent: number;
  publishesDropped: number;
  bytesReceived: number;
  bytesSent: number;
}

/** What all connections of a running broker share. */
export interface Hub {
  readonly engine: Engine;
  readonly store: Store;
  /** By client identifier; those that got as far as a CONNACK 0, or are about to. */
  readonly connections: Map<string, Connection>;
  readonly counters: Counters;
  /** True when anybody listens to lines of that level: a line is not composed for nobody. */
  readonly logs: (level: LogLevel) => boolean;
  readonly log: (level: LogLevel, text: string) => void;
  /** Brings the $SYS topics up to date. */
  readonly refreshSys: () => void;
}
