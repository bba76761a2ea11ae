/** One control packet as it came: the first byte and everything behind the remaining length. */
export interface RawPacket {
  readonly header: number;
  readonly body: Buffer;
}

export type RawPacketError = 'malformed' | 'oversize';

/** Cuts a byte stream into control packets. Keeps at most one unfinished packet of at most `limit`
 * bytes, however finely it is chopped; a longer one is an error as soon as its length is known. */
export function rawPacketReader(
  limit: number,
): (chunk: Buffer) => { packets: RawPacket[]; error?: RawPacketError } {
  /** The unfinished packet: `have` bytes of it, in a buffer that doubles. */
  let kept = EMPTY;
  let have = 0;
  /** Bytes needed before another look is worth it. */
  let need = 2;

  function keep(data: Buffer): void {
    if (have + data.length > kept.length) {
      const bigger = Buffer.allocUnsafe(
        Math.max(have + data.length, Math.min(2 * kept.length, need)),
      );
      kept.copy(bigger, 0, 0, have);
      kept = bigger;
    }
    data.copy(kept, have);
    have += data.length;
  }

  return chunk => {
    const packets: RawPacket[] = [];
    let data = chunk;
    if (have > 0) {
      keep(chunk);
      if (have < need) return { packets };
      data = kept.subarray(0, have);
    }
    kept = EMPTY;
    have = 0;
    while (data.length > 0) {
      const size = packetSize(data);
      if (size === 'malformed') return { packets, error: 'malformed' };
      if (size !== 'short' && size.total > limit) return { packets, error: 'oversize' };
      if (size === 'short' || data.length < size.total) {
        need = size === 'short' ? data.length + 1 : size.total;
        keep(data);
        break;
      }
      packets.push({ header: data[0] as number, body: data.subarray(size.start, size.total) });
      data = data.subarray(size.total);
    }
    return { packets };
  };
}

/** `3.1.1`, section 2.2.3: at most four bytes of remaining length. */
function packetSize(data: Buffer): { start: number; total: number } | 'short' | 'malformed' {
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = data[1 + i];
    if (byte === undefined) return 'short';
    length += (byte & 0x7f) << (7 * i);
    if ((byte & 0x80) === 0) return { start: 2 + i, total: 2 + i + length };
  }
  return 'malformed';
}

const EMPTY = Buffer.alloc(0);
