/** What a link is to those who act on it: the face of `link.ts`. */
import type { Duplex } from 'node:stream';
import type { Made } from './faults.js';
import type { Framer } from './framing.js';
import type { OwnPackets } from './own-packets.js';
import type { Recorder } from './recorder.js';
import type { QueuedFrame, SendQueue } from './send-queue.js';
import type { Direction, PacketEntry } from './trace.js';

/** One direction of a connection: where its packets come from, where they go, what waits between. */
export interface Flow {
  readonly direction: Direction;
  readonly source: Duplex;
  readonly sink: Duplex;
  readonly framer: Framer;
  readonly queue: SendQueue;
  readonly own: OwnPackets;
  /** Bytes kept aside by `withhold`. */
  held: number;
  /** How many packets in the queue wait for a release. */
  stalls: number;
  /** Copies that wait for further PUBLISHes. */
  due: { left: number; readonly send: () => void }[];
  ended: boolean;
}

/** What the faults may do with a connection. */
export interface Link {
  readonly id: number;
  readonly who: string;
  readonly recorder: Recorder;
  readonly version: number;
  readonly clientId: string | undefined;
  readonly open: boolean;
  flow(direction: Direction): Flow;
  /** Nothing that arrives in this direction is passed on any more. */
  deaf(flow: Flow): boolean;
  /** The fate of a packet passed on now. */
  fateNow(flow: Flow): 'forwarded' | 'withheld';
  /** Passes on a packet of the sender's. */
  forward(flow: Flow, bytes: Buffer, entry: PacketEntry, extra?: Partial<QueuedFrame>): QueuedFrame;
  /** Records and sends a packet of the tap's own. */
  make(flow: Flow, bytes: Buffer, extra?: MakeOptions): PacketEntry;
  bytesOf(made: Made): Buffer;
  cut(options?: { readonly reset?: boolean }): void;
  /** Resolves when the client's side has closed, or after a second. */
  clientGone(): Promise<void>;
  halfClose(direction: Direction): void;
  blackhole(): void;
  /** Whether a timer of the tap's is under way on it. */
  readonly busy: boolean;
  /** A timer that ends with the connection. */
  later(ms: number, then: () => void): void;
  regulate(flow: Flow): void;
  destroy(): Promise<void>;
}

export interface MakeOptions {
  readonly copyOf?: number;
  /** The packet stands for the sender's own, so its answers are the sender's. */
  readonly theirs?: boolean;
  readonly begun?: boolean;
  readonly passed?: () => void;
}
