import type { Duplex } from 'node:stream';
import type { LogLevel, Who } from '../types.js';
import { encoderFor, type PacketEncoder } from './encode.js';
import type { ClientLimits, InboundConnect, ProtocolVersion } from './inbound.js';
import type { KeepAlive } from './keep-alive.js';
import { beginAbsence, endAbsence, publishWill } from './lifetime.js';
import type { Arrival } from './listener-policy.js';
import type { OutgoingMessage, WillMessage } from './message.js';
import type { PacketIntake } from './packet-intake.js';
import { REASON } from './reasons.js';
import type { RouterClient } from './router-client.js';
import type { ClientConnection, ServerState } from './server-state.js';
import { endsWithConnection, release, type Session } from './session.js';
import type { SocketWriter } from './socket-writer.js';

/**
 * The state of one network connection. Handlers read it; what stands below `phase` is changed by the
 * transitions of this file (and `held` by `deliver.ts`), so that each change has a name.
 */
export interface Connection extends ClientConnection {
  readonly server: ServerState;
  readonly arrival: Arrival;
  readonly stream: Duplex;
  readonly socket: SocketWriter;
  readonly intake: PacketIntake;
  readonly keepAlive: KeepAlive;
  readonly onClosed: () => void;
  /** Topic aliases of the client, which end with the connection (`5.0 MQTT-3.3.2-7`). */
  readonly aliases: Map<number, string>;
  /** `connecting`: a CONNECT came, and its CONNACK has not been sent. */
  phase: 'awaiting-connect' | 'connecting' | 'open' | 'closed';
  /** Of the client; undefined until CONNECT tells it. */
  version: ProtocolVersion | undefined;
  /** Writes packets of that version. */
  encoder: PacketEncoder;
  /** What a client of MQTT 5 announced; undefined for all others. */
  v5: ClientLimits | undefined;
  who: Who | undefined;
  session: Session | undefined;
  routerClient: RouterClient | undefined;
  /** What the client left for the case that it is lost. */
  will: WillMessage | undefined;
  /** Whether the will goes out if the connection ends now. */
  willCounts: boolean;
  /** Deliveries that wait for the answer to a CONNECT or SUBSCRIBE; undefined while none has to. */
  held: (() => void)[] | undefined;
}

/** A connection that has had its CONNACK 0. */
export interface OpenConnection extends Connection {
  who: Who;
  session: Session;
  routerClient: RouterClient;
}

export function isOpen(connection: Connection): connection is OpenConnection {
  return connection.phase === 'open';
}

/** The parts of a connection that stay what they are. */
export type ConnectionParts = Pick<
  Connection,
  'server' | 'arrival' | 'stream' | 'socket' | 'intake' | 'keepAlive' | 'onClosed'
>;

/** @param give what becomes of a message for the client */
export function newConnection(
  parts: ConnectionParts,
  give: (connection: Connection, message: OutgoingMessage) => void,
): Connection {
  const connection: Connection = {
    ...parts,
    aliases: new Map(),
    phase: 'awaiting-connect',
    version: undefined,
    encoder: encoderFor(),
    v5: undefined,
    who: undefined,
    session: undefined,
    routerClient: undefined,
    will: undefined,
    willCounts: false,
    held: undefined,
    // As Mosquitto: no will of MQTT 3.1.1 while the session goes on under the new connection. In MQTT 5
    // it is due like at any other end, unless its delay lets the new connection be in time.
    takenOver(clean) {
      const { session, version } = connection;
      const will = version === 5 || clean || (session !== undefined && endsWithConnection(session));
      close(connection, 'replaced.', { will, reason: REASON.takenOver });
    },
    cut(will, why = 'disconnected.', reason?: number) {
      close(connection, why, { will, reason });
      if (reason === undefined || connection.version !== 5) connection.stream.destroy();
    },
    give: message => give(connection, message),
  };
  return connection;
}

/** CONNECT came: from now on the client's version is known. */
export function connecting(connection: Connection, packet: InboundConnect): void {
  connection.phase = 'connecting';
  connection.version = packet.protocolVersion;
  connection.encoder = encoderFor(packet.protocolVersion);
  connection.v5 = packet.v5;
}

/** CONNECT said who the client is. */
export function identified(connection: Connection, who: Who): void {
  connection.who = who;
}

/** The client is admitted: the session is this connection's, and the client is found under its name. */
export function admitted(connection: Connection, session: Session, router: RouterClient): void {
  const { connections, store, policies } = connection.server;
  connection.session = session;
  connection.routerClient = router;
  // `5.0 MQTT-3.1.3-9`: back in time, no will.
  session.pendingWill = undefined;
  endAbsence(connection.server, session);
  store.sessions.set(session.clientId, session);
  connections.set(session.clientId, connection);
  policies.set(session.clientId, connection.arrival.listener);
}

/** The router knows the client: CONNACK 0 may go out, and the will counts. */
export function opened(
  connection: Connection,
  keepalive: number,
  will: WillMessage | undefined,
): void {
  connection.phase = 'open';
  connection.will = will;
  connection.willCounts = will !== undefined;
  connection.keepAlive.expectWithin(keepalive * 1500); // 3.1.1 MQTT-3.1.2-24, 5.0 MQTT-3.1.2-22
}

/** How a connection ends. */
export interface Ending {
  /** Whether the client's will goes out. */
  readonly will: boolean;
  /** Said to a client of MQTT 5 before the close; absent: nothing is said. */
  readonly reason?: number | undefined;
}

/** Ends the connection, from whatever phase. `why` goes into the log, behind the client's name. */
export function close(connection: Connection, why: string, { will, reason }: Ending): void {
  if (connection.phase === 'closed') return;
  const { server, who, session, socket } = connection;
  // `5.0 MQTT-3.14.0-1`: no DISCONNECT before a CONNACK below 0x80.
  if (reason !== undefined && connection.phase === 'open') sayGoodbye(connection, reason, why);
  connection.phase = 'closed';
  connection.willCounts &&= will;
  connection.keepAlive.stop();
  connection.intake.stop();
  connection.held = undefined;
  say(connection, 'notice', () => `Client ${nameOf(connection)} ${why}`);
  if (session !== undefined) release(session);
  connection.routerClient?.close();
  const mine = who !== undefined && server.connections.get(who.clientId) === connection;
  if (mine) server.connections.delete(who.clientId);
  if (session !== undefined) {
    // The will, if it counts, goes out before the session of a clean client is forgotten.
    leaveWill(connection, session);
    if (mine && !server.crashing) beginAbsence(server, session);
  }
  server.counters.bytesSent += socket.sentBytes();
  socket.finish();
  connection.onClosed();
}

/** Sends the will, or leaves it with the session for as long as it is to wait. */
function leaveWill(connection: Connection, session: Session): void {
  const { will, willCounts, who, server, arrival } = connection;
  if (will === undefined || !willCounts || who === undefined || server.crashing) return;
  const due = { message: will, who, listener: arrival.listener };
  const delay = will.delay ?? 0;
  if (delay === 0 || endsWithConnection(session)) publishWill(server, due);
  else session.pendingWill = { ...due, at: Date.now() + delay * 1000 };
}

/** DISCONNECT with its reason, in words too: some clients read the code of no shorter packet. */
function sayGoodbye(connection: Connection, reason: number, why: string): void {
  const { encoder, v5 } = connection;
  const words = why.replace(/\.$/, '').slice(0, 200);
  let bytes = encoder.disconnect(reason, words);
  // `5.0 MQTT-3.14.2-3`
  if (bytes !== undefined && bytes.length > (v5?.maximumPacketSize ?? 0)) {
    bytes = encoder.disconnect(reason);
  }
  if (bytes === undefined) return;
  say(connection, 'debug', () => `Sending DISCONNECT to ${nameOf(connection)} (rc${reason})`);
  send(connection, bytes);
}

/** Sends one packet, whatever waits before it. */
export function send({ server, socket }: Connection, bytes: Buffer): void {
  server.counters.messagesSent++;
  socket.send(bytes, false);
}

/** Words for a client that wants reasons in words, and takes them (`5.0 MQTT-3.1.2-29`). */
export function wordsFor({ v5 }: Connection, words: string): string | undefined {
  const small = v5 !== undefined && words.length + 16 > v5.maximumPacketSize;
  return v5?.problemInformation === true && !small ? words : undefined;
}

/** Writes a line of the log; it is composed only if somebody reads that level. */
export function say({ server }: Connection, level: LogLevel, text: () => string): void {
  if (server.logs(level)) server.log(level, text());
}

/** The client in lines of the log. */
export const nameOf = ({ who }: Connection): string => who?.clientId ?? '<unknown>';
