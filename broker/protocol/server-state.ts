import type { Journal } from '../journal.js';
import type { Router } from '../router.js';
import type { Store } from '../store.js';
import type { Who } from '../types.js';
import type { Arrival, ListenerPolicy } from './listener-policy.js';
import type { ApplicationMessage, OutgoingMessage } from './message.js';
import type { Session } from './session.js';
import type { ShareGroup } from './shares.js';

/** A client's connection, as others see it. */
export interface ClientConnection {
  /** Undefined until CONNECT said who it is. */
  readonly who: Who | undefined;
  /** Undefined until the client is admitted. */
  readonly session: Session | undefined;
  readonly arrival: Arrival;
  /** Another connection came with the same identifier (`3.1.1 MQTT-3.1.4-2`, `5.0 MQTT-3.1.4-3`). */
  takenOver(clean: boolean): void;
  /** Cuts the connection, by the broker's will. `will`: whether the client's will is sent. `reason`:
   * said to a client of MQTT 5 first. */
  cut(will: boolean, why?: string, reason?: number): void;
  /** Gives the client a message whose QoS and RETAIN are as they are to go out. */
  give(message: OutgoingMessage): void;
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
  /** The rules a session's client last came under; they also hold for what is queued while it is away. */
  readonly policies: Map<string, ListenerPolicy>;
  /** What wakes up for a session whose client is away. */
  readonly timers: Map<string, NodeJS.Timeout>;
  readonly counters: Counters;
  /** True from the moment on at which the broker goes down as in a crash: no will is sent. */
  readonly crashing: boolean;
  /** The longest session expiry, in seconds; 0: none. */
  readonly longestExpiry: () => number;
  /** Brings the $SYS topics up to date. */
  readonly refreshSys: () => void;
  /** Gives a message to one member of a shared subscription. False if there is nobody who can take it. */
  readonly toShare: (group: ShareGroup, message: ApplicationMessage) => boolean;
}
