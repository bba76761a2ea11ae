/** One connection through the tap: two directions, what is done to their packets, and their ends. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { applyFault } from './apply-fault.js';
import type { LimitAnswer, LimitCounter } from './client-limits.js';
import { decode, encode } from './decode.js';
import type { Rulebook } from './faults.js';
import { createFramer } from './framing.js';
import { closed, destroySoon, hangUp } from './hang-up.js';
import type { Flow, Link, MakeOptions } from './link-contract.js';
import { trackOwnPackets } from './own-packets.js';
import type { Recorder } from './recorder.js';
import { createSendQueue, type QueuedFrame } from './send-queue.js';
import type { Direction, PacketEntry, WirePacket } from './trace.js';

/** Withheld bytes above which the tap stops reading more. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

export interface LinkSetup {
  readonly id: number;
  readonly who: string;
  readonly client: Duplex;
  readonly broker: Duplex;
  readonly recorder: Recorder;
  readonly rules: Rulebook;
  readonly maxFrame?: number | undefined;
  /** Caps on what the client may do. */
  readonly limits?: LimitCounter | undefined;
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

  function createFlow(direction: Direction, source: Duplex, sink: Duplex): Flow {
    const queue = createSendQueue(sink, {
      passed(queued) {
        if (queued.late && queued.entry) recorder.released(queued.entry);
      },
      lost(queued) {
        if (queued.entry?.fate === 'forwarded') recorder.fate(queued.entry, 'lost');
      },
      pressure: () => regulate(flow),
    });
    const cap = direction === 'to-broker' ? setup.limits?.packetBytes : undefined;
    const maxFrame = cap ?? setup.maxFrame;
    const framer = createFramer(maxFrame === undefined ? {} : { maxFrame });
    const own = trackOwnPackets();
    const rest = { held: 0, stalls: 0, due: [], ended: false };
    const flow: Flow = { direction, source, sink, framer, queue, own, ...rest };
    return flow;
  }

  function regulate(flow: Flow): void {
    const pressed = !dark && (flow.queue.pressed || flow.held > MAX_HELD_BYTES);
    if (pressed) flow.source.pause();
    else if (flow.source.isPaused()) flow.source.resume();
  }

  const flows = {
    'to-broker': createFlow('to-broker', client, broker),
    'to-client': createFlow('to-client', broker, client),
  } as const;
  const both = [flows['to-broker'], flows['to-client']] as const;
  const across = (flow: Flow) =>
    flow.direction === 'to-broker' ? flows['to-client'] : flows['to-broker'];

  function recordClosed(by: 'client' | 'broker' | 'tap'): void {
    // A close that was passed on has one author; in a black hole each end closes for itself.
    if (closedBy.has(by) || (closedBy.size > 0 && dark !== 'blackhole')) return;
    closedBy.add(by);
    recorder.connection({ connection: id, who, event: 'closed', by });
  }

  const deaf = (flow: Flow) => dark !== undefined || flow.queue.dead;

  const fateNow = (flow: Flow) => (flow.stalls > 0 ? 'withheld' : 'forwarded');

  function pass(
    flow: Flow,
    bytes: Buffer,
    entry?: PacketEntry,
    extra?: Partial<QueuedFrame>,
  ): QueuedFrame {
    const late = extra?.ready === false || flow.queue.blocked;
    const queued: QueuedFrame = { bytes, entry, ready: true, late, ...extra };
    flow.queue.add(queued);
    return queued;
  }

  function forward(
    flow: Flow,
    bytes: Buffer,
    entry: PacketEntry,
    extra?: Partial<QueuedFrame>,
  ): QueuedFrame {
    const queued = pass(flow, bytes, entry, extra);
    flow.own.sentByThem(entry.packet);
    if (entry.packet.type === 'PUBLISH' && flow.due.length > 0) {
      for (const one of flow.due) one.left--;
      const ready = flow.due.filter(one => one.left <= 0);
      flow.due = flow.due.filter(one => one.left > 0);
      for (const one of ready) one.send();
    }
    return queued;
  }

  function make(flow: Flow, bytes: Buffer, extra: MakeOptions = {}): PacketEntry {
    const packet = decode(bytes, version, flow.direction);
    const { copyOf } = extra;
    const entry = recorder.draft({
      connection: id,
      who,
      direction: flow.direction,
      packet,
      bytes,
      fate: deaf(flow) ? 'lost' : fateNow(flow),
      madeByTap: true,
      ...(copyOf === undefined ? {} : { copyOf }),
    });
    recorder.commit(entry);
    if (entry.fate === 'lost') return entry;
    if (extra.theirs) flow.own.sentByThem(packet);
    else if (packet.type === 'PUBLISH') flow.own.sentByUs(packet, extra.begun);
    pass(flow, bytes, entry, extra.passed ? { passed: extra.passed } : {});
    return entry;
  }

  function arrived(flow: Flow, bytes: Buffer, packet: WirePacket): void {
    if (packet.type === 'CONNECT' && flow.direction === 'to-broker') {
      version = packet.protocolVersion;
      clientId = packet.clientId;
    }
    const { direction } = flow;
    const draft = { connection: id, who, direction, packet, bytes };
    if (deaf(flow)) {
      recorder.commit(recorder.draft({ ...draft, fate: 'lost' }));
      return;
    }
    const ours = across(flow).own.answered(packet);
    if (ours) {
      recorder.commit(recorder.draft({ ...draft, fate: 'absorbed' }));
      if (ours.reply) make(across(flow), encode(ours.reply, version));
      return;
    }
    const answer =
      (flow.direction === 'to-broker'
        ? setup.limits?.packet(packet)
        : setup.limits?.delivered(packet)) ?? 'pass';
    if (answer !== 'pass') {
      recorder.commit(recorder.draft({ ...draft, fate: 'dropped' }));
      turnAway(answer);
      return;
    }
    const entry = recorder.draft({ ...draft, fate: fateNow(flow) });
    const active = rules.match(entry);
    if (active) {
      applyFault({ link, flow, across: across(flow), entry, bytes, active });
      return;
    }
    recorder.commit(entry);
    forward(flow, bytes, entry);
  }

  /** The client went too far: its connection ends here. */
  function turnAway(answer: Exclude<LimitAnswer, 'pass'>): void {
    if (answer === 'refuse') {
      make(
        flows['to-client'],
        encode({ type: 'CONNACK', sessionPresent: false, returnCode: 2 }, 4),
      );
    }
    link.cut();
  }

  function opaque(flow: Flow): void {
    const rest = flow.framer.rest();
    if (rest.length > 0 && !deaf(flow)) pass(flow, rest);
  }

  function read(flow: Flow, chunk: Buffer): void {
    if (flow.direction === 'to-broker' && !deaf(flow)) {
      const answer = setup.limits?.received(chunk.length) ?? 'pass';
      if (answer !== 'pass') turnAway(answer);
    }
    // Packets that came in one segment leave in one segment.
    flow.sink.cork();
    flow.framer.push(chunk);
    for (let frame = flow.framer.next(); frame; frame = flow.framer.next()) {
      const packet: WirePacket =
        frame.error === undefined
          ? decode(frame.bytes, version, flow.direction)
          : { type: 'MALFORMED', error: frame.error };
      if (packet.type === 'MALFORMED') flow.framer.giveUp();
      arrived(flow, frame.bytes, packet);
    }
    if (flow.framer.opaque) opaque(flow);
    flow.sink.uncork();
  }

  function sourceEnded(flow: Flow): void {
    if (flow.ended) return;
    flow.ended = true;
    if (flow.framer.opaque) opaque(flow);
    const { wanted } = flow.framer;
    const tail = flow.framer.rest();
    if (tail.length > 0) {
      const of = wanted === undefined ? '' : ` of ${wanted}`;
      const error = `the connection ended inside a packet: ${tail.length}${of} bytes came`;
      flow.framer.giveUp();
      arrived(flow, tail, { type: 'MALFORMED', error });
    }
    recordClosed(flow.source === client ? 'client' : 'broker');
    if (!dark) flow.queue.end();
  }

  /** A side is gone altogether: nobody reads what is still meant for it. */
  function sideClosed(flow: Flow): void {
    sourceEnded(flow);
    across(flow).queue.abandon();
    if (!dark) destroySoon(flow.sink);
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
    flow: direction => flows[direction],
    deaf,
    fateNow,
    forward,
    make,
    bytesOf: made => (made instanceof Uint8Array ? Buffer.from(made) : encode(made, version)),
    cut({ reset = false } = {}) {
      if (dark === 'cut') return;
      recordClosed('tap');
      dark = 'cut';
      for (const flow of both) flow.queue.abandon();
      for (const flow of both) hangUp(flow.sink, reset);
    },
    clientGone: () => closed(client),
    halfClose(direction) {
      const flow = flows[direction];
      flow.queue.abandon();
      flow.sink.end();
    },
    blackhole() {
      dark ??= 'blackhole';
      for (const flow of both) flow.queue.abandon();
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
      for (const flow of both) flow.queue.abandon();
      client.destroy();
      broker.destroy();
      await Promise.all([closed(client), closed(broker)]);
    },
  };

  for (const flow of both) {
    const { source } = flow;
    if (source instanceof Socket) source.setNoDelay(true);
    // What went wrong is told by the close that follows; a stream that does not close is closed.
    source.on('error', (error: NodeJS.ErrnoException) => {
      if (source === broker && error.syscall === 'connect') {
        recorder.note('broker-unreachable', error.message, who, false);
      }
      source.destroy();
    });
    source.on('data', (chunk: Buffer) => read(flow, chunk));
    source.on('end', () => sourceEnded(flow));
    source.on('close', () => sideClosed(flow));
    if (source.destroyed) sideClosed(flow);
  }
  return link;
}
