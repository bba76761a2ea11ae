import type { Duplex } from 'node:stream';
import type { LogLevel, Who } from '../types.js';
import { encoderFor, type PacketEncoder } from './encode.js';
import type { InboundConnect, ProtocolVersion } from './inbound.js';
import type { KeepAlive } from './keep-alive.js';
import type { Arrival } from './listener-policy.js';
import type { ApplicationMessage } from './message.js';
import type { PacketIntake } from './packet-intake.js';
import type { RouterClient } from './router-client.js';
import type { ClientConnection, ServerState } from './server-state.js';
import { release, type Session } from './session.js';
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
  /** `connecting`: a CONNECT came, and its CONNACK has not been sent. */
  phase: 'awaiting-connect' | 'connecting' | 'open' | 'closed';
  /** Of the client; undefined until CONNECT tells it. */
  version: ProtocolVersion | undefined;
  /** Writes packets of that version. */
  encoder: PacketEncoder;
  who: Who | undefined;
  session: Session | undefined;
  routerClient: RouterClient | undefined;
  /** Whether the will goes out if it is asked for now. */
  willCounts: boolean;
  /** Messages that wait for the answer to a CONNECT or SUBSCRIBE; undefined while none has to. */
  held: ApplicationMessage[] | undefined;
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

export function newConnection(parts: ConnectionParts): Connection {
  const connection: Connection = {
    ...parts,
    phase: 'awaiting-connect',
    version: undefined,
    encoder: encoderFor(),
    who: undefined,
    session: undefined,
    routerClient: undefined,
    willCounts: false,
    held: undefined,
    // As Mosquitto: no will while the session goes on under the new connection.
    takenOver: clean =>
      close(connection, 'replaced.', { will: clean || connection.session?.clean === true }),
    cut(will, why = 'disconnected.') {
      close(connection, why, { will });
      connection.stream.destroy();
    },
  };
  return connection;
}

/** CONNECT came: from now on the client's version is known. */
export function connecting(connection: Connection, { protocolVersion }: InboundConnect): void {
  connection.phase = 'connecting';
  connection.version = protocolVersion;
  connection.encoder = encoderFor(protocolVersion);
}

/** CONNECT said who the client is. */
export function identified(connection: Connection, who: Who): void {
  connection.who = who;
}

/** The client is admitted: the session is this connection's, and the client is found under its name. */
export function admitted(connection: Connection, session: Session, router: RouterClient): void {
  const { connections, store } = connection.server;
  connection.session = session;
  connection.routerClient = router;
  store.sessions.set(session.clientId, session);
  connections.set(session.clientId, connection);
}

/** The router knows the client: CONNACK 0 may go out, and the will counts. */
export function opened(connection: Connection, keepalive: number): void {
  connection.phase = 'open';
  connection.willCounts = true;
  connection.keepAlive.expectWithin(keepalive * 1500); // 3.1.1 MQTT-3.1.2-24
}

/** Ends the connection, from whatever phase. `why` goes into the log, behind the client's name. */
export function close(connection: Connection, why: string, { will }: { will: boolean }): void {
  if (connection.phase === 'closed') return;
  const { server, who, session, socket } = connection;
  connection.phase = 'closed';
  connection.willCounts &&= will;
  connection.keepAlive.stop();
  connection.intake.stop();
  connection.held = undefined;
  say(connection, 'notice', () => `Client ${nameOf(connection)} ${why}`);
  if (session !== undefined) release(session);
  // Sends the will, if it counts, before the session of a clean client is forgotten.
  connection.routerClient?.close();
  if (who !== undefined && server.connections.get(who.clientId) === connection) {
    server.connections.delete(who.clientId);
    if (session?.clean === true) server.store.sessions.delete(who.clientId);
  }
  server.counters.bytesSent += socket.sentBytes();
  socket.finish();
  connection.onClosed();
}

/** Sends one packet, whatever waits before it. */
export function send({ server, socket }: Connection, bytes: Buffer): void {
  server.counters.messagesSent++;
  socket.send(bytes, false);
}

/** Writes a line of the log; it is composed only if somebody reads that level. */
export function say({ server }: Connection, level: LogLevel, text: () => string): void {
  if (server.logs(level)) server.log(level, text());
}

/** The client in lines of the log. */
export const nameOf = ({ who }: Connection): string => who?.clientId ?? '<unknown>';
