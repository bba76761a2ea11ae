import { Duplex } from 'node:stream';

/** Two ends of an in-process connection: what is written to one is read from the other, with
 * back-pressure. Ending or destroying one end ends the other, as with a TCP connection. */
export function duplexPair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const waiting: (((error?: Error | null) => void) | undefined)[] = [undefined, undefined];
  const make = (me: 0 | 1): Duplex =>
    new Duplex({
      allowHalfOpen: false,
      read() {
        const callback = waiting[me];
        waiting[me] = undefined;
        callback?.();
      },
      write(chunk: Buffer, _encoding, callback) {
        const peer = ends[1 - me];
        if (peer === undefined || peer.destroyed) return callback();
        if (peer.push(chunk)) callback();
        else waiting[1 - me] = callback;
      },
      final(callback) {
        ends[1 - me]?.push(null);
        callback();
      },
      destroy(error, callback) {
        const peer = ends[1 - me];
        const mine = waiting[me];
        waiting[me] = undefined;
        mine?.();
        callback(error);
        if (peer !== undefined && !peer.destroyed) {
          // What was written before the end must still be readable, as with a socket.
          process.nextTick(() => {
            if (!peer.destroyed && !peer.readableEnded) peer.push(null);
          });
        }
      },
    });
  const left = make(0);
  const right = make(1);
  ends.push(left, right);
  return [left, right];
}
