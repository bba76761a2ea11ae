import { close, nameOf, type OpenConnection, say } from '../connection.js';
import type { InboundDisconnect } from '../inbound.js';
import { Malformed } from '../malformed.js';
import { REASON } from '../reasons.js';
import { endsWithConnection } from '../session.js';

/** The client leaves. With reason 0 its will is discarded (`3.1.1 MQTT-3.14.4-3`,
 * `5.0 MQTT-3.14.4-3`). What comes behind is not looked at. */
export function handleDisconnect(connection: OpenConnection, packet: InboundDisconnect): void {
  say(connection, 'debug', () => `Received DISCONNECT from ${nameOf(connection)}`);
  const { session, server } = connection;
  const { reason, sessionExpiry } = packet;
  if (sessionExpiry !== undefined) {
    // 5.0 section 3.14.2.2.2: a session that was to end with the connection stays such a one.
    if (sessionExpiry > 0 && endsWithConnection(session)) {
      throw new Malformed('session expiry raised from 0', { reason: REASON.protocolError });
    }
    const longest = server.longestExpiry();
    session.expiry = longest > 0 ? Math.min(sessionExpiry, longest) : sessionExpiry;
  }
  close(connection, 'disconnected.', { will: reason !== 0 });
}
