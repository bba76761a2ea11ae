import { isUtf8 } from 'node:buffer';
import type { Payload } from './trace.js';

/** Application bytes as a value of the trace: as text when they are valid UTF-8, else as base64. */
export function payloadOf(bytes: Uint8Array): Payload {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer)
    ? { bytes: buffer.length, text: buffer.toString('utf8') }
    : { bytes: buffer.length, base64: buffer.toString('base64') };
}

/** The text of a payload, or undefined when its bytes are not UTF-8. */
export function payloadText(payload: Payload): string | undefined {
  return 'text' in payload ? payload.text : undefined;
}

/** The bytes of a payload, exactly as they crossed the wire. */
export function payloadBytes(payload: Payload): Buffer {
  return 'text' in payload
    ? Buffer.from(payload.text, 'utf8')
    : Buffer.from(payload.base64, 'base64');
}
