import type { ConnackCode } from '../types.js';

/** What to tell a client whose packet ends its connection, where its version has words for it. */
export interface Telling {
  /** CONNACK return code of MQTT 3.1.1, where the standard wants one. */
  readonly connack?: ConnackCode;
  /** Reason code of MQTT 5, for CONNACK or DISCONNECT. Default: 0x81, malformed packet. */
  readonly reason?: number;
  /** Set where the packet was a CONNECT that said so: nothing else tells the version yet. */
  readonly version?: 5;
}

/** A packet after which a server must close the connection (`3.1.1 MQTT-4.8.0-1`,
 * `5.0 MQTT-4.13.1-1`). */
export class Malformed extends Error {
  readonly connack: ConnackCode | undefined;
  readonly reason: number;
  readonly version: 5 | undefined;
  constructor(message: string, { connack, reason = 0x81, version }: Telling = {}) {
    super(message);
    this.name = 'Malformed';
    this.connack = connack;
    this.reason = reason;
    this.version = version;
  }
}
