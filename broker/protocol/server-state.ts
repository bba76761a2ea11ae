import type { Journal } from '../journal.js';
import type { Router } from '../router.js';
import type { Store } from '../store.js';
import type { Who } from '../types.js';
import type { Arrival } from './listener-policy.js';
import type { Session } from './session.js';

/** A client's connection, as others see it. */
export interface ClientConnection {
  /** Undefined until CONNECT said who it is. */
  readonly who: Who | undefined;
  /** Undefined until the client is admitted. */
  readonly session: Session | undefined;
  readonly arrival: Arrival;
  /** Another connection came with the same identifier (`3.1.1 MQTT-3.1.4-2`). */
  takenOver(clean: boolean): void;
  /** Cuts the connection, by the broker's will. `will`: whether the client's will is sent. */
  cut(will: boolean, why?: string): void;
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
export interface ServerState extends Journal {
  readonly router: Router;
  readonly store: Store;
  /** By client identifier; those that got as far as a CONNACK 0, or are about to. */
  readonly connections: Map<string, ClientConnection>;
  readonly counters: Counters;
  /** True from the moment on at which the broker goes down as in a crash: no will is sent. */
  readonly crashing: boolean;
  /** Brings the $SYS topics up to date. */
  readonly refreshSys: () => void;
}
