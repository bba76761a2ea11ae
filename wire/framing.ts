/**
 * Framing: cuts a byte stream into MQTT packets by the fixed header (3.1.1 section 2.2), which is
 * the same in MQTT 3.1, 3.1.1 and 5.
 */

/** Bytes the tap is ready to hold for one packet when nothing else is said. */
export const DEFAULT_MAX_FRAME = 16 * 1024 * 1024;

export interface Frame {
  /** The whole packet; of a broken one, the bytes up to the one that broke it. */
  readonly bytes: Buffer;
  /** Set when these bytes cannot begin an MQTT packet. The rest of the stream is opaque then. */
  readonly error?: string;
}

export interface Framer {
  push(chunk: Buffer): void;
  /** The next whole packet, or undefined when more bytes are needed or the stream is opaque. */
  next(): Frame | undefined;
  /** Takes everything not yet cut into packets: the opaque bytes, or an unfinished packet. */
  rest(): Buffer;
  /** Reads no further packet: for a frame whose content turned out not to be MQTT. */
  giveUp(): void;
  readonly opaque: boolean;
  /** Size of the unfinished packet, once its header is complete. */
  readonly wanted: number | undefined;
}

/** 3.1.1 table 2.2: fixed-header flags by packet type; PUBLISH (3) carries its own. */
const FLAGS = [-1, 0, 0, -1, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0];

function headerError(head: Buffer): string | undefined {
  const first = head[0] ?? 0;
  const type = first >> 4;
  const flags = first & 0x0f;
  const fits = type === 3 ? (flags & 0x06) !== 0x06 : flags === FLAGS[type];
  if (fits) return undefined;
  if (first >= 0x14 && first <= 0x17 && head[1] === 0x03) {
    return 'a TLS record, not an MQTT packet: one side speaks TLS and the other does not';
  }
  if (/^(GE|PO|PU|HE|OP|HT)$/.test(head.toString('latin1', 0, 2))) {
    return 'looks like HTTP, not like an MQTT packet';
  }
  if (type === 0) return 'packet type 0 is reserved [3.1.1 table 2.1]';
  if (type === 3) return 'PUBLISH with QoS 3 [3.1.1 MQTT-3.3.1-4]';
  return `wrong flags in the fixed header: ${flags}, must be ${FLAGS[type]} [3.1.1 MQTT-2.2.2-2]`;
}

/**
 * Makes a framer. Where the stream is split into chunks makes no difference to the frames.
 * `maxFrame` is the size in bytes above which a packet counts as broken rather than being collected.
 */
export function createFramer(options: { readonly maxFrame?: number } = {}): Framer {
  const maxFrame = options.maxFrame ?? DEFAULT_MAX_FRAME;
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted: number | undefined;
  let opaque = false;

  function take(count: number): Buffer {
    const first = chunks[0];
    const whole = first && first.length >= count ? first : Buffer.concat(chunks);
    const rest = whole.subarray(count);
    chunks = whole === first ? chunks.slice(1) : [];
    if (rest.length > 0) chunks.unshift(rest);
    size -= count;
    return whole.subarray(0, count);
  }

  /** The first bytes without taking them. */
  function peek(): Buffer {
    const first = chunks[0];
    if (first && (first.length >= 5 || chunks.length === 1)) return first.subarray(0, 5);
    const joined = Buffer.concat(chunks);
    chunks = [joined];
    return joined.subarray(0, 5);
  }

  function broken(count: number, error: string): Frame {
    opaque = true;
    return { bytes: take(count), error };
  }

  return {
    push(chunk) {
      if (chunk.length === 0) return;
      chunks.push(chunk);
      size += chunk.length;
    },
    next() {
      if (opaque) return undefined;
      if (wanted === undefined) {
        if (size < 2) return undefined;
        const head = peek();
        const wrong = headerError(head);
        if (wrong) return broken(2, wrong);
        let length = 0;
        let at = 1;
        for (; ; at++) {
          const byte = head[at];
          if (at === 5) return broken(5, 'remaining length longer than four bytes [3.1.1 2.2.3]');
          if (byte === undefined) return undefined;
          length += (byte & 0x7f) * 128 ** (at - 1);
          if ((byte & 0x80) === 0) break;
        }
        const total = at + 1 + length;
        if (total > maxFrame) {
          return broken(at + 1, `a packet of ${total} bytes; the tap reads at most ${maxFrame}`);
        }
        wanted = total;
      }
      if (size < wanted) return undefined;
      const bytes = take(wanted);
      wanted = undefined;
      return { bytes };
    },
    rest() {
      return take(size);
    },
    giveUp() {
      opaque = true;
    },
    get opaque() {
      return opaque;
    },
    get wanted() {
      return wanted;
    },
  };
}
