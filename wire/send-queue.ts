/** The way out of one direction: packets in order, some of them not ready to go yet. */
import type { Duplex } from 'node:stream';
import type { PacketEntry } from './trace.js';

/** Waiting bytes, and waiting packets, above which the tap stops reading more of them. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_WAITING_PARCELS = 4096;

export interface Parcel {
  readonly bytes: Buffer;
  readonly entry?: PacketEntry | undefined;
  /** Not ready: it waits, and everything behind it waits too. */
  ready: boolean;
  /** It leaves in one write with the next parcel. */
  joinNext?: boolean;
  /** It was kept waiting by a fault, so its passing on is worth a note in the trace. */
  late?: boolean;
  /** Called when the bytes have been handed to the connection. */
  passed?: () => void;
}

export interface Outlet {
  add(parcel: Parcel): void;
  flush(): void;
  /** Ends the connection in this direction once everything waiting has gone. */
  end(): void;
  /** Forgets what waits, and loses whatever comes. */
  abandon(): void;
  /** Whether a parcel added now would have to wait for one that is not ready. */
  readonly blocked: boolean;
  readonly dead: boolean;
  readonly ending: boolean;
  /** Whether more than a fair share is waiting. */
  readonly pressed: boolean;
}

export interface OutletHooks {
  passed(parcel: Parcel): void;
  lost(parcel: Parcel): void;
  /** `pressed` may have changed. */
  pressure(): void;
}

export function createOutlet(sink: Duplex, hooks: OutletHooks): Outlet {
  const queue: Parcel[] = [];
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

  /** How many parcels at the head can leave in one write now; 0 when the head must wait. */
  function batchLength(): number {
    for (let length = 1; length <= queue.length; length++) {
      const parcel = queue[length - 1];
      if (!parcel?.ready) return 0;
      if (!parcel.joinNext) return length;
    }
    // Nothing can follow any more: what waited for company goes alone.
    return ending ? queue.length : 0;
  }

  function write(parcels: readonly Parcel[]): void {
    if (sink.destroyed || sink.writableEnded) {
      for (const parcel of parcels) hooks.lost(parcel);
      return;
    }
    const only = parcels.length === 1 ? parcels[0] : undefined;
    const bytes = only ? only.bytes : Buffer.concat(parcels.map(parcel => parcel.bytes));
    if (!sink.write(bytes)) full = true;
    for (const parcel of parcels) {
      hooks.passed(parcel);
      parcel.passed?.();
    }
  }

  function flush(): void {
    if (flushing || dead) return;
    flushing = true;
    for (let length = batchLength(); length > 0 && !dead; length = batchLength()) {
      const parcels = queue.splice(0, length);
      for (const parcel of parcels) waiting -= parcel.bytes.length;
      write(parcels);
    }
    if (ending && queue.length === 0 && !ended && !dead) {
      ended = true;
      sink.end();
    }
    flushing = false;
    hooks.pressure();
  }

  return {
    add(parcel) {
      if (dead || ended) {
        hooks.lost(parcel);
        return;
      }
      queue.push(parcel);
      waiting += parcel.bytes.length;
      flush();
    },
    flush,
    end() {
      ending = true;
      flush();
    },
    abandon() {
      dead = true;
      for (const parcel of queue.splice(0)) hooks.lost(parcel);
      waiting = 0;
      hooks.pressure();
    },
    get blocked() {
      return queue.some(parcel => !parcel.ready);
    },
    get dead() {
      return dead || ended;
    },
    get ending() {
      return ending;
    },
    get pressed() {
      if (dead) return false;
      return full || waiting > MAX_WAITING_BYTES || queue.length > MAX_WAITING_PARCELS;
    },
  };
}
