/**
 * The shape of a packet, field by field. mqtt-packet 9 accepts some packets whose fields do not add
 * up: missing packet identifiers, bytes after the last field, empty SUBSCRIBEs, strings that are not
 * UTF-8, a CONNACK of one byte. A trace must not show such bytes as a proper packet.
 */

import { isUtf8 } from 'node:buffer';
import { errorText } from './error-text.js';

interface Cursor {
  byte(what: string): number;
  number(what: string): number;
  text(what: string): void;
  blob(what: string): void;
  readonly left: number;
}

function cursorOver(body: Buffer): Cursor {
  let at = 0;
  function skip(count: number, what: string): number {
    if (at + count > body.length) throw new Error(`ends inside its ${what}`);
    at += count;
    return at - count;
  }
  function field(what: string): Buffer {
    const start = skip(2, what);
    const count = body.readUInt16BE(start);
    return body.subarray(skip(count, what), at);
  }
  return {
    byte: what => body.readUInt8(skip(1, what)),
    number: what => body.readUInt16BE(skip(2, what)),
    text(what) {
      if (!isUtf8(field(what))) throw new Error(`${what} is not UTF-8 [3.1.1 MQTT-1.5.3-1]`);
    },
    blob: what => void field(what),
    get left() {
      return body.length - at;
    },
  };
}

function connect(at: Cursor): void {
  at.text('protocol name');
  at.byte('protocol level');
  const flags = at.byte('connect flags');
  at.number('keep-alive');
  at.text('client identifier');
  if (flags & 0x04) {
    if ((flags & 0x18) === 0x18) throw new Error('will with QoS 3 [3.1.1 MQTT-3.1.2-14]');
    at.text('will topic');
    at.blob('will message');
  }
  if (flags & 0x80) at.text('user name');
  if (flags & 0x40) at.blob('password');
}

function walk(type: number, flags: number, at: Cursor): void {
  switch (type) {
    case 1:
      connect(at);
      return;
    case 2:
      at.byte('flags');
      at.byte('return code');
      return;
    case 3:
      at.text('topic name');
      if (flags & 0x06) at.number('packet identifier');
      return;
    case 4:
    case 5:
    case 6:
    case 7:
      at.number('packet identifier');
      return;
    case 8:
    case 10: {
      at.number('packet identifier');
      if (at.left === 0) throw new Error('has no topic filter [3.1.1 MQTT-3.8.3-3, MQTT-3.10.3-2]');
      while (at.left > 0) {
        at.text('topic filter');
        if (type === 8) at.byte('requested QoS');
      }
      return;
    }
    case 9:
    case 11: {
      at.number('packet identifier');
      if (type === 11) return;
      if (at.left === 0) throw new Error('has no return code');
      while (at.left > 0) at.byte('return code');
      return;
    }
    default:
  }
}

/**
 * Why a whole frame is not a packet of MQTT 3.1 or 3.1.1, or undefined when its fields add up.
 */
export function shapeError(frame: Buffer): string | undefined {
  const first = frame[0] ?? 0;
  let start = 1;
  while ((frame[start] ?? 0) & 0x80) start++;
  const at = cursorOver(frame.subarray(start + 1));
  try {
    walk(first >> 4, first & 0x0f, at);
    // Only a PUBLISH ends with bytes of no fixed length.
    if (first >> 4 !== 3 && at.left > 0) throw new Error(`${at.left} bytes after its last field`);
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
