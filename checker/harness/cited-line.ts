/** Where in a learner's file a failed verdict points, when that is beyond doubt. */
import { callLine } from '../program/source-lines.js';
import { offence, offendingPacket } from './offence.js';
import type { Recording } from './recording.js';
import type { Verdict } from './result.js';

/**
 * The line, from 1: the one that a crash or a parser named, or the only call that sends such a packet.
 * @param name the file's own name, `main.ts`
 */
export function citedLine(
  verdict: Verdict,
  recording: Recording | undefined,
  source: string,
  name: string,
): number | undefined {
  return verdict.mistake === 'crashed' || verdict.mistake === 'syntax-error'
    ? namedLine(verdict.seen ?? '', name)
    : recording && callOf(verdict, recording, source, name);
}

/** `main.ts:12` in what a crash or a parser said. */
function namedLine(seen: string, wanted: string): number | undefined {
  for (const [, name, line] of seen.matchAll(/([^\s(/\\]+\.(?:[cm]?[jt]s|py)):(\d+)/g)) {
    if (name === wanted) return Number(line);
  }
  return undefined;
}

function callOf(
  verdict: Verdict,
  recording: Recording,
  source: string,
  name: string,
): number | undefined {
  const packet = offendingPacket(verdict, recording);
  if (!packet) return undefined;
  const about = offence(verdict, recording);
  const field = about?.bit ? about.bit.meaning : (about?.part.field ?? '');
  return callLine(
    source,
    packet.packet.type,
    field,
    name.endsWith('.py') ? 'python' : 'typescript',
  );
}
