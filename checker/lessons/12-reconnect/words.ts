import { payloadText, type TraceEntry, topicMatches } from '../../../wire/index.js';
import { isPacket } from '../../harness/recording.js';

export interface Facts {
  readonly clientId: string;
  /** Seconds. */
  readonly keepalive: number;
  readonly askTopic: string;
  readonly answerTopic: string;
  readonly heartbeatTopic: string;
  readonly readingsTopic: string;
  readonly questions: readonly string[];
  readonly readings: readonly Reading[];
  /** Milliseconds between two heartbeats. */
  readonly heartbeatMs: number;
  /** Made in one outage: more than a small store holds. */
  readonly flood: readonly Reading[];
  readonly odd?: { readonly questions: readonly string[]; readonly readings: readonly Reading[] };
}

export interface Reading {
  readonly id: string;
  readonly temp: number;
  readonly [field: string]: unknown;
}

/** All readings that a program may have been given. */
export const fed = ({ readings, flood, odd }: Facts): readonly Reading[] => [
  ...readings,
  ...flood,
  ...(odd?.readings ?? []),
];

function field(entry: TraceEntry, name: string): unknown {
  if (!isPacket(entry, 'PUBLISH')) return undefined;
  try {
    const value: unknown = JSON.parse(payloadText(entry.packet.payload) ?? '');
    return (value as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}

/** The question that a message answers. */
export const answerOf = (entry: TraceEntry) => field(entry, 'answer');

/** The reading that a message of the program on this topic carries. */
export function idOf(entry: TraceEntry, topic: string): unknown {
  return isPacket(entry, 'PUBLISH') &&
    entry.direction === 'to-broker' &&
    entry.packet.topic === topic
    ? field(entry, 'id')
    : undefined;
}

/**
 * Whether a connection of the program made in `part` can be asked: by a SUBSCRIBE that was granted on
 * it, or by a session that has the subscription. `all` is the trace from its beginning.
 */
export function standingSince(
  part: readonly TraceEntry[],
  all: readonly TraceEntry[],
  askTopic: string,
): boolean {
  const closed = new Set(
    part.flatMap(entry =>
      entry.kind === 'connection' && entry.event === 'closed' ? [entry.connection] : [],
    ),
  );
  const asking = new Set<string>();
  const idAt = new Map<number, string>();
  for (const entry of all) {
    if (isPacket(entry, 'CONNECT')) idAt.set(entry.connection, entry.packet.clientId);
    if (
      isPacket(entry, 'SUBSCRIBE') &&
      entry.who === 'program' &&
      entry.packet.filters.some(one => topicMatches(one.filter, askTopic))
    ) {
      asking.add(`${entry.connection}/${entry.packet.id}`);
      asking.add(idAt.get(entry.connection) ?? '');
    }
  }
  const fresh = new Set(
    part.flatMap(entry => (isPacket(entry, 'CONNECT') ? [entry.connection] : [])),
  );
  return part.some(entry => {
    if (entry.kind !== 'packet' || entry.who !== 'program' || closed.has(entry.connection))
      return false;
    if (!fresh.has(entry.connection)) return false;
    if (isPacket(entry, 'SUBACK')) return asking.has(`${entry.connection}/${entry.packet.id}`);
    if (!isPacket(entry, 'CONNACK') || !entry.packet.sessionPresent) return false;
    if (entry.fate !== 'forwarded' && entry.releasedAt === undefined) return false;
    return asking.has(idAt.get(entry.connection) ?? '');
  });
}
