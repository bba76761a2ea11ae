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
    return retainedBytes > cap ? hit('retained', `stored more than ${mib(cap)} retained`) : 'pass';
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
        return will?.retain ? retain(will.topic, will.payload.bytes) : 'pass';
      }
      if (packet.type === 'PUBLISH' && packet.retain) {
        return retain(packet.topic, packet.payload.bytes);
      }
      return 'pass';
    },
  };
}
