/**
 * A trace as a capture file (pcapng) for Wireshark. The tap sees MQTT, not TCP: the frames around
 * the packets are made here. Every packet stands where it reached the tap, also those that were
 * then withheld or lost, and those that the tap made itself stand where it sent them: a capture of
 * the wire on the sender's side. A comment on the frame says what became of it.
 */

import { describeFate } from '../describe.js';
import type { ConnectionEntry, PacketEntry, Trace } from '../trace.js';
import { ACK, addressOf, type Endpoint, FIN, frameOf, MOST_PAYLOAD, PSH, SYN } from './frames.js';

export const PCAP_CHOICE =
  'Every packet stands where it reached the tap, also what was then withheld or lost; the comment of its frame says what became of it. Ethernet, IP and TCP are made up.';

/** Missing ends of packets are filled with zeros up to so many bytes each. */
const MOST_FILL = 16 * 1024 * 1024;

/** A block of pcapng: type, length, body padded to four bytes, length again. */
function block(type: number, body: Buffer): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(padded.length + 12, 4);
  return Buffer.concat([head, padded, head.subarray(4)]);
}

function option(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

const COMMENT = 1;
const END = Buffer.alloc(4);

function comment(text: string): Buffer {
  // An option holds at most 65,535 bytes.
  return Buffer.concat([option(COMMENT, Buffer.from(text.slice(0, 10_000))), END]);
}

function sectionHeader(): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(0x1a2b3c4d, 0);
  body.writeUInt16LE(1, 4);
  body.writeBigInt64LE(-1n, 8);
  return block(0x0a0d0d0a, Buffer.concat([body, comment(PCAP_CHOICE)]));
}

/** Ethernet, whole frames; times in microseconds, which is what pcapng takes for granted. */
function interfaceDescription(): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(1, 0);
  body.writeUInt32LE(0, 4);
  return block(1, Buffer.concat([body, option(2, Buffer.from('tap')), END]));
}

/** Names for the addresses, so that the lifelines of the trace are found again. */
function names(hosts: ReadonlyMap<string, number>): Buffer {
  const records = [['broker', BROKER.host] as const, ...hosts].map(([name, host]) => {
    const safe = name.replace(/[^\w.-]+/g, '-').slice(0, 100) || 'client';
    const value = Buffer.concat([addressOf(host), Buffer.from(`${safe}\0`)]);
    return option(1, value);
  });
  return block(4, Buffer.concat([...records, END]));
}

function enhanced(frame: Buffer, ms: number, said: string | undefined): Buffer {
  const body = Buffer.alloc(20);
  const micros = BigInt(Math.round(ms * 1000));
  body.writeUInt32LE(Number(micros >> 32n), 4);
  body.writeUInt32LE(Number(micros & 0xffffffffn), 8);
  body.writeUInt32LE(frame.length, 12);
  body.writeUInt32LE(frame.length, 16);
  const padding = Buffer.alloc((4 - (frame.length % 4)) % 4);
  const options = said === undefined ? [] : [comment(said)];
  return block(6, Buffer.concat([body, frame, padding, ...options]));
}

const BROKER: Endpoint = { host: 1, port: 1883 };

interface PcapStream {
  readonly client: Endpoint;
  /** Next sequence number of each side. */
  readonly seq: { client: number; broker: number };
  readonly ended: Set<'client' | 'broker'>;
}

/** The bytes of a packet; where the trace kept only the first of them, zeros stand for the others. */
function bytesOf(entry: PacketEntry): { bytes: Buffer; missing: number } {
  const kept = Buffer.from(entry.hex, 'hex');
  const missing = Math.max(0, (entry.length ?? kept.length) - kept.length);
  if (missing === 0 || missing > MOST_FILL) return { bytes: kept, missing };
  return { bytes: Buffer.concat([kept, Buffer.alloc(missing)]), missing };
}

/**
 * The trace as a pcapng file: one TCP stream for each connection, the broker at 192.0.2.1:1883,
 * clients at 192.0.2.2 and up, named as in the trace.
 */
export function drawPcap(trace: Trace): Buffer {
  const started = Date.parse(trace.startedAt) || 0;
  const hosts = new Map<string, number>();
  const streams = new Map<number, PcapStream>();
  const blocks: Buffer[] = [];
  let frames = 0;

  function send(
    stream: PcapStream,
    side: 'client' | 'broker',
    t: number,
    flags: number,
    payload: Buffer = Buffer.alloc(0),
    said?: string,
  ): void {
    const other = side === 'client' ? 'broker' : 'client';
    const [from, to] = side === 'client' ? [stream.client, BROKER] : [BROKER, stream.client];
    const ack = flags & ACK ? stream.seq[other] : 0;
    const segment = { from, to, seq: stream.seq[side], ack, flags, payload };
    frames++;
    blocks.push(enhanced(frameOf(segment, frames), started + t, said));
    const counted = payload.length + (flags & (SYN | FIN) ? 1 : 0);
    stream.seq[side] = (stream.seq[side] + counted) >>> 0;
  }

  function open(entry: ConnectionEntry | PacketEntry): PcapStream {
    const known = streams.get(entry.connection);
    if (known) return known;
    // Beyond 250 names they share addresses; ports tell the connections apart.
    const host = hosts.get(entry.who) ?? 2 + (hosts.size % 250);
    hosts.set(entry.who, host);
    const stream: PcapStream = {
      client: { host, port: 10_000 + (entry.connection % 50_000) },
      seq: { client: 1000, broker: 5000 },
      ended: new Set(),
    };
    streams.set(entry.connection, stream);
    const said = `${entry.who}: connection ${entry.connection}`;
    send(stream, 'client', entry.t, SYN, undefined, said);
    send(stream, 'broker', entry.t, SYN | ACK);
    send(stream, 'client', entry.t, ACK);
    return stream;
  }

  function close(stream: PcapStream, entry: ConnectionEntry): void {
    // What the tap or nobody closed is shown as closed by the broker.
    const first = entry.by === 'client' ? 'client' : 'broker';
    const second = first === 'client' ? 'broker' : 'client';
    const by = entry.by === undefined ? '' : ` by the ${entry.by}`;
    if (stream.ended.size === 2) return;
    for (const side of [first, second] as const) {
      if (stream.ended.has(side)) continue;
      stream.ended.add(side);
      send(stream, side, entry.t, FIN | ACK, undefined, side === first ? `closed${by}` : undefined);
    }
    send(stream, first, entry.t, ACK);
  }

  for (const entry of trace.entries) {
    if (entry.kind === 'connection') {
      const stream = open(entry);
      if (entry.event === 'closed') close(stream, entry);
    } else if (entry.kind === 'packet') {
      const stream = open(entry);
      const side = entry.direction === 'to-broker' ? 'client' : 'broker';
      const { bytes, missing } = bytesOf(entry);
      const said = [
        `#${entry.n}${describeFate(entry)}`,
        ...(missing > 0 ? [`${missing} bytes were not kept: zeros stand for them`] : []),
      ].join('; ');
      for (let at = 0; at < bytes.length || at === 0; at += MOST_PAYLOAD) {
        const part = bytes.subarray(at, at + MOST_PAYLOAD);
        send(stream, side, entry.t, PSH | ACK, part, at === 0 ? said : undefined);
      }
    }
  }
  return Buffer.concat([sectionHeader(), interfaceDescription(), names(hosts), ...blocks]);
}
