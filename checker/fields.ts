/** Where on the wire a mistake is: which packet carries it, and which of its bytes. */
import { type BitPart, type BytePart, explainPacket } from '../wire/draw/explain.js';
import type { PacketEntry, Trace } from '../wire/index.js';
import type { Recording } from './harness/recording.js';
import type { Verdict } from './harness/result.js';

/** A field of a packet, as `trace --explain` names it; some bits of it, as `5` or `4-3`. */
export interface Field {
  readonly type: 'CONNECT' | 'PUBLISH' | 'SUBSCRIBE';
  /** Undefined where the packet as a whole is the mistake. */
  readonly field?: string;
  readonly bits?: string;
}

const connect = (field?: string, bits?: string): Field => entry('CONNECT', field, bits);
const publish = (field?: string, bits?: string): Field => entry('PUBLISH', field, bits);
const subscribe = (field?: string, bits?: string): Field => entry('SUBSCRIBE', field, bits);

function entry(type: Field['type'], field?: string, bits?: string): Field {
  return { type, ...(field ? { field } : {}), ...(bits ? { bits } : {}) };
}

const flags = 'connect flags';
const first = 'type and flags';

/**
 * Mistakes that are one field of one packet. A mistake that shows in several packets, or in what
 * did not come, is not here: nothing is guessed.
 */
export const fieldOf: Readonly<Record<string, Field>> = {
  ...each(connect('client identifier'), ['invented-id', 'another-name', 'new-id-each-boot']),
  ...each(connect('keep-alive'), ['keepalive-ignored']),
  ...each(connect('protocol level'), ['protocol-version']),
  ...each(connect('will topic'), ['will-elsewhere']),
  ...each(connect(flags, '5'), ['will-not-stored']),
  ...each(connect(flags, '4-3'), ['will-at-qos-0']),
  ...each(connect(flags, '2'), ['no-will']),
  ...each(connect(flags, '1'), ['clean-session']),
  ...each(connect(flags, '7'), ['no-login']),
  ...each(connect(), ['connects-twice', 'connection-per-reading']),
  ...each(publish('topic name'), [
    'wrong-topic',
    'wrong-total-topic',
    'wrong-out-topic',
    'wrong-metric',
    'wrong-place',
    'state-elsewhere',
    'reply-elsewhere',
    'leading-slash',
    'trailing-slash',
    'slash-kept',
    'levels-out-of-order',
    'capitals-kept',
    'capitals-lost',
    'spaces-kept',
    'first-space-only',
    'names-unchanged',
    'percent-encoded',
    'dollar-kept',
    'wildcard-kept',
    'empty-level',
    'letters-lost',
    'other-character',
    'nameless-site',
    'shared-topic',
  ]),
  ...each(publish('payload'), [
    'printed-object',
    'double-json',
    'name-damaged',
    'seq-from-zero',
    'seq-not-counting',
    'bytes-not-object',
    'wrong-value',
    'device-field',
    'no-metric-field',
    'erase-with-a-value',
    'topic-as-key',
    'name-not-id',
  ]),
  ...each(publish(first, '2-1'), [
    'qos-too-low',
    'billing-too-low',
    'heartbeat-acknowledged',
    'all-at-2',
    'state-at-qos-0',
    'birth-at-qos-0',
    'goodbye-at-qos-0',
    'done-at-qos-0',
    'telemetry-at-2',
  ]),
  ...each(publish(first, '0'), [
    'retain-missing',
    'state-not-stored',
    'birth-not-stored',
    'goodbye-not-stored',
    'change-not-stored',
    'telemetry-stored',
    'report-stored',
    'error-stored',
    'heartbeat-kept',
    'erase-without-retain',
  ]),
  ...each(subscribe('topic filter'), [
    'wrong-filter',
    'wrong-level-count',
    'everything',
    'too-wide',
    'whole-branch',
    'hears-itself',
    'swapped-topics',
  ]),
  ...each(subscribe('requested QoS', '1-0'), ['subscribed-too-low', 'subscribed-at-0']),
};

function each(field: Field, mistakes: readonly string[]): Record<string, Field> {
  return Object.fromEntries(mistakes.map(mistake => [mistake, field]));
}

/** The bytes of a packet that a verdict is about. */
export interface Offence {
  readonly entry: PacketEntry;
  readonly part: BytePart;
  /** The bits of the part that count, where it is one byte of flags. */
  readonly bit?: BitPart;
}

/** The one packet of the learner's program that a failed verdict is about; undefined in doubt. */
export function offendingPacket(verdict: Verdict, recording: Recording): PacketEntry | undefined {
  const field = fieldOf[verdict.mistake ?? ''];
  if (!field || verdict.status !== 'failed') return undefined;
  const candidates = recording.trace.entries.filter(
    (entry): entry is PacketEntry =>
      entry.kind === 'packet' &&
      verdict.packets.includes(entry.n) &&
      entry.direction === 'to-broker' &&
      entry.madeByTap === undefined &&
      entry.packet.type === field.type &&
      recording.programs.some(program => program.name === entry.who),
  );
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** Packet, byte and bits that a failed verdict is about; undefined in doubt. */
export function offence(verdict: Verdict, recording: Recording): Offence | undefined {
  const known = fieldOf[verdict.mistake ?? ''];
  const packet = offendingPacket(verdict, recording);
  if (!known?.field || !packet) return undefined;
  const part = onlyPart(recording.trace, packet, known.field, verdict.seen ?? '');
  if (!part) return undefined;
  if (known.bits === undefined) return { entry: packet, part };
  const bit = part.bits?.find(one => one.at === known.bits);
  return bit && { entry: packet, part, bit };
}

/** Of several fields of that name, the one whose value the verdict quotes. */
function onlyPart(
  trace: Trace,
  packet: PacketEntry,
  field: string,
  seen: string,
): BytePart | undefined {
  const parts = explainPacket(trace, packet);
  if (parts.some(one => one.problem)) return undefined;
  const found = parts.filter(one => one.field === field);
  if (found.length <= 1) return found[0];
  const quotedOnes = found.filter(one => seen.includes(`"${one.value.replace(/^"|"$/g, '')}"`));
  return quotedOnes.length === 1 ? quotedOnes[0] : undefined;
}
