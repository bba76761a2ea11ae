import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** How long a side that was told the end may take to end as well before it is closed hard. */
const GRACE_MS = 1000;

function afterWrites(stream: Duplex, then: () => void): void {
  if (stream.writableLength === 0 || stream.writableEnded) then();
  else stream.write(Buffer.alloc(0), () => then());
}

/**
 * Ends one side of a connection for good. What was written before still arrives. With `reset` the
 * peer sees ECONNRESET; TLS offers no reset, so there the connection is closed at once.
 * Without, the peer sees an orderly end of stream (FIN), and whatever it still sends is read and
 * lost: closing with unread bytes would turn the FIN into a reset.
 */
export function hangUp(stream: Duplex, reset: boolean): void {
  if (stream.destroyed) return;
  if (reset) {
    afterWrites(stream, () => {
      if (stream instanceof TLSSocket) stream.destroy();
      else if (stream instanceof Socket) stream.resetAndDestroy();
      else stream.destroy(Object.assign(new Error('reset by the tap'), { code: 'ECONNRESET' }));
    });
    return;
  }
  stream.end();
  stream.resume();
  const timer = setTimeout(() => stream.destroy(), GRACE_MS).unref();
  stream.once('close', () => clearTimeout(timer));
}

/** Destroys a stream when everything written to it has gone out. */
export function destroySoon(stream: Duplex): void {
  if (stream.writableFinished || !stream.writable) stream.destroy();
  else stream.once('finish', () => stream.destroy());
}

/** Resolves when a stream has closed, or after a second for a stream that never says so. */
export function closed(stream: Duplex): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise(resolve => {
    const timer = setTimeout(resolve, GRACE_MS);
    stream.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
