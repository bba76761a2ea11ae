import { Duplex } from 'node:stream';

function networkError(code: string, what: string): Error {
  return Object.assign(new Error(`${what} ${code}`), { code, syscall: what });
}

interface PipeEnd {
  readonly stream: Duplex;
  /** The far end's write that waits for this end to read. */
  waiting: (() => void) | undefined;
  ended: boolean;
}

function createEnd(halfOpen: boolean, far: () => PipeEnd): PipeEnd {
  const end: PipeEnd = { stream: undefined as unknown as Duplex, waiting: undefined, ended: false };

  /** Each chunk arrives in a later turn, as on a network: a write never runs the reader's code. */
  function deliver(chunk: Buffer, done: (error?: Error) => void): void {
    process.nextTick(() => {
      const to = far();
      if (to.stream.destroyed || to.ended) done(networkError('EPIPE', 'write'));
      else if (to.stream.push(chunk)) done();
      else to.waiting = done;
    });
  }

  function proceed(): void {
    const done = end.waiting;
    end.waiting = undefined;
    done?.();
  }

  const stream = new Duplex({
    allowHalfOpen: halfOpen,
    decodeStrings: true,
    read: proceed,
    write(chunk: Buffer, _encoding, done) {
      if (chunk.length === 0) process.nextTick(done);
      else deliver(chunk, done);
    },
    // Chunks written together arrive together, as in one segment.
    writev(chunks, done) {
      const whole = Buffer.concat(chunks.map(part => part.chunk as Buffer));
      if (whole.length === 0) process.nextTick(done);
      else deliver(whole, done);
    },
    final(done) {
      process.nextTick(() => {
        endOf(far());
        done();
      });
    },
    destroy(error, done) {
      // What the far end still had in flight is gone, as with a closed socket.
      proceed();
      process.nextTick(() => {
        const to = far();
        if (error && !to.stream.destroyed) to.stream.destroy(networkError('ECONNRESET', 'read'));
        else endOf(to);
      });
      done(error);
    },
  });
  // A socket that nobody listens to must not end the process.
  stream.on('error', () => {});
  Object.assign(end, { stream });
  return end;
}

function endOf(end: PipeEnd): void {
  if (end.ended || end.stream.destroyed) return;
  end.ended = true;
  end.stream.push(null);
}

/**
 * Two connected streams in one process, like the two ends of a TCP connection: half-close, back-
 * pressure, `destroy()` seen as an end by the other side, `destroy(error)` as ECONNRESET.
 * The first may stay half-open (it suits whoever relays); the second ends when the first ends, as
 * the sockets of net.connect do. (node:stream has one of its own only from 20.17.)
 */
export function duplexPair(): [near: Duplex, far: Duplex] {
  const near: PipeEnd = createEnd(true, () => far);
  const far: PipeEnd = createEnd(false, () => near);
  return [near.stream, far.stream];
}
