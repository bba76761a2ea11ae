/** Keeps the entries of a trace, tells listeners, and bounds what a flooding program can cost. */
import { errorText } from './error-text.js';
import {
  type ConnectionEntry,
  type Direction,
  type Fate,
  type FaultEntry,
  type PacketEntry,
  TRACE_SCHEMA,
  type Trace,
  type TraceEntry,
  type WirePacket,
} from './trace.js';

/** Bytes of one packet kept as hexadecimal. */
export const HEX_LIMIT = 64 * 1024;
/** Entries, and bytes of packets, that a trace keeps when nothing else is said. */
const DEFAULT_MAX_ENTRIES = 50_000;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

export interface RecorderOptions {
  readonly now?: (() => number) | undefined;
  readonly maxEntries?: number | undefined;
  readonly maxBytes?: number | undefined;
}

export interface PacketDraft {
  readonly connection: number;
  readonly who: string;
  readonly direction: Direction;
  readonly packet: WirePacket;
  readonly bytes: Buffer;
  readonly fate: Fate;
  readonly madeByTap?: true;
  readonly copyOf?: number;
}

export interface Recorder {
  readonly entries: readonly TraceEntry[];
  /** Milliseconds since the trace began, with one decimal. */
  time(): number;
  /** Numbers a packet; it enters the trace with `commit`. */
  draft(from: PacketDraft): PacketEntry;
  commit(entry: PacketEntry): void;
  connection(entry: Omit<ConnectionEntry, 'kind' | 't'>): void;
  fault(fault: string, text: string, at?: { connection?: number; packet?: number }): void;
  /** `always` keeps a note even when the trace is full. */
  note(note: string, text: string, who?: string, always?: boolean): void;
  fate(entry: PacketEntry, fate: Fate): void;
  released(entry: PacketEntry): void;
  onEntry(listener: (entry: TraceEntry) => void): () => void;
  /** Where an entry stands in `entries`; -1 for one that was not kept. */
  indexOf(entry: TraceEntry): number;
  snapshot(): Trace;
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}

/** Bytes an entry costs, roughly: its hexadecimal text and its decoded payload. */
const costOf = (entry: PacketEntry) => entry.hex.length + (entry.length ?? entry.hex.length / 2);

export function createRecorder(options: RecorderOptions = {}): Recorder {
  const now = options.now ?? (() => performance.now());
  const maxEntries = options.maxEntries ?? DEFAULT_MAX_ENTRIES;
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const start = now();
  const startedAt = new Date().toISOString();
  const entries: TraceEntry[] = [];
  const kept = new WeakMap<TraceEntry, number>();
  const listeners = new Set<(entry: TraceEntry) => void>();
  let packets = 0;
  let bytes = 0;
  let full = false;

  const time = () => Math.round((now() - start) * 10) / 10;

  function tell(entry: TraceEntry): void {
    for (const listener of [...listeners]) {
      try {
        listener(entry);
      } catch (error) {
        // The wire goes on whatever a listener does; a note that failed is not told again.
        if (entry.kind === 'note' && entry.note === 'listener-error') return;
        note('listener-error', errorText(error));
      }
    }
  }

  function add(entry: TraceEntry, always = false): void {
    if (!always && !full && (entries.length >= maxEntries || bytes >= maxBytes)) {
      full = true;
      const limit = entries.length >= maxEntries ? `${maxEntries} entries` : `${maxBytes} bytes`;
      note('trace-full', `the trace holds ${limit}; what follows is passed on but not recorded`);
    }
    if (full && !always) return;
    if (entry.kind === 'packet') bytes += costOf(entry);
    kept.set(entry, entries.length);
    entries.push(entry);
    tell(entry);
  }

  function note(name: string, text: string, who?: string, always = true): void {
    const entry = {
      kind: 'note',
      t: time(),
      note: name,
      ...(who === undefined ? {} : { who }),
      text,
    };
    add(entry as TraceEntry, always);
  }

  return {
    entries,
    time,
    note,
    draft({ bytes: raw, madeByTap, copyOf, packet, ...rest }) {
      packets++;
      return {
        kind: 'packet',
        n: packets,
        t: time(),
        ...rest,
        packet: frozen(packet),
        hex: raw.toString('hex', 0, HEX_LIMIT),
        ...(raw.length > HEX_LIMIT ? { length: raw.length } : {}),
        ...(madeByTap ? { madeByTap } : {}),
        ...(copyOf === undefined ? {} : { copyOf }),
      };
    },
    commit: entry => add(entry),
    connection: entry => add({ kind: 'connection', t: time(), ...entry }),
    fault(fault, text, at = {}) {
      const entry: FaultEntry = { kind: 'fault', t: time(), fault, ...at, text };
      add(entry);
    },
    fate(entry, fate) {
      if (entry.fate === fate) return;
      entry.fate = fate;
      if (kept.has(entry)) tell(entry);
    },
    released(entry) {
      entry.releasedAt = time();
      if (kept.has(entry)) tell(entry);
    },
    onEntry(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    indexOf: entry => kept.get(entry) ?? -1,
    snapshot: () =>
      Object.freeze({
        schema: TRACE_SCHEMA,
        startedAt,
        entries: Object.freeze(entries.map(entry => Object.freeze({ ...entry }))),
      }),
  };
}
