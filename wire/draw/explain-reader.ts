/** Reads a packet field by field, and says of every byte what it is. */
import { isUtf8 } from 'node:buffer';
import { describePayload } from '../describe.js';
import { payloadOf } from '../payload.js';
import { quoted, type SafeOptions } from '../safe.js';

/** Some bits of one byte. */
export interface BitPart {
  /** `7-4`, or `3` for a single bit. */
  readonly at: string;
  /** The bits themselves: `0011`. */
  readonly bits: string;
  readonly meaning: string;
  /** Clauses, cited with their version; empty where none applies. */
  readonly clauses: string;
}

/** What some bytes are. The parts of a packet follow one another without gap or overlap. */
export interface BytePart {
  /** The first byte, from 0, and the byte after the last; equal for a field of no bytes. */
  readonly from: number;
  readonly to: number;
  readonly field: string;
  readonly value: string;
  readonly meaning: string;
  readonly clauses: string;
  readonly bits?: readonly BitPart[];
  /** The packet breaks here: these bytes and all behind them are not explained. */
  readonly problem?: true;
}

/** What is said of a field. */
export interface Said {
  readonly value?: string;
  readonly meaning?: string;
  readonly clauses?: string;
  readonly bits?: readonly BitPart[];
}

/** The packet breaks: ends the reading; what was read stays. */
export class Broken extends Error {
  override readonly name = 'Broken';
  constructor(
    message: string,
    readonly clauses = '',
  ) {
    super(message);
  }
}

/** The bytes that were kept end, though those of the packet do not. */
export class KeptNoMore extends Error {
  override readonly name = 'KeptNoMore';
}

export interface FieldReader {
  readonly parts: BytePart[];
  readonly at: number;
  readonly left: number;
  byte(field: string, say: (value: number) => Said): number;
  number(field: string, say?: (value: number) => Said): number;
  four(field: string, say?: (value: number) => Said): number;
  /** A length in one to four bytes, seven bits each. */
  varint(field: string, say: (value: number) => Said): number;
  /** Length and UTF-8 text. @returns the text */
  text(field: string, say?: (value: string) => Said): string;
  /** Length and bytes. */
  blob(field: string, say?: (value: Buffer) => Said): void;
  /** All bytes up to the end. */
  rest(field: string, say: (value: Buffer) => Said): void;
  /** Ends the reading with one part for all that is left. */
  stop(field: string, said: Said, problem?: true): void;
}

/**
 * @param kept how many bytes of the packet are not at hand, because the trace kept only its beginning
 */
export function createReader(bytes: Buffer, notKept: number, options: SafeOptions): FieldReader {
  const parts: BytePart[] = [];
  let at = 0;

  function add(count: number, field: string, said: Said, problem?: true): void {
    parts.push({
      from: at,
      to: at + count,
      field,
      value: said.value ?? '',
      meaning: said.meaning ?? '',
      clauses: said.clauses ?? '',
      ...(said.bits ? { bits: said.bits } : {}),
      ...(problem ? { problem } : {}),
    });
    at += count;
  }

  function need(count: number, field: string): void {
    if (bytes.length - at >= count) return;
    if (notKept > 0) throw new KeptNoMore(field);
    const there = bytes.length - at;
    const ends =
      there === 0
        ? 'the packet ends before it'
        : `it has ${count} bytes, but only ${there} are left`;
    throw new Broken(`no whole ${field}: ${ends}`);
  }

  function fixed(count: 1 | 2 | 4, field: string, say: (value: number) => Said): number {
    need(count, field);
    const value = bytes.readUIntBE(at, count);
    add(count, field, { value: String(value), ...say(value) });
    return value;
  }

  function sized(field: string): number {
    return fixed(2, `${field} length`, value => ({ value: `${value} bytes` }));
  }

  return {
    parts,
    get at() {
      return at;
    },
    get left() {
      return bytes.length - at;
    },
    byte: (field, say) => fixed(1, field, say),
    number: (field, say = () => ({})) => fixed(2, field, say),
    four: (field, say = () => ({})) => fixed(4, field, say),
    varint(field, say) {
      let value = 0;
      for (let count = 1; ; count++) {
        need(count, field);
        const byte = bytes.readUInt8(at + count - 1);
        value += (byte & 0x7f) * 128 ** (count - 1);
        if ((byte & 0x80) === 0) {
          add(count, field, { value: String(value), ...say(value) });
          return value;
        }
        if (count === 4) throw new Broken(`the ${field} is longer than four bytes`);
      }
    },
    text(field, say = () => ({})) {
      const size = sized(field);
      need(size, field);
      const raw = bytes.subarray(at, at + size);
      if (!isUtf8(raw)) throw new Broken(`the ${field} is not UTF-8`, '3.1.1 MQTT-1.5.3-1');
      const value = raw.toString('utf8');
      const zero = value.includes('\0')
        ? {
            meaning: 'holds U+0000: a receiver may close the connection',
            clauses: '3.1.1 MQTT-1.5.3-2',
          }
        : {};
      add(size, field, {
        value: size === 0 ? '(empty)' : quoted(value, options),
        ...say(value),
        ...zero,
      });
      return value;
    },
    blob(field, say = () => ({})) {
      const size = sized(field);
      need(size, field);
      const raw = bytes.subarray(at, at + size);
      const value = size === 0 ? '(empty)' : describePayload(payloadOf(raw), options);
      add(size, field, { value, ...say(raw) });
    },
    rest(field, say) {
      const raw = bytes.subarray(at);
      const value = raw.length === 0 ? '(empty)' : describePayload(payloadOf(raw), options);
      const more =
        notKept > 0 ? { meaning: `${notKept} more bytes of it were not kept in the trace` } : {};
      add(raw.length, field, { value, ...say(raw), ...more });
    },
    stop: (field, said, problem) => add(bytes.length - at, field, said, problem),
  };
}

/** Some bits of a byte, as text: `bitsOf(0x32, 7, 4)` is `0011`. */
export function bitsOf(byte: number, high: number, low = high): string {
  const count = high - low + 1;
  return ((byte >> low) & (2 ** count - 1)).toString(2).padStart(count, '0');
}

export function bit(
  byte: number,
  place: number | readonly [high: number, low: number],
  meaning: string,
  clauses = '',
): BitPart {
  const [high, low] = typeof place === 'number' ? [place, place] : place;
  const at = high === low ? `${high}` : `${high}-${low}`;
  return { at, bits: bitsOf(byte, high, low), meaning, clauses };
}
