import type { Duplex } from 'node:stream';
import { type Connection, close, newConnection, send } from './connection.js';
import { decode } from './decode.js';
import { give } from './deliver.js';
import { encoderFor } from './encode.js';
import { handle } from './handlers/index.js';
import { keepAlive } from './keep-alive.js';
import type { Arrival } from './listener-policy.js';
import { Malformed } from './malformed.js';
import { packetIntake } from './packet-intake.js';
import type { RawPacket } from './raw-packet.js';
import { REASON } from './reasons.js';
import type { ClientConnection, ServerState } from './server-state.js';
import { socketWriter } from './socket-writer.js';

/** Milliseconds a connection may stay without a CONNECT, as Mosquitto's. */
const CONNECT_DEADLINE = 90_000;
/** Bytes of the largest packet MQTT knows. */
const MAX_PACKET = 268_435_460;

/** Serves one client: checks every packet, speaks to the router for it, keeps the exchange of each
 * QoS. `onClosed` is called once. */
export function serve(
  stream: Duplex,
  arrival: Arrival,
  server: ServerState,
  onClosed: () => void,
): ClientConnection {
  const { limits, port } = arrival.listener;
  if (server.logs('notice')) {
    server.log('notice', `New connection from ${arrival.address} on port ${port ?? 0}.`);
  }
  const socket = socketWriter(stream);
  const limit = limits.maxPacketSize > 0 ? limits.maxPacketSize : MAX_PACKET;
  const intake = packetIntake(stream, socket, limit, {
    received(count) {
      server.counters.bytesReceived += count;
    },
    packet: raw => receive(connection, raw),
    over(why) {
      const words =
        why === 'ended' ? 'closed its connection.' : `disconnected due to ${why} packet.`;
      const reason = why === 'oversize' ? REASON.packetTooLarge : REASON.malformed;
      close(connection, words, { will: true, reason: why === 'ended' ? undefined : reason });
    },
    failed: error => {
      const reason = REASON.unspecified;
      close(connection, `disconnected: ${error.message}`, { will: true, reason });
    },
  });
  const silent = { will: true, reason: REASON.keepAliveTimeout };
  const connection = newConnection(
    {
      server,
      arrival,
      stream,
      socket,
      intake,
      keepAlive: keepAlive(CONNECT_DEADLINE, () =>
        close(connection, 'has exceeded timeout, disconnecting.', silent),
      ),
      onClosed,
    },
    give,
  );
  return connection;
}

function receive(connection: Connection, raw: RawPacket): Promise<void> | undefined {
  connection.keepAlive.heard();
  connection.server.counters.messagesReceived++;
  try {
    return handle(connection, decode(raw, connection.version));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    if (connection.phase === 'awaiting-connect') sayNo(connection, error);
    const why = `disconnected due to protocol error (${error.message}).`;
    close(connection, why, { will: true, reason: error.reason });
    return undefined;
  }
}

/** The answer to a CONNECT that is not one, where the standard has words for it (`3.1.1 MQTT-3.1.2-2`,
 * `5.0 MQTT-3.1.4-1`). */
function sayNo(connection: Connection, { connack, reason, version }: Malformed): void {
  if (version === 5) send(connection, encoderFor(5).connack(5, false, [], reason));
  else if (connack !== undefined) send(connection, connection.encoder.connack(connack, false));
}
