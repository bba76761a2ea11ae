import { forgetSubscriptions } from '../../store.js';
import type { ConnackCode, Who } from '../../types.js';
import {
  admitted,
  type Connection,
  close,
  connecting,
  identified,
  nameOf,
  opened,
  say,
  send,
} from '../connection.js';
import { hold, packetWriter, releaseHeld, take } from '../deliver.js';
import { identify } from '../identify.js';
import type { InboundConnect } from '../inbound.js';
import { authenticate } from '../listener-policy.js';
import { connectLine, willLine } from '../log-lines.js';
import type { ApplicationMessage, WillMessage } from '../message.js';
import { routerClient } from '../router-client.js';
import { createSession, type Session } from '../session.js';

/** Sessions kept at once; one more that wants to be kept gets CONNACK 3. */
const MAX_SESSIONS = 50_000;

/** Admits a client or refuses it; then its session goes on where it stopped. */
export async function handleConnect(connection: Connection, packet: InboundConnect): Promise<void> {
  connecting(connection, packet);
  const { arrival, server } = connection;
  const { limits } = arrival.listener;
  const { will, clean, keepalive } = packet;
  if (
    will !== undefined &&
    (will.qos > limits.maxQos || (will.retain && !limits.retainAvailable))
  ) {
    return close(connection, 'disconnected: its will is not allowed here.', { will: false });
  }
  if (packet.clientId === '' && !limits.allowZeroLengthClientId) return refuse(connection, 2);
  const who = identify(packet, arrival);
  identified(connection, who);
  if (limits.maxKeepalive > 0 && (keepalive === 0 || keepalive > limits.maxKeepalive)) {
    return refuse(connection, 2);
  }
  if (arrival.identity === 'missing') return refuse(connection, 4);
  const code = await loginCode(connection, who, will);
  if (connection.phase !== 'connecting') return;
  if (code !== 0) return refuse(connection, code);

  const { session, present } = claimSession(connection, who, clean);
  if (session === undefined) return refuse(connection, 3);
  hold(connection);
  const router = routerClient(server.router, routerTarget(connection), () =>
    close(connection, 'closed by the router.', { will: true }),
  );
  admitted(connection, session, router);
  await router.connect(who.clientId, clean, will);
  if (connection.phase !== 'connecting') return;

  opened(connection, keepalive);
  say(connection, 'notice', () => connectLine(who, packet));
  say(connection, 'debug', () => willLine(packet));
  send(connection, connection.encoder.connack(0, present));
  sayConnack(connection, present, 0);
  session.outgoing.resume(packetWriter(connection), topic =>
    arrival.listener.mayReceive(who, topic),
  );
  releaseHeld(connection);
}

/** What the listener's rules say to a client, and to the size of its will. */
async function loginCode(
  { arrival, server }: Connection,
  who: Who,
  will: WillMessage | undefined,
): Promise<ConnackCode> {
  const most = arrival.listener.limits.messageSizeLimit;
  try {
    const code = await authenticate(arrival, who);
    return code === 0 && will !== undefined && most > 0 && will.payload.length > most ? 5 : code;
  } catch (error) {
    server.log('error', `Error: authenticating ${who.clientId}: ${(error as Error).message}`);
    return 3;
  }
}

/** The session for a client (`3.1.1 MQTT-3.1.2-4` to `3.1.1 MQTT-3.1.2-6`): the one that was kept, or a new one; none
 * where too many are kept. Whoever had it before is disconnected. */
function claimSession(
  { server, arrival }: Connection,
  who: Who,
  clean: boolean,
): { readonly session: Session | undefined; readonly present: boolean } {
  const { store, connections } = server;
  const { clientId } = who;
  const old = connections.get(clientId);
  if (old !== undefined) {
    server.log('error', `Client ${clientId} already connected, closing old connection.`);
    old.takenOver(clean);
  }
  const kept = store.sessions.get(clientId);
  if (kept !== undefined && !kept.clean && !clean) {
    kept.who = who;
    return { session: kept, present: true };
  }
  if (!clean && store.sessions.size >= MAX_SESSIONS) return { session: undefined, present: false };
  forgetSubscriptions(store, clientId);
  return { session: createSession(who, clean, arrival.listener.limits), present: false };
}

/** The client, for the router. */
function routerTarget(connection: Connection) {
  return {
    take: (message: ApplicationMessage) => take(connection, message),
    mayWill: (will: WillMessage) => mayWill(connection, will),
    attached() {
      if (connection.session !== undefined) connection.session.attached = true;
    },
  };
}

function mayWill(
  { who, server, willCounts, arrival }: Connection,
  { topic }: WillMessage,
): boolean {
  if (server.crashing || who === undefined) return false;
  if (!willCounts || topic.startsWith('$SYS/')) return false;
  return arrival.listener.mayPublish(who, topic);
}

function refuse(connection: Connection, code: ConnackCode): void {
  send(connection, connection.encoder.connack(code, false));
  sayConnack(connection, false, code);
  const why = code === 5 || code === 4 ? 'not authorised.' : `refused (CONNACK ${code}).`;
  close(connection, `disconnected, ${why}`, { will: false });
}

function sayConnack(connection: Connection, present: boolean, code: ConnackCode): void {
  say(
    connection,
    'debug',
    () => `Sending CONNACK to ${nameOf(connection)} (${present ? 1 : 0}, ${code})`,
  );
}
