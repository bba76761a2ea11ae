/**
 * A small MQTT 3.1.1 client for the checker's own use, exact on the wire: it sends what it is told,
 * never pings, never reconnects, never repeats.
 */
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { decode, encode } from './decode.js';
import { createFramer } from './framing.js';
import { payloadOf, payloadText } from './payload.js';
import type {
  AckPacket,
  ConnackPacket,
  PublishPacket,
  QoS,
  SubackPacket,
  WirePacket,
} from './trace.js';
import { describePacket } from './words.js';

/** Where the topics of fences begin, so that checks and rules can tell them from the exercise's. */
export const FENCE_PREFIX = '$fence/';

/** closed: the connection ended first · refused: the broker said no · aborted: by the signal. */
export type PeerErrorCode = 'closed' | 'refused' | 'malformed' | 'invalid' | 'aborted';

export class PeerError extends Error {
  override readonly name = 'PeerError';
  constructor(
    readonly code: PeerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface PeerOptions {
  /** Answer PUBLISH and PUBREL at once (true). With false, `ack` does. */
  readonly autoAck?: boolean;
  /** A topic for `fence` that this peer may write and read; a random one under `$fence/` if absent. */
  readonly fenceTopic?: string;
}

export interface ConnectOptions {
  readonly clientId: string;
  readonly clean?: boolean;
  /** Seconds; 0, the default, switches keep-alive off. */
  readonly keepalive?: number;
  readonly username?: string;
  readonly password?: string | Uint8Array;
  readonly will?: {
    readonly topic: string;
    readonly payload: string | Uint8Array;
    readonly qos?: QoS;
    readonly retain?: boolean;
  };
}

export interface PublishOptions {
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly dup?: boolean;
  readonly id?: number;
}

export interface Peer {
  /** Resolves with the CONNACK, whatever its return code. */
  connect(options: ConnectOptions): Promise<ConnackPacket>;
  /** Resolves with the SUBACK, also when it refuses. */
  subscribe(filters: string | readonly string[], qos?: QoS): Promise<SubackPacket>;
  unsubscribe(filters: string | readonly string[]): Promise<AckPacket>;
  /** Resolves at PUBACK or PUBCOMP; at QoS 0 once written. */
  publish(topic: string, payload: string | Uint8Array, options?: PublishOptions): Promise<void>;
  ping(): Promise<void>;
  /** Sends a packet as it is. */
  send(packet: WirePacket): void;
  /** Answers a PUBLISH (PUBACK or PUBREC) or a PUBREL (PUBCOMP); only needed with autoAck: false. */
  ack(packet: WirePacket): void;
  /** Every PUBLISH received, in order, repetitions included. */
  readonly messages: readonly PublishPacket[];
  onMessage(listener: (message: PublishPacket) => void): () => void;
  onPacket(listener: (packet: WirePacket) => void): () => void;
  /** The first message, received already or to come, that fits. */
  until(
    predicate: (message: PublishPacket) => boolean,
    signal?: AbortSignal,
  ): Promise<PublishPacket>;
  /** Resolves when everything the broker had to deliver to this peer before now has arrived. */
  fence(signal?: AbortSignal): Promise<void>;
  /** Sends DISCONNECT and ends the connection; resolves once written, `closed` tells the rest. */
  disconnect(): Promise<void>;
  /** Ends the connection without DISCONNECT. */
  destroy(): void;
  readonly closed: Promise<void>;
}

/** Rounds after which a fence takes what still comes for live traffic that never ends. */
const MAX_ROUNDS = 1000;

interface Waiter {
  readonly resolve: (packet: WirePacket) => void;
  readonly reject: (error: PeerError) => void;
}

const bytesOf = (value: string | Uint8Array) =>
  typeof value === 'string' ? Buffer.from(value, 'utf8') : value;

/** A promise that may be rejected with nobody listening. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Makes a peer on a connected (or connecting) stream. Every rejection is a `PeerError`. */
export function createPeer(stream: Duplex, options: PeerOptions = {}): Peer {
  const autoAck = options.autoAck ?? true;
  const fenceTopic = options.fenceTopic ?? `${FENCE_PREFIX}${randomUUID()}`;
  const framer = createFramer();
  const messages: PublishPacket[] = [];
  const onMessage = new Set<(message: PublishPacket) => void>();
  const onPacket = new Set<(packet: WirePacket) => void>();
  const waiters = new Map<string, Waiter[]>();
  const ends = new Set<(error: PeerError) => void>();
  let nextId = 0;
  let over: PeerError | undefined;
  let resumed = false;
  let clean = true;
  let fenced = false;
  let fences: Promise<void> = Promise.resolve();
  let sentinels = 0;
  /** Deliveries that a broker makes one by one from a store rather than as they are published. */
  let fromStore = 0;

  function write(packet: WirePacket, done?: () => void): void {
    if (over) throw over;
    let bytes: Buffer;
    try {
      bytes = encode(packet);
    } catch (error) {
      throw new PeerError('invalid', error instanceof Error ? error.message : String(error));
    }
    stream.write(bytes, () => done?.());
  }

  function end(error: PeerError): void {
    if (over) return;
    over = error;
    for (const one of [...waiters.values()].flat()) one.reject(error);
    waiters.clear();
    for (const reject of [...ends]) reject(error);
    ends.clear();
  }

  function wait(key: string): Promise<WirePacket> {
    return handled(
      new Promise((resolve, reject) => {
        if (over) reject(over);
        else waiters.set(key, [...(waiters.get(key) ?? []), { resolve, reject }]);
      }),
    );
  }

  /** Sends a packet and waits for the answer of that type and identifier. */
  async function exchange<T extends WirePacket['type']>(
    packet: WirePacket,
    type: T,
    id?: number,
  ): Promise<Extract<WirePacket, { type: T }>> {
    const answer = wait(id === undefined ? type : `${type} ${id}`);
    write(packet);
    return (await answer) as Extract<WirePacket, { type: T }>;
  }

  function takeId(): number {
    do nextId = (nextId % 65_535) + 1;
    while ([...waiters.keys()].some(key => key.endsWith(` ${nextId}`)));
    return nextId;
  }

  function ack(packet: WirePacket): void {
    if (packet.type === 'PUBREL') write({ type: 'PUBCOMP', id: packet.id });
    if (packet.type !== 'PUBLISH' || packet.id === undefined) return;
    write({ type: packet.qos === 1 ? 'PUBACK' : 'PUBREC', id: packet.id });
  }

  function arrived(packet: WirePacket): void {
    if (packet.type === 'MALFORMED') {
      end(new PeerError('malformed', `the broker sent no MQTT packet: ${packet.error}`));
      stream.destroy();
      return;
    }
    const sentinel = packet.type === 'PUBLISH' && packet.topic === fenceTopic;
    if ((autoAck || sentinel) && !over) ack(packet);
    for (const listener of [...onPacket]) listener(packet);
    if (packet.type === 'PUBLISH') {
      if (sentinel) {
        settle(`sentinel ${payloadText(packet.payload)}`, packet);
        return;
      }
      if (packet.retain || (resumed && packet.qos > 0)) fromStore++;
      messages.push(packet);
      for (const listener of [...onMessage]) listener(packet);
      return;
    }
    settle('id' in packet ? `${packet.type} ${packet.id}` : packet.type, packet);
  }

  function settle(key: string, packet: WirePacket): void {
    const queue = waiters.get(key);
    const first = queue?.shift();
    if (queue?.length === 0) waiters.delete(key);
    first?.resolve(packet);
  }

  stream.on('data', (chunk: Buffer) => {
    framer.push(chunk);
    for (let frame = framer.next(); frame; frame = framer.next()) {
      arrived(
        frame.error === undefined ? decode(frame.bytes) : { type: 'MALFORMED', error: frame.error },
      );
    }
  });
  stream.on('error', error => end(new PeerError('closed', error.message, { cause: error })));
  stream.on('end', () => end(new PeerError('closed', 'the connection was closed')));
  const closed = new Promise<void>(resolve => {
    stream.on('close', () => {
      end(new PeerError('closed', 'the connection was closed'));
      resolve();
    });
  });

  async function connect(given: ConnectOptions): Promise<ConnackPacket> {
    clean = given.clean ?? true;
    const { will } = given;
    const connack = await exchange(
      {
        type: 'CONNECT',
        protocolName: 'MQTT',
        protocolVersion: 4,
        clientId: given.clientId,
        clean,
        keepalive: given.keepalive ?? 0,
        ...(given.username === undefined ? {} : { username: given.username }),
        ...(given.password === undefined ? {} : { password: payloadOf(bytesOf(given.password)) }),
        ...(will && {
          will: {
            topic: will.topic,
            payload: payloadOf(bytesOf(will.payload)),
            qos: will.qos ?? 0,
            retain: will.retain ?? false,
          },
        }),
      },
      'CONNACK',
    );
    resumed = connack.sessionPresent;
    return connack;
  }

  async function publish(
    topic: string,
    payload: string | Uint8Array,
    { qos = 0, retain = false, dup = false, id }: PublishOptions = {},
  ): Promise<void> {
    const message = { type: 'PUBLISH', topic, payload: payloadOf(bytesOf(payload)), qos } as const;
    if (qos === 0) {
      write({ ...message, retain, dup });
      return;
    }
    const own = id ?? takeId();
    const packet = { ...message, retain, dup, id: own };
    if (qos === 1) {
      await exchange(packet, 'PUBACK', own);
      return;
    }
    await exchange(packet, 'PUBREC', own);
    await exchange({ type: 'PUBREL', id: own }, 'PUBCOMP', own);
  }

  async function subscribe(filters: string | readonly string[], qos: QoS = 0) {
    const id = takeId();
    const list = (typeof filters === 'string' ? [filters] : filters).map(filter => ({
      filter,
      qos,
    }));
    return exchange({ type: 'SUBSCRIBE', id, filters: list }, 'SUBACK', id);
  }

  async function unsubscribe(filters: string | readonly string[]) {
    const id = takeId();
    const list = typeof filters === 'string' ? [filters] : [...filters];
    const done = await exchange({ type: 'UNSUBSCRIBE', id, filters: list }, 'UNSUBACK', id);
    return done as AckPacket;
  }

  /**
   * Why a QoS 2 sentinel of our own, on this connection, and not PINGREQ:
   * aedes 1.2 answers PINGREQ at once while deliveries are still on their way through its queues
   * (setImmediate for each, after the PUBACK), so PINGRESP overtakes them. A sentinel goes through
   * the same queues; at QoS 2 it takes more turns of them than any message that was accepted before.
   * What aedes reads from its stores (retained messages after SUBSCRIBE, a session's queue after
   * CONNECT) it sends one by one in turns of its own: so the fence is repeated until a whole round
   * brought nothing from a store; a round takes more turns than one such message.
   * Mosquitto is single-threaded and in order, except that QoS 0 overtakes what waits behind its
   * in-flight window of 20: so the sentinel is subscribed at QoS 1 and waits in that same queue. With
   * autoAck off that window may never open again, and the sentinel is subscribed at QoS 0.
   * The topic starts with `$`, so no wildcard subscription sees it (3.1.1 MQTT-4.7.2-1).
   * For messages published at QoS 0, fence the publisher first: QoS 0 leaves no receipt.
   */
  async function passFence(): Promise<void> {
    if (!fenced) {
      const granted = await subscribe(fenceTopic, autoAck ? 1 : 0);
      if ((granted.codes[0] ?? 0x80) >= 0x80) {
        throw new PeerError('refused', `the broker refused the fence: ${describePacket(granted)}`);
      }
      fenced = true;
    }
    let before: number;
    let rounds = 0;
    do {
      before = fromStore;
      sentinels++;
      const back = wait(`sentinel ${sentinels}`);
      await publish(fenceTopic, String(sentinels), { qos: 2 });
      await back;
      rounds++;
    } while (fromStore !== before && rounds < MAX_ROUNDS);
    // A kept session must not keep a subscription that nobody asked for.
    if (!clean) {
      fenced = false;
      await unsubscribe(fenceTopic);
    }
  }

  function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (!signal) return handled(promise);
    return handled(
      new Promise<T>((resolve, reject) => {
        const stop = () =>
          reject(new PeerError('aborted', 'gave up waiting', { cause: signal.reason }));
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop, { once: true });
        promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
      }),
    );
  }

  return {
    connect: given => handled(connect(given)),
    subscribe: (filters, qos) => handled(subscribe(filters, qos)),
    unsubscribe: filters => handled(unsubscribe(filters)),
    publish: (topic, payload, given) => handled(publish(topic, payload, given)),
    ping: () => handled(exchange({ type: 'PINGREQ' }, 'PINGRESP').then(() => {})),
    send: packet => write(packet),
    ack,
    messages,
    onMessage(listener) {
      onMessage.add(listener);
      return () => void onMessage.delete(listener);
    },
    onPacket(listener) {
      onPacket.add(listener);
      return () => void onPacket.delete(listener);
    },
    until(predicate, signal) {
      const found = messages.find(predicate);
      if (found) return Promise.resolve(found);
      let forget = () => {};
      const coming = new Promise<PublishPacket>((resolve, reject) => {
        if (over) {
          reject(over);
          return;
        }
        const listener = (message: PublishPacket) => {
          try {
            if (predicate(message)) resolve(message);
          } catch (error) {
            reject(error);
          }
        };
        onMessage.add(listener);
        ends.add(reject);
        forget = () => {
          onMessage.delete(listener);
          ends.delete(reject);
        };
      });
      const result = abortable(coming, signal);
      result.finally(() => forget()).catch(() => {});
      return result;
    },
    fence(signal) {
      // One after the other: the second must not take the first one's sentinel for its own.
      const passing = fences.then(passFence);
      fences = passing.catch(() => {});
      return abortable(passing, signal);
    },
    disconnect() {
      return handled(
        new Promise((resolve, reject) => {
          try {
            write({ type: 'DISCONNECT' }, resolve);
            stream.end();
          } catch (error) {
            reject(error);
          }
        }),
      );
    },
    destroy() {
      end(new PeerError('closed', 'the connection was destroyed'));
      stream.destroy();
    },
    closed,
  };
}
