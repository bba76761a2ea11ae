import { connections, type Recording, received } from '../recording.js';
import { readCrash } from '../stderr.js';
import { type Detector, lastPacketBefore, seconds } from './detector.js';
import { requireFailure } from './require-call.js';

const cannotDial =
  /refused|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|gaierror|Name or service|unreachable|timed out|ETIMEDOUT/i;

/** Ended although nobody asked it to: not stopped, not killed by a scenario. */
function endedByItself(recording: Recording) {
  return recording.programs.find(
    one =>
      one.exitedAt !== undefined &&
      one.killedAt === undefined &&
      (one.exitCode !== 0 || one.signal !== undefined || one.startError !== undefined),
  );
}

export const crashed: Detector = {
  id: 'U2',
  judges: ['G2'],
  title: 'the program keeps running',
  find: (recording, { source, track }) => {
    const program = endedByItself(recording);
    if (!program || program.exitedAt === undefined) return undefined;
    if (program.startError) {
      return {
        mistake: 'cannot-start',
        expected: 'your program starts',
        seen: `it could not be started: ${program.startError}`,
        why: 'the command is not there, or it may not be executed',
        try: 'run the same command in your terminal first',
      };
    }
    const crash = readCrash(program.stderr);
    // A program that dialled somebody else is told so by the next detector but one.
    if (!crash || (connections(recording).length === 0 && cannotDial.test(crash.error)))
      return undefined;
    const required = track === 'typescript' ? requireFailure(crash.error, source) : undefined;
    if (required) return required;
    const last = lastPacketBefore(recording, program.exitedAt);
    const asked = program.stopAskedAt !== undefined && program.stopAskedAt < program.exitedAt;
    const moment = asked
      ? `${seconds(program.exitedAt - (program.stopAskedAt ?? 0))} after it was asked to stop`
      : last
        ? `${seconds(program.exitedAt - last.t)} after`
        : `${seconds(program.exitedAt - program.startedAt)} after its start`;
    const place = crash.where ? ` (${crash.where})` : '';
    if (crash.kind === 'syntax') {
      return {
        mistake: 'syntax-error',
        expected: 'a program that your language can read',
        seen: crash.text,
        why: 'the file does not parse, so not one line of it ran',
        try: `look at the place named above${place}; the slip is often one line earlier`,
      };
    }
    return {
      mistake: crash.kind === 'import' ? 'import-error' : 'crashed',
      expected: 'your program is alive until it is asked to stop',
      seen: [
        `it stopped by itself ${moment}${last && !asked ? ':' : ''}`,
        ...(last && !asked ? [last] : []),
        crash.text,
      ],
      why:
        crash.kind === 'import'
          ? 'a package or file that it imports is not there'
          : 'an exception that nobody catches ends the process, and with it the connection',
      try:
        crash.kind === 'import'
          ? 'look at that import: is the name right, and is the package installed where your file is?'
          : crash.where
            ? `look at ${crash.where}, and at what was just received`
            : 'read the error above from its first line',
    };
  },
};

export const threadDead: Detector = {
  id: 'U6',
  judges: ['G2'],
  title: 'the network loop is alive',
  find: recording => {
    const program = recording.programs.find(one =>
      /Exception in thread|Caught exception in on_/.test(one.stderr),
    );
    const crash = program && readCrash(program.stderr);
    if (!program || !crash) return undefined;
    const last =
      received(recording, 'PUBLISH').at(-1) ??
      lastPacketBefore(recording, Number.POSITIVE_INFINITY);
    return {
      mistake: 'thread-dead',
      expected: 'a program that goes on answering',
      seen: [...(last ? [last] : []), crash.text],
      why: "an exception in a callback ended paho's network thread: the program is alive, but nobody reads the connection any more",
      try: crash.where
        ? `guard the line at ${crash.where}`
        : 'guard the risky line in the callback',
    };
  },
};
