import type { QoS } from '../../wire/trace.js';

/** What one client publishes and others are given (`3.1.1`, section 1.2, "Application Message"). */
export interface ApplicationMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** The message a client leaves in CONNECT for the case that it is lost. */
export type WillMessage = ApplicationMessage;
