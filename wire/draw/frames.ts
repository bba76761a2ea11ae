/** Ethernet, IPv4 and TCP around bytes that never had them: enough for a reader of captures. */

export interface Endpoint {
  /** The last number of 192.0.2.x, the addresses that are reserved for examples. */
  readonly host: number;
  readonly port: number;
}

export interface Segment {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly payload: Buffer;
}

export const FIN = 0x01;
export const SYN = 0x02;
export const PSH = 0x08;
export const ACK = 0x10;

/** Bytes of a segment at most: what IPv4 can carry, less the headers. */
export const MOST_PAYLOAD = 65_535 - 40;

export const addressOf = (host: number) => Buffer.from([192, 0, 2, host]);

/** RFC 1071: the ones' complement of the ones' complement sum. */
export function checksum(...parts: readonly Buffer[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) sum += (bytes.at(-1) ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** A whole Ethernet frame; lengths and checksums are right. */
export function frameOf({ from, to, seq, ack, flags, payload }: Segment, id: number): Buffer {
  const ethernet = Buffer.alloc(14);
  // Locally administered addresses: nobody's hardware.
  ethernet.set([0x02, 0, 0, 0, 0, to.host], 0);
  ethernet.set([0x02, 0, 0, 0, 0, from.host], 6);
  ethernet.writeUInt16BE(0x0800, 12);

  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(from.port, 0);
  tcp.writeUInt16BE(to.port, 2);
  tcp.writeUInt32BE(seq >>> 0, 4);
  tcp.writeUInt32BE(ack >>> 0, 8);
  tcp.writeUInt8(5 << 4, 12);
  tcp.writeUInt8(flags, 13);
  tcp.writeUInt16BE(65_535, 14);
  const pseudo = Buffer.alloc(12);
  addressOf(from.host).copy(pseudo, 0);
  addressOf(to.host).copy(pseudo, 4);
  pseudo.writeUInt8(6, 9);
  pseudo.writeUInt16BE(20 + payload.length, 10);
  tcp.writeUInt16BE(checksum(pseudo, tcp, payload), 16);

  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(40 + payload.length, 2);
  ip.writeUInt16BE(id & 0xffff, 4);
  ip.writeUInt16BE(0x4000, 6);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(6, 9);
  addressOf(from.host).copy(ip, 12);
  addressOf(to.host).copy(ip, 16);
  ip.writeUInt16BE(checksum(ip), 10);
  return Buffer.concat([ethernet, ip, tcp, payload]);
}
