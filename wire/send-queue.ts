/** Packets that wait to be sent in one direction: in order, some of them not ready to go yet. */
import type { Duplex } from 'node:stream';
import type { PacketEntry } from './trace.js';

/** Waiting bytes, and waiting packets, above which the tap stops reading more of them. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_WAITING_FRAMES = 4096;

export interface QueuedFrame {
  readonly bytes: Buffer;
  readonly entry?: PacketEntry | undefined;
  /** Not ready: it waits, and everything behind it waits too. */
  ready: boolean;
  /** It leaves in one write with the next frame. */
  joinNext?: boolean;
  /** It was kept waiting by a fault, so its passing on is worth a note in the trace. */
  late?: boolean;
  /** Called when the bytes have been handed to the connection. */
  passed?: () => void;
}

export interface SendQueue {
  add(frame: QueuedFrame): void;
  flush(): void;
  /** Ends the connection in this direction once everything waiting has gone. */
  end(): void;
  /** Forgets what waits, and loses whatever comes. */
  abandon(): void;
  /** Whether a frame added now would have to wait for one that is not ready. */
  readonly blocked: boolean;
  readonly dead: boolean;
  readonly ending: boolean;
  /** Whether more than a fair share is waiting. */
  readonly pressed: boolean;
}

export interface SendQueueHooks {
  passed(frame: QueuedFrame): void;
  lost(frame: QueuedFrame): void;
  /** `pressed` may have changed. */
  pressure(): void;
}

export function createSendQueue(sink: Duplex, hooks: SendQueueHooks): SendQueue {
  const queue: QueuedFrame[] = [];
  let waiting = 0;
  let dead = false;
  let ending = false;
  let ended = false;
  let full = false;
  let flushing = false;

  sink.on('drain', () => {
    full = false;
    hooks.pressure();
  });

  /** How many frames at the head can leave in one write now; 0 when the head must wait. */
  function batchLength(): number {
    for (let length = 1; length <= queue.length; length++) {
      const frame = queue[length - 1];
      if (!frame?.ready) return 0;
      if (!frame.joinNext) return length;
    }
    // Nothing can follow any more: what waited for company goes alone.
    return ending ? queue.length : 0;
  }

  function write(frames: readonly QueuedFrame[]): void {
    if (sink.destroyed || sink.writableEnded) {
      for (const frame of frames) hooks.lost(frame);
      return;
    }
    const only = frames.length === 1 ? frames[0] : undefined;
    const bytes = only ? only.bytes : Buffer.concat(frames.map(frame => frame.bytes));
    if (!sink.write(bytes)) full = true;
    for (const frame of frames) {
      hooks.passed(frame);
      frame.passed?.();
    }
  }

  function flush(): void {
    if (flushing || dead) return;
    flushing = true;
    for (let length = batchLength(); length > 0 && !dead; length = batchLength()) {
      const frames = queue.splice(0, length);
      for (const frame of frames) waiting -= frame.bytes.length;
      write(frames);
    }
    if (ending && queue.length === 0 && !ended && !dead) {
      ended = true;
      sink.end();
    }
    flushing = false;
    hooks.pressure();
  }

  return {
    add(frame) {
      if (dead || ended) {
        hooks.lost(frame);
        return;
      }
      queue.push(frame);
      waiting += frame.bytes.length;
      flush();
    },
    flush,
    end() {
      ending = true;
      flush();
    },
    abandon() {
      dead = true;
      for (const frame of queue.splice(0)) hooks.lost(frame);
      waiting = 0;
      hooks.pressure();
    },
    get blocked() {
      return queue.some(frame => !frame.ready);
    },
    get dead() {
      return dead || ended;
    },
    get ending() {
      return ending;
    },
    get pressed() {
      if (dead) return false;
      return full || waiting > MAX_WAITING_BYTES || queue.length > MAX_WAITING_FRAMES;
    },
  };
}
