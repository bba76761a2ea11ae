import type { Duplex } from 'node:stream';
import { type Frame, frameReader } from './raw-packet.js';
import type { Output } from './socket-writer.js';

export interface IntakeHandlers {
  /** Bytes came. */
  received(count: number): void;
  /** The next packet. A promise holds back those behind it. */
  packet(frame: Frame): Promise<void> | undefined;
  /** Nothing more will come, and everything before was handled. */
  over(why: 'ended' | 'malformed' | 'oversize'): void;
  failed(error: Error): void;
}

/** Reads packets and hands them on strictly one after another (`3.1.1 MQTT-4.6.0-2`, `3.1.1 MQTT-4.6.0-3`, `3.1.1 MQTT-4.6.0-4`). Reads no
 * more while one is being handled, or while the client does not read what it was sent. */
export function intake(
  stream: Duplex,
  output: Output,
  limit: number,
  handlers: IntakeHandlers,
): { stop(): void } {
  const read = frameReader(limit);
  const pending: Frame[] = [];
  let busy = false;
  let ended = false;
  let stopped = false;
  let unreadable: 'malformed' | 'oversize' | undefined;

  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    if (stopped || unreadable !== undefined) return;
    handlers.received(chunk.length);
    const { frames, error } = read(chunk);
    for (const frame of frames) pending.push(frame);
    unreadable = error;
    pump();
  });
  stream.on('end', gone);
  stream.on('close', gone);

  function gone(): void {
    ended = true;
    if (!busy) pump();
  }

  function pump(): void {
    let at = 0;
    while (!busy && !stopped && at < pending.length && !output.choked()) {
      const work = handlers.packet(pending[at++] as Frame);
      if (work === undefined) continue;
      busy = true;
      work.catch(handlers.failed).then(() => {
        busy = false;
        pump();
      });
    }
    pending.splice(0, at);
    if (stopped) return;
    if (busy || (pending.length > 0 && !ended)) {
      stream.pause();
      if (!busy) output.whenDrained(pump);
    } else if (unreadable !== undefined) {
      handlers.over(unreadable);
    } else if (ended) {
      handlers.over('ended');
    } else if (stream.isPaused()) {
      stream.resume();
    }
  }

  return {
    stop() {
      stopped = true;
      pending.length = 0;
    },
  };
}
