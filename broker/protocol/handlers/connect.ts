import type { Property } from '../../../wire/properties.js';
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
import { endSession } from '../lifetime.js';
import { authenticate } from '../listener-policy.js';
import { connectLine, willLine } from '../log-lines.js';
import type { ApplicationMessage } from '../message.js';
import { REASON } from '../reasons.js';
import { routerClient } from '../router-client.js';
import { createSession, type Session } from '../session.js';

/** Sessions kept at once; one more that wants to be kept gets CONNACK 3. */
const MAX_SESSIONS = 50_000;

/** Admits a client or refuses it; then its session goes on where it stopped. */
export async function handleConnect(connection: Connection, packet: InboundConnect): Promise<void> {
  connecting(connection, packet);
  const { arrival, server } = connection;
  const { limits } = arrival.listener;
  const { clean } = packet;
  const no = refusal(connection, packet);
  if (no === 'close') {
    return close(connection, 'disconnected: its will is not allowed here.', { will: false });
  }
  if (no !== undefined) return refuse(connection, no);
  const who = identify(packet, arrival);
  identified(connection, who);
  const keepalive = keepAliveFor(packet, limits.maxKeepalive);
  if (keepalive === undefined) return refuse(connection, { code: 2 });
  if (arrival.identity === 'missing') return refuse(connection, { code: 4 });
  const code = await loginCode(connection, who, packet);
  if (connection.phase !== 'connecting') return;
  if (code !== 0) return refuse(connection, { code });

  const expiry = expiryFor(packet, server.longestExpiry());
  const { session, present } = claimSession(connection, who, clean, expiry);
  if (session === undefined) return refuse(connection, { code: 3, reason: REASON.quotaExceeded });
  hold(connection);
  const router = routerClient(server.router, routerTarget(connection), () =>
    close(connection, 'closed by the router.', { will: true, reason: REASON.unspecified }),
  );
  admitted(connection, session, router);
  await router.connect(who.clientId, !session.stored);
  if (connection.phase !== 'connecting') return;

  opened(connection, keepalive, packet.will);
  say(connection, 'notice', () => connectLine(who, packet, keepalive));
  say(connection, 'debug', () => willLine(packet));
  const properties = admission(connection, packet, keepalive, expiry);
  send(connection, connection.encoder.connack(0, present, properties));
  sayConnack(connection, present, 0);
  session.outgoing.resume(packetWriter(connection), topic =>
    arrival.listener.mayReceive(who, topic),
  );
  releaseHeld(connection);
}

/** Why a client is refused; MQTT 5 has more words for it. */
interface Refusal {
  readonly code: Exclude<ConnackCode, 0>;
  readonly reason?: number;
}

/** What of a CONNECT is not served here. `close`: MQTT 3.1.1 has no return code for it. */
function refusal(
  { arrival }: Connection,
  { protocolVersion, will, clientId, authenticationMethod }: InboundConnect,
): Refusal | 'close' | undefined {
  const { limits } = arrival.listener;
  if (!limits.acceptProtocolVersions.includes(protocolVersion)) return { code: 1 };
  // `5.0 MQTT-4.12.0-1`
  if (authenticationMethod !== undefined) {
    return { code: 5, reason: REASON.badAuthenticationMethod };
  }
  if (will !== undefined && will.qos > limits.maxQos) {
    return protocolVersion === 5 ? { code: 5, reason: REASON.qosNotSupported } : 'close'; // 5.0 MQTT-3.2.2-12
  }
  if (will?.retain === true && !limits.retainAvailable) {
    return protocolVersion === 5 ? { code: 5, reason: REASON.retainNotSupported } : 'close'; // 5.0 MQTT-3.2.2-13
  }
  if (clientId === '' && !limits.allowZeroLengthClientId) return { code: 2 };
  return undefined;
}

/** Seconds of keep-alive. MQTT 5 is told another value (`5.0 MQTT-3.1.2-21`), MQTT 3.1.1 refused: then
 * undefined. */
function keepAliveFor({ keepalive, protocolVersion }: InboundConnect, most: number) {
  if (most === 0 || (keepalive > 0 && keepalive <= most)) return keepalive;
  return protocolVersion === 5 ? most : undefined;
}

/** Seconds the session may outlive the connection: as asked for, within what the broker keeps. */
function expiryFor({ sessionExpiry, protocolVersion }: InboundConnect, longest: number): number {
  return protocolVersion === 5 && longest > 0 ? Math.min(sessionExpiry, longest) : sessionExpiry;
}

/** What CONNACK tells a client of MQTT 5, in Mosquitto's order. */
function admission(
  { arrival, who }: Connection,
  packet: InboundConnect,
  keepalive: number,
  expiry: number,
): readonly Property[] {
  if (packet.v5 === undefined) return [];
  const { limits } = arrival.listener;
  const found: Property[] = [];
  if (limits.maxTopicAlias > 0) {
    found.push({ name: 'topicAliasMaximum', value: limits.maxTopicAlias });
  }
  if (limits.maxPacketSize > 0) {
    found.push({ name: 'maximumPacketSize', value: limits.maxPacketSize });
  }
  if (limits.maxInflight > 0) found.push({ name: 'receiveMaximum', value: limits.maxInflight });
  // `5.0 MQTT-3.1.3-7`
  if (packet.clientId === '' && who !== undefined) {
    found.push({ name: 'assignedClientIdentifier', value: who.clientId });
  }
  if (keepalive !== packet.keepalive) found.push({ name: 'serverKeepAlive', value: keepalive });
  if (limits.maxQos < 2) found.push({ name: 'maximumQoS', value: limits.maxQos }); // 5.0 MQTT-3.2.2-9
  if (!limits.retainAvailable) found.push({ name: 'retainAvailable', value: 0 });
  if (expiry !== packet.sessionExpiry) {
    found.push({ name: 'sessionExpiryInterval', value: expiry });
  }
  return found;
}

/** What the listener's rules say to a client, and to the size of its will. */
async function loginCode(
  { arrival, server }: Connection,
  who: Who,
  { will }: InboundConnect,
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

/** The session for a client (`3.1.1 MQTT-3.1.2-4` to `3.1.1 MQTT-3.1.2-6`, `5.0 MQTT-3.1.2-4` to
 * `5.0 MQTT-3.1.2-6`): the one that was kept, or a new one; none where too many are kept. Whoever had
 * it before is disconnected. */
function claimSession(
  { server, arrival }: Connection,
  who: Who,
  clean: boolean,
  expiry: number,
): { readonly session: Session | undefined; readonly present: boolean } {
  const { store, connections } = server;
  const { clientId } = who;
  const old = connections.get(clientId);
  if (old !== undefined) {
    server.log('error', `Client ${clientId} already connected, closing old connection.`);
    old.takenOver(clean);
  }
  const kept = store.sessions.get(clientId);
  if (kept !== undefined && !clean) {
    kept.who = who;
    kept.expiry = expiry;
    return { session: kept, present: true };
  }
  if (kept !== undefined) endSession(server, kept);
  if (expiry > 0 && store.sessions.size >= MAX_SESSIONS) {
    return { session: undefined, present: false };
  }
  return { session: createSession(who, expiry, arrival.listener.limits), present: false };
}

/** The client, for the router. */
function routerTarget(connection: Connection) {
  return {
    take: (message: ApplicationMessage) => take(connection, message),
    attached() {
      if (connection.session !== undefined) connection.session.attached = true;
    },
  };
}

function refuse(connection: Connection, { code, reason }: Refusal): void {
  const { encoder } = connection;
  send(connection, encoder.connack(code, false, [], reason));
  sayConnack(connection, false, reason ?? code);
  const why = code === 5 || code === 4 ? 'not authorised.' : `refused (CONNACK ${code}).`;
  close(connection, `disconnected, ${why}`, { will: false });
}

function sayConnack(connection: Connection, present: boolean, code: number): void {
  say(
    connection,
    'debug',
    () => `Sending CONNACK to ${nameOf(connection)} (${present ? 1 : 0}, ${code})`,
  );
}
