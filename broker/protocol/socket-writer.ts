import type { Duplex } from 'node:stream';

/** Bytes that may wait for a client that does not read: beyond, QoS 0 messages to it are dropped. */
const DROP_ABOVE = 4 << 20;
/** Beyond, nothing more is read from it (its own acknowledgements would pile up). */
const CHOKE_ABOVE = 1 << 18;
/** Milliseconds a refused client has to read the last bytes before it is cut off. */
const LINGER = 500;

/** Writes bytes to one connection, and knows how many of them the client has not taken yet. */
export interface SocketWriter {
  /** `false`: the connection is gone, or too much waits already and the bytes may be dropped. */
  send(bytes: Buffer, droppable: boolean): boolean;
  /** True while too much waits; then `whenDrained` calls back once. */
  choked(): boolean;
  whenDrained(callback: () => void): void;
  /** Sends what waits, then closes. */
  finish(): void;
  sentBytes(): number;
}

export function socketWriter(stream: Duplex): SocketWriter {
  let corked = false;
  let bytesOut = 0;
  return {
    send(bytes, droppable) {
      if (!stream.writable) return false;
      if (droppable && stream.writableLength > DROP_ABOVE) return false;
      if (!corked) {
        // One system call for all that a turn of the event loop has to say.
        corked = true;
        stream.cork();
        process.nextTick(() => {
          corked = false;
          stream.uncork();
        });
      }
      bytesOut += bytes.length;
      stream.write(bytes);
      return true;
    },
    choked: () => stream.writableLength > CHOKE_ABOVE,
    whenDrained: callback => {
      stream.once('drain', callback);
    },
    finish() {
      if (stream.destroyed) return;
      const cut = setTimeout(() => stream.destroy(), LINGER);
      stream.once('close', () => clearTimeout(cut));
      // Unread input would turn the close into a reset, and the client might lose our last words.
      stream.removeAllListeners('data');
      stream.on('data', () => {});
      stream.resume();
      stream.once('end', () => stream.destroy());
      stream.end();
    },
    sentBytes: () => bytesOut,
  };
}
