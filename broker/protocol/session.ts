import type { QoS } from '../../wire/trace.js';
import { matches } from '../topics.js';
import type { Who } from '../types.js';
import type { ListenerPolicy } from './listener-policy.js';
import type { ApplicationMessage, OutgoingMessage, WillMessage } from './message.js';
import { type OutgoingMessages, outgoingMessages, type SessionLimits } from './outgoing.js';
import type { Subscription } from './subscription.js';

/** A client's state that outlives its connection (`3.1.1`, section 3.1.2.4; `5.0`, section 4.1). */
export interface Session {
  readonly clientId: string;
  /** Seconds it outlives its connection. 0: it ends with it; Infinity: it never expires. */
  expiry: number;
  /** Whether the router keeps its subscriptions while the client is away. */
  readonly stored: boolean;
  /** The client as it last connected; decides what an absent client may be given. */
  who: Who;
  /** By filter, as the client wrote it. */
  readonly subscriptions: Map<string, Subscription>;
  /** QoS 2 messages that came and wait for their PUBREL, by packet identifier. */
  readonly incoming: Map<number, ApplicationMessage>;
  /** Messages to the client: in flight, and queued. */
  readonly outgoing: OutgoingMessages;
  /** True while the router routes to the connection; false: QoS 1 and 2 are queued here. */
  attached: boolean;
  /** Milliseconds since 1970 of the last disconnect. */
  leftAt: number;
  /** A will that waits for the client's return (`5.0 MQTT-3.1.3-9`). */
  pendingWill: PendingWill | undefined;
}

/** A will, and what decides whether it may be sent. */
export interface PendingWill {
  readonly message: WillMessage;
  readonly who: Who;
  readonly listener: ListenerPolicy;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export function createSession(who: Who, expiry: number, limits: SessionLimits): Session {
  return {
    clientId: who.clientId,
    expiry,
    stored: expiry > 0,
    who,
    subscriptions: new Map(),
    incoming: new Map(),
    outgoing: outgoingMessages(limits),
    attached: false,
    leftAt: 0,
    pendingWill: undefined,
  };
}

/** Whether the session ends when its connection does: clean session, or no session expiry. */
export const endsWithConnection = ({ expiry }: Session): boolean => expiry === 0;

/** The session's connection is gone. */
export function release(session: Session): void {
  session.outgoing.suspend();
  session.attached = false;
  session.leftAt = Date.now();
}

/** The highest QoS among the subscriptions that match; undefined if none does. Shared ones are not
 * the session's alone. */
function grantedFor({ subscriptions }: Session, topic: string): QoS | undefined {
  let granted: QoS | undefined;
  for (const [filter, { qos }] of subscriptions) {
    if ((granted === undefined || qos > granted) && matches(filter, topic)) granted = qos;
  }
  return granted;
}

/** Gives the copies of a message that a session's own subscriptions ask for. As Mosquitto: MQTT 5 gets
 * one for each filter that matches, with its options and identifier (`5.0 MQTT-3.3.4-5`); MQTT 3.1.1
 * gets one, at the highest QoS (`3.1.1 MQTT-3.3.5-1`). */
export function copiesFor(
  session: Session,
  message: ApplicationMessage,
  give: (copy: OutgoingMessage) => void,
): void {
  if (session.who.protocolVersion !== 5) {
    const granted = grantedFor(session, message.topic);
    if (granted === undefined) return;
    const { topic, payload, properties } = message;
    const qos = Math.min(message.qos, granted) as QoS;
    give({ topic, payload, qos, retain: false, properties });
    return;
  }
  for (const subscription of session.subscriptions.values()) {
    if (!matches(subscription.filter, message.topic)) continue;
    // `5.0 MQTT-3.8.3-3`
    if (subscription.noLocal && message.clientId === session.clientId) continue;
    give(copyFor(subscription, message));
  }
}

/** A message as one subscription wants it; RETAIN as it came where that is asked for
 * (`5.0 MQTT-3.3.1-12`, `5.0 MQTT-3.3.1-13`). */
export function copyFor(subscription: Subscription, message: ApplicationMessage): OutgoingMessage {
  const { topic, payload, properties } = message;
  const { identifier } = subscription;
  return {
    topic,
    payload,
    qos: Math.min(message.qos, subscription.qos) as QoS,
    retain: subscription.retainAsPublished && message.retain,
    properties,
    identifiers: identifier === undefined ? undefined : [identifier],
  };
}
