import { notes, type Recording } from '../recording.js';
import { type Detector, seconds } from './detector.js';
import { storm } from './dialling.js';

/** Only where a program is kept within limits: in graded runs, and where it took the checker's name. */
export const overLimit: Detector = {
  id: 'U9',
  judges: ['G7'],
  title: 'the program stays within its limits',
  find: (recording, context) => {
    const note = notes(recording, 'limit')[0];
    return note && !storm.find(recording, context)
      ? {
          mistake: 'over-limit',
          expected: 'a program that leaves the machine and the broker to the others as well',
          seen: `${note.text} (${seconds(note.t)} after the start of the exchange)`,
          why: 'a program that is handed in runs within limits; they are far above what the lesson needs',
          try: 'look for what goes on without an end: a loop, a list that only grows, a connection that is dialled again and again',
        }
      : undefined;
  },
};

/** True when the program was told to stop and did not leave in time. */
export function stillRunning(recording: Recording): boolean {
  return notes(recording, 'still-running').length > 0;
}

/** How the program was when it should have ended: "your program is asleep …". */
export function stillThere(recording: Recording): string {
  const [note] = [...notes(recording, 'still-running'), ...notes(recording, 'not-left')];
  const text = note?.text ?? '';
  return `your ${/(program .*)$/.exec(text)?.[1] ?? 'program was still running'}`;
}
