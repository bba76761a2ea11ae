import type { BrokerLimits, ConnackCode, Dialect, Who } from '../types.js';

/** What a listener demands of its clients, and what they may do. */
export interface ListenerPolicy {
  readonly port: number | undefined;
  readonly dialect: Dialect;
  readonly limits: Required<BrokerLimits>;
  /** What a made-up client identifier begins with. Default `auto-`. */
  readonly autoIdPrefix?: string;
  /** Connections open now through this listener. */
  readonly connections: { open: number };
  readonly authenticate: (who: Who) => ConnackCode | Promise<ConnackCode>;
  readonly mayPublish: (who: Who, topic: string) => boolean;
  readonly mayReceive: (who: Who, topic: string) => boolean;
  /** `strict` only. */
  readonly maySubscribe: (who: Who, filter: string) => boolean;
}

/** Where a connection came in, and what is known of its other end before CONNECT. */
export interface Arrival {
  readonly listener: ListenerPolicy;
  readonly address: string;
  readonly certificateName?: string;
  /** The user name the certificate gives, or `missing` where the listener demands one. */
  readonly identity?: { readonly username: string } | 'missing';
}

/** The CONNACK code for a client. Where its certificate was the proof, no password is asked for. */
export async function authenticate(
  { listener, identity }: Arrival,
  who: Who,
): Promise<ConnackCode> {
  return identity === undefined ? listener.authenticate(who) : 0;
}
