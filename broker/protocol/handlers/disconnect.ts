import { close, nameOf, type OpenConnection, say } from '../connection.js';

/** The client leaves. `3.1.1 MQTT-3.14.4-3`: its will is discarded. What comes behind is not looked at. */
export function handleDisconnect(connection: OpenConnection): void {
  say(connection, 'debug', () => `Received DISCONNECT from ${nameOf(connection)}`);
  close(connection, 'disconnected.', { will: false });
}
