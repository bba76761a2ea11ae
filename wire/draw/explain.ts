/** Every byte of a packet: what it is, what it means, and which clause of the standard says so. */
import { citedInV5 } from '../clauses-same.js';
import type { SafeOptions } from '../safe.js';
import { safeText } from '../safe.js';
import type { PacketEntry, Trace } from '../trace.js';
import { body } from './explain-body.js';
import { type ExplainOptions, fixedHeader } from './explain-header.js';
import { Broken, type BytePart, createReader, KeptNoMore } from './explain-reader.js';

export { type ExplainOptions, TYPES } from './explain-header.js';
export type { BitPart, BytePart } from './explain-reader.js';

/**
 * Every byte of a packet. The parts cover the bytes from first to last, in order, without gap;
 * where the packet breaks, the last part says why and takes all the bytes that are left.
 */
export function explainBytes(bytes: Uint8Array, options: ExplainOptions = {}): BytePart[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const notKept = Math.max(0, (options.length ?? buffer.length) - buffer.length);
  const reader = createReader(buffer, notKept, options);
  try {
    const first = fixedHeader(reader, options);
    const size = reader.varint('remaining length', value => ({
      value: `${value} bytes`,
      meaning: value === 0 ? 'nothing follows' : 'follow this field',
    }));
    if (size !== reader.left + notKept) {
      throw new Broken(`${size} bytes should follow, and ${reader.left + notKept} did`);
    }
    body(reader, first, options);
  } catch (error) {
    if (error instanceof KeptNoMore) {
      reader.stop(error.message, { meaning: `${notKept} more bytes were not kept in the trace` });
    } else if (error instanceof Broken) {
      const said = { value: 'it breaks here', meaning: error.message, clauses: error.clauses };
      reader.stop('not explained', said, true);
    } else throw error;
  }
  return speaksV5(buffer, options) ? reader.parts.map(inV5) : reader.parts;
}

/** Whether the packet is one of MQTT 5: CONNECT says so itself, for others the connection does. */
function speaksV5(bytes: Buffer, { version }: ExplainOptions): boolean {
  if ((bytes[0] ?? 0) >> 4 !== 1) return version === 5;
  const name = bytes.indexOf('MQTT');
  return name > 0 && name < 8 && bytes[name + 4] === 5;
}

/** A part with the clauses of MQTT 5 in the place of those of 3.1.1. */
function inV5(part: BytePart): BytePart {
  const bits = part.bits?.map(one => ({ ...one, clauses: clausesInV5(one.clauses) }));
  return { ...part, clauses: clausesInV5(part.clauses), ...(bits ? { bits } : {}) };
}

const clausesInV5 = (clauses: string): string =>
  clauses.startsWith('3.1.1') ? citedInV5(clauses) : clauses;

/** The protocol level of a packet's connection: that of the last CONNECT before it, else 4. */
function versionOf(trace: Trace, entry: PacketEntry): number {
  let version = 4;
  for (const one of trace.entries) {
    if (one.kind !== 'packet' || one.connection !== entry.connection) continue;
    if (one.n > entry.n) break;
    if (one.packet.type === 'CONNECT') version = one.packet.protocolVersion & 0x7f;
  }
  return version;
}

/** Every byte of a packet of a trace; of a MALFORMED one up to where it breaks. */
export function explainPacket(
  trace: Trace,
  entry: PacketEntry,
  options: SafeOptions = {},
): BytePart[] {
  const bytes = Buffer.from(entry.hex, 'hex');
  const parts = explainBytes(bytes, {
    ...options,
    version: versionOf(trace, entry),
    direction: entry.direction,
    ...(entry.length === undefined ? {} : { length: entry.length }),
  });
  // The library that decoded it may refuse what the fields alone do not show.
  if (entry.packet.type === 'MALFORMED' && !parts.some(one => one.problem)) {
    const end = bytes.length;
    const meaning = safeText(entry.packet.error, options);
    const value = 'it is refused';
    parts.push({ from: end, to: end, field: '', value, meaning, clauses: '', problem: true });
  }
  return parts;
}
