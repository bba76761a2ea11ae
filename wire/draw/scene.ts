/** What a drawing of an exchange shows, before it is known how it is drawn: lifelines and rows. */
import type { SafeOptions } from '../safe.js';
import { safeText } from '../safe.js';
import type {
  ConnectionEntry,
  FaultEntry,
  NoteEntry,
  PacketEntry,
  Trace,
  WirePacket,
} from '../trace.js';

/** Packets that verdicts cite: by number, with the ids of the checks. */
export type Cited = ReadonlyMap<number, readonly string[]>;

/** What the tap did to a packet: a symbol, and the word that always stands beside it. */
export interface Mark {
  readonly symbol: string;
  /** The symbol where only ASCII can be shown. */
  readonly plain: string;
  readonly word: string;
}

export type SceneRow =
  | {
      readonly kind: 'packet';
      readonly entry: PacketEntry;
      /** Set when the packet did not reach the other side at once, or at all. */
      readonly stopped?: Mark;
      /** Set when it came late, or was made by the tap. */
      readonly special?: Mark;
      readonly cited: readonly string[];
    }
  /** A packet kept back is passed on. */
  | { readonly kind: 'release'; readonly t: number; readonly entry: PacketEntry }
  | { readonly kind: 'connection'; readonly entry: ConnectionEntry }
  | {
      readonly kind: 'fault';
      readonly entry: FaultEntry;
      readonly text: string;
      readonly who?: string;
    }
  | { readonly kind: 'note'; readonly entry: NoteEntry }
  | {
      readonly kind: 'fold';
      /** How often the rows before it come again. */
      readonly times: number;
      /** How many rows each time. */
      readonly each: number;
      readonly hidden: readonly SceneRow[];
    };

export interface Scene {
  /** Programs: left of the broker. */
  readonly left: readonly string[];
  /** The checker's own clients: right of it. */
  readonly right: readonly string[];
  readonly rows: readonly SceneRow[];
}

/** Faults that are drawn on their packet, and need no row of their own. */
const ON_PACKET: ReadonlySet<string> = new Set([
  'withhold',
  'stall',
  'drop',
  'delay',
  'duplicate',
  'replace',
  'set-flags',
  'answer',
]);

const stopMarks: Partial<Record<PacketEntry['fate'], Mark>> = {
  lost: { symbol: '✗', plain: 'x', word: 'lost' },
  dropped: { symbol: '✗', plain: 'x', word: 'dropped' },
  absorbed: { symbol: '∅', plain: 'x', word: 'absorbed by the tap' },
  withheld: { symbol: '⏸', plain: '=', word: 'withheld' },
};

function stopped(entry: PacketEntry, faults: ReadonlyMap<number, string>): Mark | undefined {
  const fault = faults.get(entry.n);
  if (entry.fate === 'dropped' && (fault === 'replace' || fault === 'set-flags')) {
    return { symbol: '✗', plain: 'x', word: 'replaced' };
  }
  if (entry.fate === 'absorbed' && fault === 'answer') {
    return { symbol: '∅', plain: 'x', word: 'answered by the tap' };
  }
  return stopMarks[entry.fate];
}

function special(entry: PacketEntry, faults: ReadonlyMap<number, string>): Mark | undefined {
  if (entry.copyOf !== undefined) {
    return { symbol: '⧉', plain: '+', word: `copy of #${entry.copyOf}` };
  }
  if (entry.madeByTap) return { symbol: '◇', plain: '+', word: 'made by the tap' };
  if (entry.releasedAt !== undefined && entry.fate === 'forwarded') {
    const late = Math.round(entry.releasedAt - entry.t);
    return { symbol: '⏲', plain: '~', word: `${late} ms late` };
  }
  if (entry.fate === 'forwarded' && faults.get(entry.n) === 'delay') {
    return { symbol: '⏲', plain: '~', word: 'delayed' };
  }
  return undefined;
}

/** `connection cut before: #8 PUBREC id=7` without the packet that stands above it anyway. */
function faultText(entry: FaultEntry): string {
  return entry.packet === undefined
    ? entry.text
    : entry.text.replace(new RegExp(`: #${entry.packet} .*$`, 's'), ` #${entry.packet}`);
}

/** Lifelines that a scene has from the beginning, whether something came from them or not. */
export interface Lifelines {
  readonly left: readonly string[];
  readonly right: readonly string[];
}

const NO_LIFELINES: Lifelines = { left: [], right: [] };

/** Lifelines and rows of a trace. `cited`: packets to be marked. */
export function sceneOf(
  { entries }: Pick<Trace, 'entries'>,
  cited: Cited = new Map(),
  lifelines: Lifelines = NO_LIFELINES,
): Scene {
  const started = new Set<string>(lifelines.left);
  const clients = new Set<string>([...lifelines.left, ...lifelines.right]);
  const whose = new Map<number, string>();
  const packets = new Map<number, PacketEntry>();
  const faults = new Map<number, string>();
  for (const entry of entries) {
    if (entry.kind === 'packet' || entry.kind === 'connection') {
      clients.add(entry.who);
      whose.set(entry.connection, entry.who);
    }
    if (entry.kind === 'packet') packets.set(entry.n, entry);
    if (entry.kind === 'note' && entry.note === 'started' && entry.who !== undefined) {
      started.add(entry.who);
      clients.add(entry.who);
    }
    if (entry.kind === 'fault' && entry.packet !== undefined && entry.fault !== 'release') {
      faults.set(entry.packet, entry.fault);
    }
  }
  const rows: SceneRow[] = [];
  for (const entry of entries) {
    if (entry.kind === 'packet') {
      const stop = stopped(entry, faults);
      const other = special(entry, faults);
      rows.push({
        kind: 'packet',
        entry,
        ...(stop ? { stopped: stop } : {}),
        ...(other ? { special: other } : {}),
        cited: (cited.get(entry.n) ?? []).map(id => safeText(id, { ascii: true })),
      });
    } else if (entry.kind === 'connection') {
      rows.push({ kind: 'connection', entry });
    } else if (entry.kind === 'note') {
      rows.push({ kind: 'note', entry });
    } else {
      const on = entry.packet === undefined ? undefined : packets.get(entry.packet);
      if (on && ON_PACKET.has(entry.fault)) continue;
      if (on && entry.fault === 'release') {
        rows.push({ kind: 'release', t: entry.t, entry: on });
        continue;
      }
      const who = entry.connection === undefined ? undefined : whose.get(entry.connection);
      const text = faultText(entry);
      rows.push({ kind: 'fault', entry, text, ...(who === undefined ? {} : { who }) });
    }
  }
  const all = [...clients];
  // A trace that tells of no program: whoever came first stands in its place.
  const left = all.filter(who => started.has(who));
  if (left.length === 0 && all.length > 0) left.push(all[0] ?? '');
  return { left, right: all.filter(who => !left.includes(who)), rows };
}

/** What makes two packets alike: all but payload, identifier and time. */
function packetKey(packet: WirePacket): string {
  switch (packet.type) {
    case 'PUBLISH':
      return `${packet.topic}|${packet.qos}|${packet.retain}|${packet.dup}`;
    case 'SUBSCRIBE':
      return JSON.stringify(packet.filters);
    case 'UNSUBSCRIBE':
      return packet.filters.join('|');
    case 'CONNECT':
      return packet.clientId;
    case 'CONNACK':
      return `${packet.returnCode}|${packet.sessionPresent}`;
    case 'SUBACK':
      return packet.codes.join();
    default:
      return '';
  }
}

/** Rows with the same key are alike; a row without one is like no other. */
function rowKey(row: SceneRow): string | undefined {
  if (row.kind === 'connection') return `${row.entry.who}|${row.entry.event}|${row.entry.by}`;
  if (row.kind !== 'packet' || row.stopped || row.special || row.cited.length > 0) return undefined;
  const { who, direction, packet } = row.entry;
  if (packet.type === 'MALFORMED') return undefined;
  return `${who}|${direction}|${packet.type}|${packetKey(packet)}`;
}

/** The longest pattern that is looked for: QoS 2 through a broker takes eight packets. */
const LONGEST_PATTERN = 8;
const LEAST_TIMES = 4;
const LEAST_HIDDEN = 4;

/** Folds what comes again and again: the first time stays, a fold stands for the others. */
export function folded(rows: readonly SceneRow[]): SceneRow[] {
  const keys = rows.map(rowKey);
  const out: SceneRow[] = [];
  let at = 0;
  while (at < rows.length) {
    let each = 0;
    let hidden = 0;
    for (let period = 1; period <= LONGEST_PATTERN; period++) {
      let same = 0;
      for (;;) {
        const key = keys[at + same];
        if (key === undefined || key !== keys[at + same + period]) break;
        same++;
      }
      const times = Math.floor(same / period) + 1;
      const more = (times - 1) * period;
      if (times >= LEAST_TIMES && more >= LEAST_HIDDEN && more > hidden) {
        each = period;
        hidden = more;
      }
    }
    const row = rows[at];
    if (hidden === 0) {
      if (row) out.push(row);
      at++;
      continue;
    }
    out.push(...rows.slice(at, at + each));
    const away = rows.slice(at + each, at + each + hidden);
    out.push({ kind: 'fold', times: hidden / each, each, hidden: away });
    at += each + hidden;
  }
  return out;
}

/** A fold in words: `12 times more the same 2 packets (#5 to #28)`. */
export function foldWords(row: Extract<SceneRow, { kind: 'fold' }>): string {
  const numbers = row.hidden.flatMap(one => (one.kind === 'packet' ? [one.entry.n] : []));
  const onlyPackets = numbers.length === row.hidden.length;
  const things = onlyPackets ? 'packet' : 'line';
  const range = numbers.length > 0 ? ` (#${numbers[0]} to #${numbers.at(-1)})` : '';
  if (row.each === 1) return `${row.times} more ${things}s like this${range}`;
  return `${row.times} times more the same ${row.each} ${things}s${range}`;
}

/** `connection 2 closed by the broker`. */
export function connectionText(entry: ConnectionEntry): string {
  const by = entry.by === undefined ? '' : ` by the ${entry.by}`;
  return `connection ${entry.connection} ${entry.event}${by}`;
}

/** A note in words; names that say nothing to a learner are left out. */
export function noteText(entry: NoteEntry, options: SafeOptions): string {
  const text = safeText(entry.text, options);
  return entry.note === 'gave-up' || entry.note === 'not-seen' ? `${text}: not seen` : text;
}
