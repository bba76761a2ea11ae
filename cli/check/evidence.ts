/** What stands behind a failed verdict beside its words: packets, bytes, a line of the source. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { citedLine } from '../../checker/harness/cited-line.js';
import { offence } from '../../checker/harness/offence.js';
import type { Recording } from '../../checker/harness/recording.js';
import type { Verdict } from '../../checker/harness/result.js';
import type { StoredBundle } from '../../checker/index.js';
import { lineOf } from '../../checker/program/source-lines.js';
import type { PacketEntry } from '../../wire/trace.js';
import type { Evidence, SourceLine } from '../render/evidence.js';

/** Packets that are named with their time; more of them are in the trace. */
const MOST_PACKETS = 4;

/**
 * Evidence for each failed verdict, by its id.
 * @param file the learner's file; its lines are cited only while it is the one that was judged
 * @param shown the same, as the learner can open it
 */
export function evidenceOf(
  bundle: StoredBundle,
  file?: string,
  shown?: string,
): ReadonlyMap<string, Evidence> {
  const source = file === undefined ? undefined : judgedSource(bundle, file);
  const found = new Map<string, Evidence>();
  for (const verdict of bundle.result.checks) {
    if (verdict.status !== 'failed') continue;
    const recording =
      verdict.scenario === undefined ? undefined : bundle.recordings[verdict.scenario];
    const place =
      source !== undefined && file !== undefined
        ? placeOf(verdict, recording, source, file, shown ?? file)
        : undefined;
    found.set(verdict.id, {
      packets: recording ? citedPackets(verdict, recording) : [],
      ...(recording ? bytesOf(verdict, recording) : {}),
      ...(place ? { place } : {}),
    });
  }
  return found;
}

function judgedSource(bundle: StoredBundle, file: string): string | undefined {
  try {
    const source = readFileSync(file, 'utf8');
    const hash = createHash('sha256').update(source).digest('hex');
    return bundle.files.some(one => one.sha256 === hash) ? source : undefined;
  } catch {
    return undefined;
  }
}

function citedPackets(verdict: Verdict, recording: Recording): Evidence['packets'] {
  return recording.trace.entries
    .filter(
      (entry): entry is PacketEntry => entry.kind === 'packet' && verdict.packets.includes(entry.n),
    )
    .slice(0, MOST_PACKETS)
    .map(({ n, t, direction, who }) => ({ n, t, direction, who }));
}

function bytesOf(verdict: Verdict, recording: Recording): Pick<Evidence, 'bytes'> {
  const found = offence(verdict, recording);
  if (!found) return {};
  const { entry, part, bit } = found;
  return {
    bytes: {
      n: entry.n,
      type: entry.packet.type,
      field: part.field,
      from: part.from,
      to: part.to,
      value: part.value,
      hex: entry.hex,
      ...(bit ? { bit: { at: bit.at, bits: bit.bits, meaning: bit.meaning } } : {}),
    },
  };
}

/** Where in the learner's file it is, when that is beyond doubt. */
function placeOf(
  verdict: Verdict,
  recording: Recording | undefined,
  source: string,
  file: string,
  shown: string,
): SourceLine | undefined {
  const line = citedLine(verdict, recording, source, basename(file));
  const text = line === undefined ? undefined : lineOf(source, line);
  return line === undefined || text === undefined
    ? undefined
    : { file: shown, path: file, line, text };
}
