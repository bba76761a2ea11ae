import {
  PacketFault,
  type PropertyOwner,
  type ReadProperty,
  readProperties,
} from '../../wire/properties.js';
import { mqttString } from '../topics.js';
import { Malformed } from './malformed.js';

/** Reads the fields behind a fixed header, one after another; every method throws `Malformed` where
 * the packet ends too early. */
export interface BodyReader {
  readonly left: () => number;
  byte(): number;
  word(): number;
  /** Binary data: two bytes of length, and as many bytes. A view, not a copy. */
  bytes(): Buffer;
  /** A text; `what` names it where it holds a character MQTT forbids. */
  string(what: string): string;
  rest(): Buffer;
  /** `3.1.1 MQTT-2.3.1-1`: a packet identifier is not 0. */
  packetIdentifier(): number;
  /** A property list of MQTT 5, and the bytes it stands in. Most are empty, and cost nothing. */
  properties(owner: PropertyOwner): PropertyList;
}

export interface PropertyList {
  readonly list: readonly ReadProperty[];
  /** The bytes of some of them, in their order; a copy. */
  bytesOf(wanted: (property: ReadProperty) => boolean): Buffer;
}

/** Starts at the first byte of a packet's body. */
export function bodyReader(body: Buffer): BodyReader {
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > body.length) throw new Malformed('the packet ends too early');
    at += count;
    return body.subarray(at - count, at);
  };
  const word = (): number => {
    if (at + 2 > body.length) throw new Malformed('the packet ends too early');
    at += 2;
    return ((body[at - 2] as number) << 8) | (body[at - 1] as number);
  };
  return {
    left: () => body.length - at,
    byte: () => take(1)[0] as number,
    word,
    bytes: () => take(word()),
    string: what => text(take(word()), what),
    rest: () => take(body.length - at),
    packetIdentifier() {
      const id = word();
      if (id === 0) throw new Malformed('packet identifier 0');
      return id;
    },
    properties(owner) {
      if (body[at] === 0) {
        at++;
        return NO_PROPERTIES;
      }
      try {
        const { list, end } = readProperties(body, at, owner, text);
        at = end;
        return {
          list,
          bytesOf: wanted =>
            Buffer.concat(list.filter(wanted).map(one => body.subarray(one.from, one.to))),
        };
      } catch (error) {
        if (!(error instanceof PacketFault)) throw error;
        throw new Malformed(error.message, { reason: error.code });
      }
    },
  };
}

function text(bytes: Buffer, what: string): string {
  const found = mqttString(bytes);
  if (found === undefined) throw new Malformed(`${what} holds a character MQTT forbids`);
  return found;
}

/** A copy, for what may be kept for long: it must not keep the whole segment with it. */
export function kept(bytes: Buffer): Buffer {
  return bytes.length === 0 ? EMPTY : Buffer.from(bytes);
}

const EMPTY = Buffer.alloc(0);
const NO_PROPERTIES: PropertyList = { list: [], bytesOf: () => EMPTY };
