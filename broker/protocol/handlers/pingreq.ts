import { nameOf, type OpenConnection, say, send } from '../connection.js';

/** Answers that the broker is there (`3.1.1 MQTT-3.12.4-1`). */
export function handlePingreq(connection: OpenConnection): void {
  say(connection, 'debug', () => `Received PINGREQ from ${nameOf(connection)}`);
  send(connection, connection.encoder.pingresp());
  say(connection, 'debug', () => `Sending PINGRESP to ${nameOf(connection)}`);
}
