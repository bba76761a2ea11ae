import type { Duplex } from 'node:stream';
import type { Client } from 'aedes';
import { duplexPair } from '../../wire/duplex-pair.js';
import { forgetSubscriptions, retainedFor } from '../store.js';
import type { LogLevel, Who } from '../types.js';
import {
  type Connect,
  decode,
  type Inbound,
  Malformed,
  type Publish,
  type QoS,
  type Subscribe,
  type Unsubscribe,
} from './decode.js';
import {
  type AckType,
  encodeAck,
  encodeConnack,
  encodeSuback,
  type OutgoingPublish,
  PINGRESP,
} from './encode.js';
import { identify } from './identify.js';
import { connectWords, publishWords, willWords } from './log-lines.js';
import { intake } from './packet-intake.js';
import type { Frame } from './raw-packet.js';
import { type Inner, innerConnection } from './router-client.js';
import type { Gate, Hub } from './server-state.js';
import { createSession, type Session } from './session.js';
import { outputOf } from './socket-writer.js';

/** Milliseconds a connection may stay without a CONNECT, as Mosquitto's. */
const CONNECT_DEADLINE = 90_000;
/** QoS 2 messages of one client that may wait for PUBREL. */
const MAX_INCOMING = 1000;
const MAX_INCOMING_BYTES = 64 << 20;
/** Sessions kept at once; one more that wants to be kept gets CONNACK 3. */
const MAX_SESSIONS = 50_000;
const MAX_PACKET = 268_435_460;

export interface Connection {
  readonly who: Who | undefined;
  readonly gate: Gate;
  readonly session: Session | undefined;
  /** Whether the will goes out if it is asked for now. */
  readonly willCounts: boolean;
  /** A message aedes routed to this client. */
  take(message: OutgoingPublish): void;
  /** Another connection came with the same identifier (`3.1.1 MQTT-3.1.4-2`). */
  replacedBy(clean: boolean): void;
  /** Cuts the connection, by the broker's will. `will`: whether the client's will is sent. */
  cut(will: boolean, why?: string): void;
}

/** Serves one client: checks every packet, speaks to aedes for it, keeps the exchange of each QoS. */
export function serve(stream: Duplex, gate: Gate, hub: Hub, onClosed: () => void): Connection {
  const { limits, policy } = gate;
  const output = outputOf(stream);
  let held: OutgoingPublish[] | undefined;
  let phase: 'new' | 'connecting' | 'open' | 'closed' = 'new';
  let who: Who | undefined;
  let session: Session | undefined;
  let inner: Inner | undefined;
  let willCounts = false;
  let patience = CONNECT_DEADLINE;
  let lastSeen = performance.now();
  let alive = setTimeout(onSilence, patience);

  const name = (): string => who?.clientId ?? '<unknown>';
  const say = (level: LogLevel, text: () => string): void => {
    if (hub.logs(level)) hub.log(level, text());
  };

  say('notice', () => `New connection from ${gate.address} on port ${gate.port ?? 0}.`);
  const input = intake(
    stream,
    output,
    limits.maxPacketSize > 0 ? limits.maxPacketSize : MAX_PACKET,
    {
      received(count) {
        hub.counters.bytesReceived += count;
      },
      packet: handle,
      over(why) {
        const words =
          why === 'ended' ? 'closed its connection.' : `disconnected due to ${why} packet.`;
        close(words, { will: true });
      },
      failed: error => close(`disconnected: ${error.message}`, { will: true }),
    },
  );

  function handle(frame: Frame): Promise<void> | undefined {
    lastSeen = performance.now();
    hub.counters.messagesReceived++;
    let packet: Inbound;
    try {
      packet = decode(frame);
      // `3.1.1 MQTT-3.1.0-1`, `3.1.1 MQTT-3.1.0-2`: CONNECT first, and once.
      if ((packet.type === 'connect') !== (phase === 'new'))
        throw new Malformed('CONNECT, out of turn');
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      if (phase === 'new' && error.connack !== undefined) send(encodeConnack(error.connack, false));
      close(`disconnected due to protocol error (${error.message}).`, { will: true });
      return undefined;
    }
    switch (packet.type) {
      case 'connect':
        return onConnect(packet);
      case 'publish':
        onPublish(packet);
        return undefined;
      case 'pubrel':
        onPubrel(packet.id);
        return undefined;
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        say(
          'debug',
          () => `Received ${packet.type.toUpperCase()} from ${name()} (Mid: ${packet.id})`,
        );
        session?.acknowledged(packet.type, packet.id);
        return undefined;
      case 'subscribe':
        return onSubscribe(packet);
      case 'unsubscribe':
        return onUnsubscribe(packet);
      case 'pingreq':
        say('debug', () => `Received PINGREQ from ${name()}`);
        send(PINGRESP);
        say('debug', () => `Sending PINGRESP to ${name()}`);
        return undefined;
      case 'disconnect':
        say('debug', () => `Received DISCONNECT from ${name()}`);
        // `3.1.1 MQTT-3.14.4-3`: the will is discarded. What comes behind is not looked at.
        close('disconnected.', { will: false });
        return undefined;
    }
  }

  async function onConnect(packet: Connect): Promise<void> {
    phase = 'connecting';
    const { will, clean } = packet;
    if (
      will !== undefined &&
      (will.qos > limits.maxQos || (will.retain && !limits.retainAvailable))
    ) {
      return close('disconnected: its will is not allowed here.', { will: false });
    }
    if (packet.clientId === '' && !limits.allowZeroLengthClientId) return refuse(2);
    who = identify(packet, gate);
    if (
      limits.maxKeepalive > 0 &&
      (packet.keepalive === 0 || packet.keepalive > limits.maxKeepalive)
    ) {
      return refuse(2);
    }
    if (gate.identity === 'missing') return refuse(4);
    let code: number;
    try {
      code = await gate.authenticate(who);
    } catch (error) {
      hub.log('error', `Error: authenticating ${name()}: ${(error as Error).message}`);
      code = 3;
    }
    if (phase !== 'connecting') return;
    const size = limits.messageSizeLimit;
    if (code === 0 && will !== undefined && size > 0 && will.payload.length > size) code = 5;
    if (code !== 0) return refuse(code);

    const { clientId } = who;
    const old = hub.connections.get(clientId);
    if (old !== undefined) {
      hub.log('error', `Client ${clientId} already connected, closing old connection.`);
      old.replacedBy(clean);
    }
    const kept = hub.store.sessions.get(clientId);
    const present = kept !== undefined && !kept.clean && !clean;
    if (!present && !clean && hub.store.sessions.size >= MAX_SESSIONS) return refuse(3);
    if (!present) forgetSubscriptions(hub.store, clientId);
    session = present ? kept : createSession(who, clean, limits);
    session.who = who;
    hub.store.sessions.set(clientId, session);
    hub.connections.set(clientId, connection);

    held = [];
    const [near, far] = duplexPair();
    inner = innerConnection(near, far, hub.engine, () =>
      close('closed by the engine.', { will: true }),
    );
    registry.set(inner.client, connection);
    await inner.connect(clientId, clean, will);
    if (phase !== 'connecting') return;
    phase = 'open';
    willCounts = true;
    patience = packet.keepalive * 1500; // 3.1.1 MQTT-3.1.2-24
    clearTimeout(alive);
    if (patience > 0) alive = setTimeout(onSilence, patience);
    const connected = who;
    say('notice', () => connectWords(connected, packet));
    say('debug', () => willWords(packet));
    send(encodeConnack(0, present));
    say('debug', () => `Sending CONNACK to ${name()} (${present ? 1 : 0}, 0)`);
    session.resume(
      {
        send: (bytes, droppable) => output.send(bytes, droppable),
        sent: (message, id, dup) => {
          hub.counters.messagesSent++;
          hub.counters.publishesSent++;
          say('debug', () => `Sending PUBLISH to ${name()} ${publishWords(message, id, dup)}`);
        },
      },
      topic => who !== undefined && policy.mayReceive(who, topic),
    );
    release();
  }

  function refuse(code: number): void {
    send(encodeConnack(code, false));
    say('debug', () => `Sending CONNACK to ${name()} (0, ${code})`);
    const why = code === 5 || code === 4 ? 'not authorised.' : `refused (CONNACK ${code}).`;
    close(`disconnected, ${why}`, { will: false });
  }

  /** Why this PUBLISH ends the connection, if it does. */
  function fatal({ qos, retain, id, payload }: Publish): string | undefined {
    if (qos > limits.maxQos) return `QoS ${qos} is above max_qos`;
    if (retain && !limits.retainAvailable) return 'retained messages are off';
    const incoming = session?.incoming;
    if (qos === 2 && incoming?.has(id) === false && incoming.size >= MAX_INCOMING) {
      return 'too many QoS 2 messages without PUBREL';
    }
    if (qos === 2 && payload.length > MAX_INCOMING_BYTES / MAX_INCOMING) {
      let waiting = payload.length;
      for (const message of incoming?.values() ?? []) waiting += message.payload.length;
      if (waiting > MAX_INCOMING_BYTES) return 'too many bytes of QoS 2 messages without PUBREL';
    }
    return undefined;
  }

  function onPublish(packet: Publish): void {
    const { id, qos, topic } = packet;
    hub.counters.publishesReceived++;
    say('debug', () => `Received PUBLISH from ${name()} ${publishWords(packet, id, packet.dup)}`);
    let reason = fatal(packet);
    const size = limits.messageSizeLimit;
    if (reason === undefined && size > 0 && packet.payload.length > size) {
      say(
        'debug',
        () => `Dropped too large PUBLISH from ${name()} ${publishWords(packet, id, false)}`,
      );
    } else if (reason === undefined && !mayPublish(topic)) {
      say('debug', () => `Denied PUBLISH from ${name()} ${publishWords(packet, id, packet.dup)}`);
      // MQTT 3.1.1 has no way to say no. Mosquitto's way: acknowledged, and dropped.
      if (policy.dialect === 'strict') reason = 'PUBLISH not authorised';
    } else if (reason === undefined) {
      if (qos < 2) hub.engine.publish(packet);
      else if (!session?.incoming.has(id)) session?.incoming.set(id, packet);
    }
    if (reason !== undefined) close(`disconnected: ${reason}.`, { will: true });
    else if (qos > 0) acknowledge(qos === 1 ? 'puback' : 'pubrec', id);
  }

  /** QoS 2, method A of `3.1.1`, figure 4.3: routed at PUBREL, once. */
  function onPubrel(id: number): void {
    say('debug', () => `Received PUBREL from ${name()} (Mid: ${id})`);
    const packet = session?.incoming.get(id);
    session?.incoming.delete(id);
    if (packet !== undefined) hub.engine.publish(packet);
    acknowledge('pubcomp', id);
  }

  function mayPublish(topic: string): boolean {
    if (topic.startsWith('$SYS/') || topic.startsWith('$share/')) return false;
    return who !== undefined && policy.mayPublish(who, topic);
  }

  async function onSubscribe(packet: Subscribe): Promise<void> {
    say('debug', () => `Received SUBSCRIBE from ${name()}`);
    if (packet.filters.some(({ filter }) => filter.startsWith('$SYS/'))) hub.refreshSys();
    const granted = packet.filters.map(({ filter, qos }) => {
      const no =
        policy.dialect === 'strict' && who !== undefined && !policy.maySubscribe(who, filter);
      const code = no ? 0x80 : Math.min(qos, limits.maxQos);
      say('debug', () => `\t${filter} (QoS ${qos})`);
      say('subscribe', () => `${name()} ${code} ${filter}`);
      return { filter, code };
    });
    const accepted = new Map<string, QoS>();
    for (const { filter, code } of granted) {
      if (code === 0x80) continue;
      accepted.set(filter, code as QoS);
      session?.subscriptions.set(filter, code as QoS);
    }
    if (accepted.size > 0) {
      held = [];
      await inner?.subscribe(packet.id, accepted);
      if (phase !== 'open') return;
    }
    send(
      encodeSuback(
        packet.id,
        granted.map(({ code }) => code),
      ),
    );
    say('debug', () => `Sending SUBACK to ${name()}`);
    // `3.1.1 MQTT-3.3.1-6`, `3.1.1 MQTT-3.3.1-8`, `3.1.1 MQTT-3.8.4-3`: retained messages at each SUBSCRIBE, marked.
    for (const { filter, code } of granted) {
      if (code === 0x80) continue;
      for (const message of retainedFor(hub.store, filter)) {
        deliver({ ...message, qos: Math.min(message.qos, code) as QoS, retain: true });
      }
    }
    release();
  }

  async function onUnsubscribe(packet: Unsubscribe): Promise<void> {
    say('debug', () => `Received UNSUBSCRIBE from ${name()}`);
    for (const filter of packet.filters) {
      session?.subscriptions.delete(filter);
      say('unsubscribe', () => `${name()} ${filter}`);
    }
    await inner?.unsubscribe(packet.id, packet.filters);
    if (phase === 'open') acknowledge('unsuback', packet.id);
  }

  /** Passes on what was routed here while a CONNECT or SUBSCRIBE was under way. */
  function release(): void {
    const waiting = held ?? [];
    held = undefined;
    for (const message of waiting) take(message);
  }

  function take(message: OutgoingPublish): void {
    if (held !== undefined) {
      held.push(message);
      return;
    }
    const granted = session?.grantedFor(message.topic);
    if (granted === undefined) return;
    const qos = Math.min(message.qos, granted) as QoS;
    deliver({ topic: message.topic, payload: message.payload, qos, retain: false });
  }

  function deliver(message: OutgoingPublish): void {
    if (session === undefined || who === undefined) return;
    if (!policy.mayReceive(who, message.topic)) return;
    if (session.deliver(message) === 'dropped') {
      hub.counters.publishesDropped++;
      say('notice', () => `Outgoing messages are being dropped for client ${name()}.`);
    }
  }

  function acknowledge(type: AckType, id: number): void {
    send(encodeAck(type, id));
    say('debug', () => `Sending ${type.toUpperCase()} to ${name()} (m${id}, rc0)`);
  }

  function send(bytes: Buffer): void {
    hub.counters.messagesSent++;
    output.send(bytes, false);
  }

  function onSilence(): void {
    const left = patience - (performance.now() - lastSeen);
    if (left > 0) {
      alive = setTimeout(onSilence, left);
      return;
    }
    close('has exceeded timeout, disconnecting.', { will: true });
  }

  function close(why: string, { will }: { will: boolean }): void {
    if (phase === 'closed') return;
    phase = 'closed';
    willCounts = willCounts && will;
    clearTimeout(alive);
    input.stop();
    held = undefined;
    say('notice', () => `Client ${name()} ${why}`);
    session?.release();
    // Sends the will, if it counts, before the session of a clean client is forgotten.
    inner?.close();
    if (who !== undefined && hub.connections.get(who.clientId) === connection) {
      hub.connections.delete(who.clientId);
      if (session?.clean === true) hub.store.sessions.delete(who.clientId);
    }
    hub.counters.bytesSent += output.sentBytes();
    output.finish();
    onClosed();
  }

  const connection: Connection = {
    gate,
    get who() {
      return who;
    },
    get session() {
      return session;
    },
    get willCounts() {
      return willCounts;
    },
    take,
    // As Mosquitto: no will while the session goes on under the new connection.
    replacedBy: clean => close('replaced.', { will: clean || session?.clean === true }),
    cut(will, why = 'disconnected.') {
      close(why, { will });
      stream.destroy();
    },
  };
  return connection;
}

const registry = new WeakMap<Client, Connection>();

/** The connection for which aedes has this client. */
export function connectionOf(client: Client): Connection | undefined {
  return registry.get(client);
}
