import type {
  Direction,
  NoteEntry,
  PacketEntry,
  Trace,
  TraceEntry,
  WirePacket,
} from '../../wire/index.js';
import type { ProgramOutput } from './result.js';

/** How one start of the learner's program went. Times are milliseconds in the trace's clock. */
export interface ProgramRecord extends ProgramOutput {
  /** The name that the trace uses in `who`. */
  readonly name: string;
  readonly startedAt: number;
  readonly stopAskedAt?: number;
  readonly killedAt?: number;
  readonly exitedAt?: number;
  /** Set when the program could not be started at all. */
  readonly startError?: string;
}

/** What a scenario leaves behind, and all that its checks may look at. A plain value. */
export interface Recording<Facts = unknown> {
  readonly scenario: string;
  /** What the scenario chose at random and told the program. */
  readonly facts: Facts;
  readonly trace: Trace;
  readonly programs: readonly ProgramRecord[];
  /** What was awaited when the scenario ended early. */
  readonly gaveUp?: {
    readonly waitedFor: string;
    readonly afterMs: number;
    readonly t: number;
    /** Every program was asleep and no timer of it was due: nothing more would have come. */
    readonly atRest?: true;
  };
  /** Times at which this machine was too busy to be trusted with a clock. */
  readonly stalls: readonly { readonly from: number; readonly to: number }[];
  /** What a scenario found beside the wire, such as what a configuration decides: plain JSON. */
  readonly findings?: unknown;
  /** Set when the scenario itself broke: the checks on it are `unknown`. */
  readonly fault?: string;
}

export type PacketType = WirePacket['type'];

/** The packets of one type; some of the trace's shapes stand for several types. */
type OfType<Packet, Type> = Packet extends { readonly type: infer Types }
  ? Type extends Types
    ? Packet & { readonly type: Type }
    : never
  : never;

/** A packet entry whose packet is known to be of one type. */
export type PacketOf<Type extends PacketType> = PacketEntry & {
  readonly packet: OfType<WirePacket, Type>;
};

export interface PacketQuery {
  /** Name of a program or peer; default: any program. */
  readonly who?: string;
  readonly direction?: Direction;
  readonly connection?: number;
  /** Only packets after this one (by number). */
  readonly after?: PacketEntry | undefined;
  readonly before?: PacketEntry | undefined;
  /** Packets that the tap made are left out unless asked for. */
  readonly madeByTap?: boolean;
}

export function isPacket<Type extends PacketType>(
  entry: TraceEntry,
  type: Type,
): entry is PacketOf<Type> {
  return entry.kind === 'packet' && entry.packet.type === type;
}

/** Whether the program (of the name that a scenario gives by itself) sent this to the broker. */
export function isFromProgram<Type extends PacketType>(
  entry: TraceEntry,
  type: Type,
): entry is PacketOf<Type> {
  return isPacket(entry, type) && entry.who === 'program' && entry.direction === 'to-broker';
}

function matches(recording: Recording, entry: PacketEntry, query: PacketQuery): boolean {
  const ofProgram = query.who
    ? entry.who === query.who
    : recording.programs.some(program => program.name === entry.who);
  return (
    ofProgram &&
    (query.direction === undefined || entry.direction === query.direction) &&
    (query.connection === undefined || entry.connection === query.connection) &&
    (query.after === undefined || entry.n > query.after.n) &&
    (query.before === undefined || entry.n < query.before.n) &&
    (query.madeByTap !== false || entry.madeByTap === undefined)
  );
}

/** All packets of the learner's programs (or of `who`), in order. */
export function packets(recording: Recording, query: PacketQuery = {}): PacketEntry[] {
  return recording.trace.entries.filter(
    (entry): entry is PacketEntry => entry.kind === 'packet' && matches(recording, entry, query),
  );
}

/** Packets of one type that the program sent: what came from the program, not what the tap made. */
export function sent<Type extends PacketType>(
  recording: Recording,
  type: Type,
  query: PacketQuery = {},
): PacketOf<Type>[] {
  return packets(recording, { direction: 'to-broker', madeByTap: false, ...query }).filter(
    (entry): entry is PacketOf<Type> => entry.packet.type === type,
  );
}

/** Packets of one type that went towards the program, the tap's own included. */
export function received<Type extends PacketType>(
  recording: Recording,
  type: Type,
  query: PacketQuery = {},
): PacketOf<Type>[] {
  return packets(recording, { direction: 'to-client', ...query }).filter(
    (entry): entry is PacketOf<Type> => entry.packet.type === type,
  );
}

export function notes(recording: Recording, note: string): NoteEntry[] {
  return recording.trace.entries.filter(
    (entry): entry is NoteEntry => entry.kind === 'note' && entry.note === note,
  );
}

/** When the program's connection was closed, and by whom; undefined while open. */
export function closing(recording: Recording, connection: number) {
  return recording.trace.entries.find(
    entry =>
      entry.kind === 'connection' && entry.connection === connection && entry.event === 'closed',
  ) as Extract<TraceEntry, { kind: 'connection' }> | undefined;
}

/** Numbers of the connections that the learner's programs (or `who`) opened, in order. */
export function connections(recording: Recording, who?: string): number[] {
  return recording.trace.entries.flatMap(entry =>
    entry.kind === 'connection' &&
    entry.event === 'opened' &&
    (who ? entry.who === who : recording.programs.some(program => program.name === entry.who))
      ? [entry.connection]
      : [],
  );
}

/** Milliseconds between two times in which the machine let things happen: a claim about time rests on these. */
export function usableMs(recording: Recording, from: number, to: number): number {
  const lost = recording.stalls.map(stall =>
    Math.max(0, Math.min(stall.to, to) - Math.max(stall.from, from)),
  );
  return to - from - lost.reduce((sum, one) => sum + one, 0);
}

/** The first program of the recording; there is always one in a scenario that started one. */
export function program(recording: Recording, name?: string): ProgramRecord | undefined {
  return recording.programs.find(one => name === undefined || one.name === name);
}
