/**
 * A small MQTT 3.1.1 client for the checker's own use, exact on the wire: it sends what it is told,
 * never pings, never reconnects, never repeats.
 */

import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { decode, encode } from './decode.js';
import { errorText } from './error-text.js';
import { createFramer } from './framing.js';
import { payloadOf, payloadText } from './payload.js';
import {
  type ConnectOptions,
  FENCE_PREFIX,
  type Peer,
  PeerError,
  type PeerOptions,
  type PublishOptions,
} from './peer-contract.js';
import { fenceOf } from './peer-fence.js';
import type { AckPacket, ConnackPacket, PublishPacket, QoS, WirePacket } from './trace.js';

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
  let fences: Promise<void> = Promise.resolve();
  /** Deliveries that a broker makes one by one from a store rather than as they are published. */
  let fromStore = 0;

  function write(packet: WirePacket, done?: () => void): void {
    if (over) throw over;
    let bytes: Buffer;
    try {
      bytes = encode(packet);
    } catch (error) {
      throw new PeerError('invalid', errorText(error));
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

  const passFence = fenceOf({
    topic: fenceTopic,
    qos: autoAck ? 1 : 0,
    subscribe,
    unsubscribe,
    publish,
    sentinel: number => wait(`sentinel ${number}`),
    fromStore: () => fromStore,
    clean: () => clean,
  });

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
