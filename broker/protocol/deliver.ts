import { type Connection, nameOf, say } from './connection.js';
import type { UsedAlias } from './encode.js';
import { publishLine } from './log-lines.js';
import type { ApplicationMessage, OutgoingMessage } from './message.js';
import type { PacketWriter } from './outgoing.js';
import { copiesFor } from './session.js';

/** From now on messages routed here wait: CONNACK or SUBACK, and what belongs to it, goes first. */
export function hold(connection: Connection): void {
  connection.held = [];
}

/** Passes on what has waited. */
export function releaseHeld(connection: Connection): void {
  const waiting = connection.held ?? [];
  connection.held = undefined;
  for (const pass of waiting) pass();
}

/** A message the router found a subscription for. */
export function take(connection: Connection, message: ApplicationMessage): void {
  const { held, session } = connection;
  if (session === undefined || connection.phase === 'closed') return;
  if (held !== undefined) held.push(() => take(connection, message));
  else copiesFor(session, message, copy => deliver(connection, copy));
}

/** A message that is this client's, whatever its subscriptions say: of a shared one. */
export function give(connection: Connection, message: OutgoingMessage): void {
  const { held } = connection;
  if (held !== undefined) held.push(() => deliver(connection, message));
  else deliver(connection, message);
}

/** Gives a message to the client, if it may have it. QoS and RETAIN are already as they are to go out. */
export function deliver(connection: Connection, message: OutgoingMessage): void {
  const { who, session, arrival, server } = connection;
  if (session === undefined || who === undefined) return;
  if (!arrival.listener.mayReceive(who, message.topic)) return;
  if (session.outgoing.deliver(message) !== 'dropped') return;
  server.counters.publishesDropped++;
  say(
    connection,
    'notice',
    () => `Outgoing messages are being dropped for client ${nameOf(connection)}.`,
  );
}

/** Topic aliases given to one client at most; as Mosquitto 2.1. */
const MOST_ALIASES = 10;
/** Bytes a PUBLISH of MQTT 5 has at most beside topic, payload, and properties that are passed on. */
const MOST_OVERHEAD = 64;

/** Writes a session's messages to this connection, in the version its client speaks. */
export function packetWriter(connection: Connection): PacketWriter {
  const { socket, server, encoder, v5 } = connection;
  const { counters } = server;
  const most = v5?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
  const aliases = topicAliases(Math.min(MOST_ALIASES, v5?.topicAliasMaximum ?? 0));
  return {
    window: v5?.receiveMaximum ?? Number.POSITIVE_INFINITY,
    fits(message) {
      if (most === Number.POSITIVE_INFINITY) return true;
      const { topic, payload, properties } = message;
      const about = topic.length * 3 + payload.length + (properties?.forwarded.length ?? 0);
      return about + MOST_OVERHEAD <= most || encoder.publish(message, 1, false).length + 3 <= most;
    },
    publish(message, id, dup) {
      const alias = aliases?.use(message.topic);
      if (!socket.send(encoder.publish(message, id, dup, alias), message.qos === 0)) return false;
      if (alias !== undefined) aliases?.sent(message.topic, alias);
      counters.messagesSent++;
      counters.publishesSent++;
      say(
        connection,
        'debug',
        () => `Sending PUBLISH to ${nameOf(connection)} ${publishLine(message, id, dup)}`,
      );
      return true;
    },
    pubrel(id, known) {
      // In MQTT 5 the client learns that there is nothing to release.
      socket.send(encoder.acknowledgement('pubrel', id, known ? 0 : 0x92), false);
    },
  };
}

/** Numbers for the first topics that come, within what the client takes (`5.0 MQTT-3.1.2-26`,
 * `5.0 MQTT-3.1.2-27`); undefined where it takes none. */
function topicAliases(most: number) {
  if (most === 0) return undefined;
  const known = new Map<string, number>();
  return {
    use(topic: string): UsedAlias | undefined {
      const alias = known.get(topic);
      if (alias !== undefined) return { alias, known: true };
      return known.size < most ? { alias: known.size + 1, known: false } : undefined;
    },
    sent(topic: string, { alias }: UsedAlias): void {
      known.set(topic, alias);
    },
  };
}
