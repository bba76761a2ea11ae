import type { QoS } from '../../wire/trace.js';
import { matches } from '../topics.js';
import type { Who } from '../types.js';
import type { ApplicationMessage } from './message.js';
import { type OutgoingMessages, outgoingMessages, type SessionLimits } from './outgoing.js';

/** A client's state that outlives its connection (`3.1.1`, section 3.1.2.4). */
export interface Session {
  readonly clientId: string;
  readonly clean: boolean;
  /** The client as it last connected; decides what an absent client may be given. */
  who: Who;
  readonly subscriptions: Map<string, QoS>;
  /** QoS 2 messages that came and wait for their PUBREL, by packet identifier. */
  readonly incoming: Map<number, ApplicationMessage>;
  /** Messages to the client: in flight, and queued. */
  readonly outgoing: OutgoingMessages;
  /** True while the router routes to the connection; false: QoS 1 and 2 are queued here. */
  attached: boolean;
  /** Milliseconds since 1970 of the last disconnect. */
  leftAt: number;
}

export function createSession(who: Who, clean: boolean, limits: SessionLimits): Session {
  return {
    clientId: who.clientId,
    clean,
    who,
    subscriptions: new Map(),
    incoming: new Map(),
    outgoing: outgoingMessages(limits),
    attached: false,
    leftAt: 0,
  };
}

/** The session's connection is gone. */
export function release(session: Session): void {
  session.outgoing.suspend();
  session.attached = false;
  session.leftAt = Date.now();
}

/** The highest QoS among the subscriptions that match; undefined if none does. */
export function grantedFor({ subscriptions }: Session, topic: string): QoS | undefined {
  let granted: QoS | undefined;
  for (const [filter, qos] of subscriptions) {
    if ((granted === undefined || qos > granted) && matches(filter, topic)) granted = qos;
  }
  return granted;
}
