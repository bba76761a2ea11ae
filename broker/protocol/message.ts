import type { QoS } from '../../wire/trace.js';

/** What one client publishes and others are given (`3.1.1`, section 1.2, "Application Message"). */
export interface ApplicationMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Whose it is: no local (`5.0 MQTT-3.8.3-3`) is decided by it. */
  readonly clientId?: string | undefined;
  readonly properties?: MessageProperties | undefined;
}

/** What a message of MQTT 5 has beyond topic and payload. */
export interface MessageProperties {
  /** Those that are forwarded unaltered, as they came, in their order (`5.0 MQTT-3.3.2-4`,
   * `5.0 MQTT-3.3.2-15` to `5.0 MQTT-3.3.2-18`, `5.0 MQTT-3.3.2-20`). */
  readonly forwarded: Buffer;
  /** Milliseconds since 1970 from which on it is not delivered any more (`5.0 MQTT-3.3.2-5`). */
  readonly expiresAt?: number;
}

/** A message on its way to one client. */
export interface OutgoingMessage extends ApplicationMessage {
  /** Of the subscriptions it is sent for (`5.0 MQTT-3.3.4-3`). */
  readonly identifiers?: readonly number[] | undefined;
  /** The shared subscription that chose this client: `NAME/FILTER`. */
  readonly share?: string | undefined;
}

/** The message a client leaves in CONNECT for the case that it is lost. */
export interface WillMessage extends ApplicationMessage {
  /** Seconds it waits for a return (`5.0 MQTT-3.1.3-9`); absent: none. */
  readonly delay?: number;
  /** Seconds of its expiry, which begin when it is sent. */
  readonly expiry?: number;
}

/** Whether a message has outlived its expiry. */
export function expired({ properties }: ApplicationMessage): boolean {
  // Most have none: the clock is not asked for them.
  const at = properties?.expiresAt;
  return at !== undefined && at <= Date.now();
}

/** The properties of a message that came or is made now; undefined where there are none. */
export function messageProperties(
  forwarded: Buffer,
  expirySeconds: number | undefined,
): MessageProperties | undefined {
  if (expirySeconds !== undefined)
    return { forwarded, expiresAt: Date.now() + expirySeconds * 1000 };
  return forwarded.length === 0 ? undefined : { forwarded };
}
