/** Where on the wire a mistake is: which packet carries it, and which of its bytes. */
import { type BitPart, type BytePart, explainPacket } from '../../wire/draw/explain.js';
import type { PacketEntry, Trace } from '../../wire/index.js';
import type { Recording } from './recording.js';
import type { Verdict } from './result.js';

/** The bytes of a packet that a verdict is about. */
export interface Offence {
  readonly entry: PacketEntry;
  readonly part: BytePart;
  /** The bits of the part that count, where it is one byte of flags. */
  readonly bit?: BitPart;
}

/** The one packet of the learner's program that a failed verdict is about; undefined in doubt. */
export function offendingPacket(verdict: Verdict, recording: Recording): PacketEntry | undefined {
  const { field } = verdict;
  if (!field || verdict.status !== 'failed') return undefined;
  const candidates = recording.trace.entries.filter(
    (entry): entry is PacketEntry =>
      entry.kind === 'packet' &&
      verdict.packets.includes(entry.n) &&
      entry.direction === 'to-broker' &&
      entry.madeByTap === undefined &&
      entry.packet.type === field.packet &&
      recording.programs.some(program => program.name === entry.who),
  );
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** Packet, byte and bits that a failed verdict is about; undefined in doubt. */
export function offence(verdict: Verdict, recording: Recording): Offence | undefined {
  const { name, bits } = verdict.field ?? {};
  const packet = offendingPacket(verdict, recording);
  if (!name || !packet) return undefined;
  const part = onlyPart(recording.trace, packet, name, verdict.seen ?? '');
  if (!part) return undefined;
  if (bits === undefined) return { entry: packet, part };
  const bit = part.bits?.find(one => one.at === bits);
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
