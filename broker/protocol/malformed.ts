import type { ConnackCode } from '../types.js';

/** A packet after which a server must close the connection (`3.1.1 MQTT-4.8.0-1`). `connack`: the
 * code to say first, where the standard wants one. */
export class Malformed extends Error {
  readonly connack: ConnackCode | undefined;
  constructor(message: string, connack?: ConnackCode) {
    super(message);
    this.name = 'Malformed';
    this.connack = connack;
  }
}
