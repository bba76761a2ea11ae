/**
 * The tap: sits between programs and a broker, reads both directions, records them, and does what
 * its rules say. Without a rule every byte passes unchanged and in order.
 */

import type { Duplex } from 'node:stream';
import { assertNever } from './assert-never.js';
import { createLimitCounter, type LimitCounter } from './client-limits.js';
import { encode } from './decode.js';
import { describePacket } from './describe.js';
import { duplexPair } from './duplex-pair.js';
import { errorText } from './error-text.js';
import {
  createRulebook,
  type FaultRule,
  type Made,
  type Making,
  type RuleHandle,
} from './faults.js';
import { closed, hangUp } from './hang-up.js';
import { createLink } from './link.js';
import type { Link } from './link-contract.js';
import { type ListenOptions, listen, type OwnedTapListener, type TapListener } from './listen.js';
import { createRecorder } from './recorder.js';
import type { Direction, PacketEntry, Trace, TraceEntry } from './trace.js';

export interface TapOptions {
  /** Dials the broker, once for each connection: a TCP or TLS socket, or an in-process stream. */
  readonly open: () => Duplex | Promise<Duplex>;
  /** A clock in milliseconds; monotonic when absent. */
  readonly now?: () => number;
  /** Entries the trace keeps (50 000). After them packets still flow, and rules still apply. */
  readonly maxEntries?: number;
  /** Bytes of packets the trace keeps (64 MiB). */
  readonly maxBytes?: number;
  /** Bytes above which a packet counts as malformed (16 MiB). */
  readonly maxFrame?: number;
}

export interface ConnectionInfo {
  readonly connection: number;
  readonly who: string;
  /** Nobody has closed it yet. */
  readonly open: boolean;
  readonly clientId?: string;
}

export interface UntilOptions {
  /** Index in `entries` from which entries already recorded count; 0 when absent. */
  readonly from?: number;
  readonly signal?: AbortSignal;
}

export interface Tap {
  listen(options: ListenOptions): Promise<TapListener>;
  /** A connection from inside this process; its packets are recorded under `who`. */
  attach(who: string): Duplex;
  /**
   * Makes a rule. Rules are asked in the order they were made; the first that matches decides.
   * Throws a TypeError for a fault that is not known, or a packet that cannot be written.
   */
  rule(rule: FaultRule): RuleHandle;
  /**
   * Ends a connection, or one direction of it. Throws a RangeError for an unknown connection.
   * Resolves when the client has closed its side too (it has noticed), or a second has passed. A
   * reset asks for no answer, so there it says nothing of the client.
   */
  cut(connection: number, options?: { reset?: boolean; direction?: Direction }): Promise<void>;
  /** From now on nothing passes on this connection, closes included. */
  blackhole(connection: number): void;
  /**
   * Sends a packet of the tap's own; answers to an injected PUBLISH are absorbed. Throws a RangeError
   * for a connection that is not open, a TypeError for a packet that cannot be written.
   */
  inject(connection: number, direction: Direction, packet: Made): PacketEntry;
  connections(): readonly ConnectionInfo[];
  /** Whether something of it is under way that no entry tells of yet: a delay, a connection being made. */
  busy(): boolean;
  /** A copy of the trace as it is now, frozen. */
  trace(): Trace;
  /** The entries as they come. A packet's `fate` and `releasedAt` may still change. */
  readonly entries: readonly TraceEntry[];
  note(note: string, text: string, who?: string): void;
  /** Records a fault done elsewhere, such as a restart of the broker. */
  fault(fault: string, text: string, at?: { connection?: number; packet?: number }): void;
  /**
   * Calls back for each new entry, before the packet is passed on, and again when its fate changes.
   * Returns the function that ends it.
   */
  onEntry(listener: (entry: TraceEntry) => void): () => void;
  /** Waits for an entry, recorded already or to come. Rejects by the signal or when the tap closes. */
  until(predicate: (entry: TraceEntry) => boolean, options?: UntilOptions): Promise<TraceEntry>;
  /** Ends every connection and stops listening; nothing stays open. */
  close(): Promise<void>;
}

/** A rule that cannot be done is the author's mistake: said here, not in the middle of a run. */
function checked(rule: FaultRule): FaultRule {
  const { do: action } = rule;
  switch (action.kind) {
    case 'replace':
    case 'answer':
      checkPackets(action.making);
      return rule;
    case 'withhold':
    case 'stall':
    case 'delay':
    case 'drop':
    case 'duplicate':
    case 'cut':
    case 'blackhole':
    case 'set-flags':
    case 'coalesce':
      return rule;
    default:
      return assertNever(action, 'fault');
  }
}

/** @throws TypeError for a packet that cannot be written */
function checkPackets(making: Making): void {
  if (typeof making === 'function') return;
  for (const made of (Array.isArray(making) ? making : [making]) as readonly Made[]) {
    if (!(made instanceof Uint8Array)) encode(made, made.type === 'AUTH' ? 5 : 4);
  }
}

/** Makes a tap. Nothing is open until `listen` or `attach`. */
export function createTap(options: TapOptions): Tap {
  const recorder = createRecorder(options);
  const rules = createRulebook((error, entry) => {
    const why = errorText(error);
    recorder.fault('rule-error', `a rule failed at #${entry.n}: ${why}`);
  });
  const connections = new Map<
    number,
    { who: string; link: Link | undefined; last: ConnectionInfo }
  >();
  const dialling = new Set<Duplex>();
  const listeners = new Set<OwnedTapListener>();
  const waits = new Set<(reason: Error) => void>();
  let count = 0;
  let isClosed = false;

  async function connect(
    id: number,
    client: Duplex,
    who: string,
    limits: LimitCounter | undefined,
  ): Promise<void> {
    let broker: Duplex;
    try {
      broker = await options.open();
    } catch (error) {
      const why = errorText(error);
      recorder.note('broker-unreachable', why, who, false);
      recorder.connection({ connection: id, who, event: 'closed', by: 'broker' });
      setLast(id, false);
      hangUp(client, true);
      return;
    }
    if (isClosed) {
      broker.on('error', () => {});
      broker.destroy();
      client.destroy();
      return;
    }
    const link = createLink({
      id,
      who,
      client,
      broker,
      recorder,
      rules,
      maxFrame: options.maxFrame,
      limits,
      onClosed() {
        setLast(id, false);
        const found = connections.get(id);
        if (found) found.link = undefined;
      },
    });
    const found = connections.get(id);
    if (found && !(client.destroyed && broker.destroyed)) found.link = link;
  }

  function infoOf(link: Link): ConnectionInfo {
    const { clientId } = link;
    const info = { connection: link.id, who: link.who, open: link.open };
    return clientId === undefined ? info : { ...info, clientId };
  }

  function setLast(id: number, open: boolean): void {
    const found = connections.get(id);
    if (found) found.last = { ...(found.link ? infoOf(found.link) : found.last), open };
  }

  function accept(client: Duplex, who: string, limits?: LimitCounter): void {
    if (isClosed || limits?.connected() === false) {
      client.on('error', () => {});
      client.destroy();
      return;
    }
    count++;
    const id = count;
    connections.set(id, { who, link: undefined, last: { connection: id, who, open: true } });
    recorder.connection({ connection: id, who, event: 'opened' });
    // Until the broker has been dialled nobody else listens for the client's errors.
    client.on('error', () => {});
    dialling.add(client);
    void connect(id, client, who, limits).finally(() => dialling.delete(client));
  }

  function linkOf(connection: number): Link | undefined {
    const found = connections.get(connection);
    if (!found) throw new RangeError(`there is no connection ${connection}`);
    return found.link;
  }

  return {
    entries: recorder.entries,
    async listen(listenOptions) {
      const { who } = listenOptions;
      const limits = listenOptions.limits && createLimitCounter(listenOptions.limits);
      const listener = await listen(listenOptions, {
        connected: socket => accept(socket, who, limits),
        tlsFailed: why => recorder.note('tls-failed', why, who, false),
      });
      listeners.add(listener);
      if (isClosed) listener.destroy();
      return listener;
    },
    attach(who) {
      const [near, far] = duplexPair();
      accept(near, who);
      return far;
    },
    rule: rule => rules.add(checked(rule)),
    cut(connection, { reset = false, direction } = {}) {
      const link = linkOf(connection);
      if (!link) return Promise.resolve();
      const at = { connection };
      if (direction) {
        recorder.fault('half-close', `ended ${direction} only`, at);
        link.halfClose(direction);
        return Promise.resolve();
      }
      recorder.fault('cut', reset ? 'connection reset' : 'connection cut', at);
      link.cut({ reset });
      return link.clientGone();
    },
    blackhole(connection) {
      const link = linkOf(connection);
      if (!link) return;
      recorder.fault('blackhole', 'black hole from here on', { connection });
      link.blackhole();
    },
    inject(connection, direction, packet) {
      const link = linkOf(connection);
      if (!link) throw new RangeError(`connection ${connection} is not open`);
      const entry = link.make(link.flow(direction), link.bytesOf(packet));
      const text = `sent by the tap: #${entry.n} ${describePacket(entry.packet)}`;
      recorder.fault('inject', text, { connection, packet: entry.n });
      return entry;
    },
    connections: () =>
      [...connections.values()].map(one => (one.link ? infoOf(one.link) : one.last)),
    busy: () => dialling.size > 0 || [...connections.values()].some(one => one.link?.busy),
    trace: recorder.snapshot,
    note: (note, text, who) => recorder.note(note, text, who),
    fault: recorder.fault,
    onEntry: recorder.onEntry,
    until(predicate, { from = 0, signal } = {}) {
      const promise = new Promise<TraceEntry>((resolve, reject) => {
        if (signal?.aborted) throw signal.reason;
        const found = recorder.entries.slice(from).find(predicate);
        if (found) {
          resolve(found);
          return;
        }
        if (isClosed) throw new Error('the tap is closed');
        const stop = recorder.onEntry(entry => {
          try {
            if (recorder.indexOf(entry) >= from && predicate(entry)) settle(() => resolve(entry));
          } catch (error) {
            settle(() => reject(error));
          }
        });
        const onAbort = () => settle(() => reject(signal?.reason));
        const onClose = (reason: Error) => settle(() => reject(reason));
        function settle(then: () => void): void {
          stop();
          signal?.removeEventListener('abort', onAbort);
          waits.delete(onClose);
          then();
        }
        signal?.addEventListener('abort', onAbort);
        waits.add(onClose);
      });
      // Whoever waits sees the rejection; whoever has stopped waiting must not end the process.
      promise.catch(() => {});
      return promise;
    },
    async close() {
      if (!isClosed) {
        isClosed = true;
        const reason = new Error('the tap was closed');
        for (const listener of listeners) listener.destroy();
        rules.close(reason);
        for (const reject of [...waits]) reject(reason);
        for (const client of dialling) client.destroy();
      }
      const links = [...connections.values()].flatMap(one => one.link ?? []);
      await Promise.all([...[...dialling].map(closed), ...links.map(link => link.destroy())]);
    },
  };
}
