import type { QoS } from '../../wire/trace.js';
import { type Connection, nameOf, say } from './connection.js';
import { publishLine } from './log-lines.js';
import type { ApplicationMessage } from './message.js';
import type { PacketWriter } from './outgoing.js';
import { grantedFor } from './session.js';

/** From now on messages routed here wait: CONNACK or SUBACK, and what belongs to it, goes first. */
export function hold(connection: Connection): void {
  connection.held = [];
}

/** Passes on what has waited. */
export function releaseHeld(connection: Connection): void {
  const waiting = connection.held ?? [];
  connection.held = undefined;
  for (const message of waiting) take(connection, message);
}

/** A message the router found a subscription for. */
export function take(connection: Connection, message: ApplicationMessage): void {
  const { held, session } = connection;
  if (held !== undefined) {
    held.push(message);
    return;
  }
  const granted = session === undefined ? undefined : grantedFor(session, message.topic);
  if (granted === undefined) return;
  const qos = Math.min(message.qos, granted) as QoS;
  deliver(connection, { topic: message.topic, payload: message.payload, qos, retain: false });
}

/** Gives a message to the client, if it may have it. QoS and RETAIN are already as they are to go out. */
export function deliver(connection: Connection, message: ApplicationMessage): void {
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

/** Writes a session's messages to this connection, in the version its client speaks. */
export function packetWriter(connection: Connection): PacketWriter {
  const { socket, server, encoder } = connection;
  const { counters } = server;
  return {
    publish(message, id, dup) {
      if (!socket.send(encoder.publish(message, id, dup), message.qos === 0)) return false;
      counters.messagesSent++;
      counters.publishesSent++;
      say(
        connection,
        'debug',
        () => `Sending PUBLISH to ${nameOf(connection)} ${publishLine(message, id, dup)}`,
      );
      return true;
    },
    pubrel(id) {
      socket.send(encoder.acknowledgement('pubrel', id), false);
    },
  };
}
