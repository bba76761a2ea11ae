import type { PacketEntry } from '../../../wire/index.js';
import { insteadOf } from '../../harness/matchers.js';
import { notes, type PacketOf, packets, type Recording, sent } from '../../harness/recording.js';
import { type Facts, stored } from './scenarios.js';

export type Seen = (string | PacketEntry)[];

/** What was awaited in vain first, and the last packet of the program before that was given up. */
export function waitedFor(recording: Recording<Facts>): Seen {
  const note = notes(recording, 'not-seen')[0];
  if (!note) return insteadOf(recording, 'such message');
  const last = packets(recording).findLast(entry => entry.t <= note.t);
  return last ? [`${note.text}; the last packet before was`, last] : [note.text];
}

/** What a newcomer read, in words for *Seen*. */
export function read(recording: Recording<Facts>, who = 'newcomer'): Seen {
  const got = stored(recording, who);
  const when =
    who === 'newcomer 2' ? 'and after the kill a newcomer reads' : 'and a newcomer reads';
  return got ? [when, got] : [`${when} nothing`];
}

export const withWill = (recording: Recording<Facts>): PacketOf<'CONNECT'> | undefined =>
  sent(recording, 'CONNECT').find(entry => entry.packet.will !== undefined);
