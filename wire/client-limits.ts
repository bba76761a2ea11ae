/** Caps on what the clients behind one listener may do: a program that nobody trusts. */
import type { WirePacket } from './trace.js';

export interface ClientLimits {
  /** Connections over their life. */
  readonly connections?: number;
  /** Bytes of one packet, finished or not. */
  readonly packetBytes?: number;
  /** Packets over their life. */
  readonly packets?: number;
  /** Bytes over their life. */
  readonly bytes?: number;
  /** Bytes of retained messages, topics included. */
  readonly retainedBytes?: number;
  /** Retained messages, whatever their size. */
  readonly retainedMessages?: number;
  /** Topic filters over their life: each is matched with every message. */
  readonly topicFilters?: number;
  /** Levels of a topic name or topic filter. */
  readonly topicLevels?: number;
  /** Messages that are sent to them over their life. */
  readonly deliveries?: number;
  /** Client identifiers that are not theirs: such a CONNECT gets CONNACK 2 and the end. */
  readonly reserved?: (clientId: string) => boolean;
  /** Told once for each cap, in words. */
  readonly onHit?: (text: string) => void;
}

/** `refuse`: answer the CONNECT with return code 2, then end the connection. */
export type LimitAnswer = 'pass' | 'cut' | 'refuse';

/** Counts what the clients of one listener do, against their limits. */
export interface LimitCounter {
  readonly packetBytes: number | undefined;
  /** Whether one more connection is taken. */
  connected(): boolean;
  /** Bytes came, whole packets or not. */
  received(bytes: number): LimitAnswer;
  packet(packet: WirePacket): LimitAnswer;
  /** A packet goes to them. */
  delivered(packet: WirePacket): LimitAnswer;
}

const mib = (bytes: number) =>
  bytes >= 1 << 20 ? `${Math.round(bytes / (1 << 20))} MiB` : `${Math.ceil(bytes / 1024)} KiB`;

export function createLimitCounter(options: ClientLimits): LimitCounter {
  const told = new Set<string>();
  const retained = new Map<string, number>();
  let connections = 0;
  let packets = 0;
  let bytes = 0;
  let retainedBytes = 0;
  let filters = 0;
  let deliveries = 0;

  function hit(cap: string, text: string): 'cut' {
    if (!told.has(cap)) {
      told.add(cap);
      options.onHit?.(text);
    }
    return 'cut';
  }

  function retain(topic: string, size: number): LimitAnswer {
    const cap = options.retainedBytes;
    if (cap === undefined) return 'pass';
    retainedBytes -= retained.get(topic) ?? 0;
    retained.delete(topic);
    if (size === 0) return 'pass';
    const all = Buffer.byteLength(topic) + size;
    retained.set(topic, all);
    retainedBytes += all;
    const { retainedMessages = Number.POSITIVE_INFINITY } = options;
    if (retained.size > retainedMessages) {
      return hit('retained messages', `stored more than ${retainedMessages} retained messages`);
    }
    return retainedBytes > cap ? hit('retained', `stored more than ${mib(cap)} retained`) : 'pass';
  }

  /** Each level is a step of the broker's, for each message and each topic filter. */
  function isTooDeep(topic: string): boolean {
    const { topicLevels } = options;
    if (topicLevels === undefined) return false;
    let levels = 1;
    for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++;
    if (levels > topicLevels) hit('levels', `used a topic of more than ${topicLevels} levels`);
    return levels > topicLevels;
  }

  function subscribe(asked: readonly string[]): LimitAnswer {
    filters += asked.length;
    const { topicFilters } = options;
    if (topicFilters !== undefined && filters > topicFilters) {
      return hit('filters', `subscribed to more than ${topicFilters} topic filters`);
    }
    if (asked.some(isTooDeep)) return 'cut';
    // Each brings all that is stored, which the broker is at work on before any of it is seen here.
    return deliver(asked.filter(one => /[#+]/.test(one)).length * retained.size);
  }

  function deliver(messages: number): LimitAnswer {
    deliveries += messages;
    const cap = options.deliveries;
    return cap !== undefined && deliveries > cap
      ? hit('deliveries', `had more than ${cap} messages sent to it`)
      : 'pass';
  }

  return {
    packetBytes: options.packetBytes,
    connected() {
      connections++;
      const cap = options.connections;
      if (cap === undefined || connections <= cap) return true;
      hit('connections', `opened more than ${cap} connections`);
      return false;
    },
    received(count) {
      bytes += count;
      const cap = options.bytes;
      return cap !== undefined && bytes > cap ? hit('bytes', `sent more than ${mib(cap)}`) : 'pass';
    },
    packet(packet) {
      packets++;
      if (options.packets !== undefined && packets > options.packets) {
        return hit('packets', `sent more than ${options.packets} packets`);
      }
      if (packet.type === 'MALFORMED') {
        const cap = options.packetBytes;
        if (cap !== undefined && /^a packet of \d+ bytes/.test(packet.error)) {
          return hit('packet size', `sent a packet of more than ${mib(cap)}`);
        }
        return 'pass';
      }
      if (packet.type === 'CONNECT') {
        if (options.reserved?.(packet.clientId)) {
          hit('client identifier', "took a client identifier of the checker's own clients");
          return 'refuse';
        }
        const { will } = packet;
        if (will && isTooDeep(will.topic)) return 'cut';
        return will?.retain ? retain(will.topic, will.payload.bytes) : 'pass';
      }
      if (packet.type === 'SUBSCRIBE') return subscribe(packet.filters.map(one => one.filter));
      if (packet.type !== 'PUBLISH') return 'pass';
      if (isTooDeep(packet.topic)) return 'cut';
      return packet.retain ? retain(packet.topic, packet.payload.bytes) : 'pass';
    },
    delivered(packet) {
      return packet.type === 'PUBLISH' ? deliver(1) : 'pass';
    },
  };
}
