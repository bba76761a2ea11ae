/** One connection through the tap: two directions, what is done to their packets, and their ends. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Copies, createCopies } from './copies.js';
import { decode, encode } from './decode.js';
import type { Made, Rulebook } from './faults.js';
import { createFramer, type Framer } from './framing.js';
import type { Guard, GuardAnswer } from './guard.js';
import { closed, destroySoon, hangUp } from './hang-up.js';
import { createOutlet, type Outlet, type Parcel } from './outlet.js';
import type { Recorder } from './recorder.js';
import { strike } from './strike.js';
import type { Direction, PacketEntry, WirePacket } from './trace.js';

/** Withheld bytes above which the tap stops reading more. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

export interface Lane {
  readonly direction: Direction;
  readonly source: Duplex;
  readonly sink: Duplex;
  readonly framer: Framer;
  readonly outlet: Outlet;
  readonly copies: Copies;
  /** Bytes kept aside by `withhold`. */
  held: number;
  /** How many packets in the outlet wait for a release. */
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
  lane(direction: Direction): Lane;
  /** Whether what arrives in this direction goes nowhere. */
  deaf(lane: Lane): boolean;
  /** The fate of a packet passed on now. */
  fateNow(lane: Lane): 'forwarded' | 'withheld';
  /** Passes on a packet of the sender's. */
  forward(lane: Lane, bytes: Buffer, entry: PacketEntry, extra?: Partial<Parcel>): Parcel;
  /** Records and sends a packet of the tap's own. */
  make(lane: Lane, bytes: Buffer, extra?: MakeOptions): PacketEntry;
  bytesOf(made: Made): Buffer;
  cut(options?: { readonly reset?: boolean }): void;
  halfClose(direction: Direction): void;
  blackhole(): void;
  /** Whether a timer of the tap's is under way on it. */
  readonly busy: boolean;
  /** A timer that ends with the connection. */
  later(ms: number, then: () => void): void;
  regulate(lane: Lane): void;
  destroy(): Promise<void>;
}

export interface MakeOptions {
  readonly copyOf?: number;
  /** The packet stands for the sender's own, so its answers are the sender's. */
  readonly theirs?: boolean;
  readonly begun?: boolean;
  readonly passed?: () => void;
}

export interface LinkSetup {
  readonly id: number;
  readonly who: string;
  readonly client: Duplex;
  readonly broker: Duplex;
  readonly recorder: Recorder;
  readonly rules: Rulebook;
  readonly maxFrame?: number | undefined;
  /** Caps on what the client may do. */
  readonly guard?: Guard | undefined;
  /** Both sides have closed. */
  readonly onClosed: () => void;
}

export function createLink(setup: LinkSetup): Link {
  const { id, who, client, broker, recorder, rules } = setup;
  const timers = new Set<NodeJS.Timeout>();
  const closedBy = new Set<'client' | 'broker' | 'tap'>();
  let version = 4;
  let clientId: string | undefined;
  let dark: 'cut' | 'blackhole' | undefined;

  function createLane(direction: Direction, source: Duplex, sink: Duplex): Lane {
    const outlet = createOutlet(sink, {
      passed(parcel) {
        if (parcel.late && parcel.entry) recorder.released(parcel.entry);
      },
      lost(parcel) {
        if (parcel.entry?.fate === 'forwarded') recorder.fate(parcel.entry, 'lost');
      },
      pressure: () => regulate(lane),
    });
    const cap = direction === 'to-broker' ? setup.guard?.packetBytes : undefined;
    const maxFrame = cap ?? setup.maxFrame;
    const framer = createFramer(maxFrame === undefined ? {} : { maxFrame });
    const copies = createCopies();
    const rest = { held: 0, stalls: 0, due: [], ended: false };
    const lane: Lane = { direction, source, sink, framer, outlet, copies, ...rest };
    return lane;
  }

  function regulate(lane: Lane): void {
    const pressed = !dark && (lane.outlet.pressed || lane.held > MAX_HELD_BYTES);
    if (pressed) lane.source.pause();
    else if (lane.source.isPaused()) lane.source.resume();
  }

  const lanes = {
    'to-broker': createLane('to-broker', client, broker),
    'to-client': createLane('to-client', broker, client),
  } as const;
  const both = [lanes['to-broker'], lanes['to-client']] as const;
  const across = (lane: Lane) =>
    lane.direction === 'to-broker' ? lanes['to-client'] : lanes['to-broker'];

  function recordClosed(by: 'client' | 'broker' | 'tap'): void {
    // A close that was passed on has one author; in a black hole each end closes for itself.
    if (closedBy.has(by) || (closedBy.size > 0 && dark !== 'blackhole')) return;
    closedBy.add(by);
    recorder.connection({ connection: id, who, event: 'closed', by });
  }

  const deaf = (lane: Lane) => dark !== undefined || lane.outlet.dead;

  const fateNow = (lane: Lane) => (lane.stalls > 0 ? 'withheld' : 'forwarded');

  function pass(lane: Lane, bytes: Buffer, entry?: PacketEntry, extra?: Partial<Parcel>): Parcel {
    const late = extra?.ready === false || lane.outlet.blocked;
    const parcel: Parcel = { bytes, entry, ready: true, late, ...extra };
    lane.outlet.add(parcel);
    return parcel;
  }

  function forward(lane: Lane, bytes: Buffer, entry: PacketEntry, extra?: Partial<Parcel>): Parcel {
    const parcel = pass(lane, bytes, entry, extra);
    lane.copies.sentByThem(entry.packet);
    if (entry.packet.type === 'PUBLISH' && lane.due.length > 0) {
      for (const one of lane.due) one.left--;
      const ready = lane.due.filter(one => one.left <= 0);
      lane.due = lane.due.filter(one => one.left > 0);
      for (const one of ready) one.send();
    }
    return parcel;
  }

  function make(lane: Lane, bytes: Buffer, extra: MakeOptions = {}): PacketEntry {
    const packet = decode(bytes, version, lane.direction);
    const { copyOf } = extra;
    const entry = recorder.draft({
      connection: id,
      who,
      direction: lane.direction,
      packet,
      bytes,
      fate: deaf(lane) ? 'lost' : fateNow(lane),
      madeByTap: true,
      ...(copyOf === undefined ? {} : { copyOf }),
    });
    recorder.commit(entry);
    if (entry.fate === 'lost') return entry;
    if (extra.theirs) lane.copies.sentByThem(packet);
    else if (packet.type === 'PUBLISH') lane.copies.sentByUs(packet, extra.begun);
    pass(lane, bytes, entry, extra.passed ? { passed: extra.passed } : {});
    return entry;
  }

  function arrived(lane: Lane, bytes: Buffer, packet: WirePacket): void {
    if (packet.type === 'CONNECT' && lane.direction === 'to-broker') {
      version = packet.protocolVersion;
      clientId = packet.clientId;
    }
    const { direction } = lane;
    const draft = { connection: id, who, direction, packet, bytes };
    if (deaf(lane)) {
      recorder.commit(recorder.draft({ ...draft, fate: 'lost' }));
      return;
    }
    const ours = across(lane).copies.answered(packet);
    if (ours) {
      recorder.commit(recorder.draft({ ...draft, fate: 'absorbed' }));
      if (ours.reply) make(across(lane), encode(ours.reply, version));
      return;
    }
    const answer =
      lane.direction === 'to-broker' ? (setup.guard?.packet(packet) ?? 'pass') : 'pass';
    if (answer !== 'pass') {
      recorder.commit(recorder.draft({ ...draft, fate: 'dropped' }));
      turnAway(answer);
      return;
    }
    const entry = recorder.draft({ ...draft, fate: fateNow(lane) });
    const standing = rules.match(entry);
    if (standing) {
      strike({ link, lane, across: across(lane), entry, bytes, standing });
      return;
    }
    recorder.commit(entry);
    forward(lane, bytes, entry);
  }

  /** The client went too far: its connection ends here. */
  function turnAway(answer: Exclude<GuardAnswer, 'pass'>): void {
    if (answer === 'refuse') {
      make(
        lanes['to-client'],
        encode({ type: 'CONNACK', sessionPresent: false, returnCode: 2 }, 4),
      );
    }
    link.cut();
  }

  function opaque(lane: Lane): void {
    const rest = lane.framer.rest();
    if (rest.length > 0 && !deaf(lane)) pass(lane, rest);
  }

  function read(lane: Lane, chunk: Buffer): void {
    if (lane.direction === 'to-broker' && !deaf(lane)) {
      const answer = setup.guard?.received(chunk.length) ?? 'pass';
      if (answer !== 'pass') turnAway(answer);
    }
    // Packets that came in one segment leave in one segment.
    lane.sink.cork();
    lane.framer.push(chunk);
    for (let frame = lane.framer.next(); frame; frame = lane.framer.next()) {
      const packet: WirePacket =
        frame.error === undefined
          ? decode(frame.bytes, version, lane.direction)
          : { type: 'MALFORMED', error: frame.error };
      if (packet.type === 'MALFORMED') lane.framer.giveUp();
      arrived(lane, frame.bytes, packet);
    }
    if (lane.framer.opaque) opaque(lane);
    lane.sink.uncork();
  }

  function sourceEnded(lane: Lane): void {
    if (lane.ended) return;
    lane.ended = true;
    if (lane.framer.opaque) opaque(lane);
    const { wanted } = lane.framer;
    const tail = lane.framer.rest();
    if (tail.length > 0) {
      const of = wanted === undefined ? '' : ` of ${wanted}`;
      const error = `the connection ended inside a packet: ${tail.length}${of} bytes came`;
      lane.framer.giveUp();
      arrived(lane, tail, { type: 'MALFORMED', error });
    }
    recordClosed(lane.source === client ? 'client' : 'broker');
    if (!dark) lane.outlet.end();
  }

  /** A side is gone altogether: nobody reads what is still meant for it. */
  function sideClosed(lane: Lane): void {
    sourceEnded(lane);
    across(lane).outlet.abandon();
    if (!dark) destroySoon(lane.sink);
    if (client.destroyed && broker.destroyed) setup.onClosed();
  }

  const link: Link = {
    id,
    who,
    recorder,
    get version() {
      return version;
    },
    get clientId() {
      return clientId;
    },
    get open() {
      return closedBy.size === 0;
    },
    lane: direction => lanes[direction],
    deaf,
    fateNow,
    forward,
    make,
    bytesOf: made => (made instanceof Uint8Array ? Buffer.from(made) : encode(made, version)),
    cut({ reset = false } = {}) {
      if (dark === 'cut') return;
      recordClosed('tap');
      dark = 'cut';
      for (const lane of both) lane.outlet.abandon();
      for (const lane of both) hangUp(lane.sink, reset);
    },
    halfClose(direction) {
      const lane = lanes[direction];
      lane.outlet.abandon();
      lane.sink.end();
    },
    blackhole() {
      dark ??= 'blackhole';
      for (const lane of both) lane.outlet.abandon();
    },
    get busy() {
      return timers.size > 0;
    },
    later(ms, then) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        then();
      }, ms);
      timers.add(timer);
    },
    regulate,
    async destroy() {
      dark ??= 'cut';
      for (const timer of timers) clearTimeout(timer);
      for (const lane of both) lane.outlet.abandon();
      client.destroy();
      broker.destroy();
      await Promise.all([closed(client), closed(broker)]);
    },
  };

  for (const lane of both) {
    const { source } = lane;
    if (source instanceof Socket) source.setNoDelay(true);
    // What went wrong is told by the close that follows; a stream that does not close is closed.
    source.on('error', (error: NodeJS.ErrnoException) => {
      if (source === broker && error.syscall === 'connect') {
        recorder.note('broker-unreachable', error.message, who, false);
      }
      source.destroy();
    });
    source.on('data', (chunk: Buffer) => read(lane, chunk));
    source.on('end', () => sourceEnded(lane));
    source.on('close', () => sideClosed(lane));
    if (source.destroyed) sideClosed(lane);
  }
  return link;
}
