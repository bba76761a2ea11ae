import type { Failure } from '../check.js';
import { crashSignal, signalWords } from '../ending.js';
import { connections, type ProgramRecord, type Recording, received } from '../recording.js';
import { type CrashReport, readCrash } from '../stderr.js';
import { type Detector, lastPacketBefore, seconds } from './detector.js';
import { knownCause } from './known.js';
import { requireFailure } from './require-call.js';

const cannotDial =
  /refused|ECONNREFUSED|\bENOTFOUND\b|EAI_AGAIN|gaierror|Name or service|unreachable|timed out|ETIMEDOUT/i;

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
    if (busyText.test(program.stderr)) return builtTogether;
    const crash = readCrash(program.stderr) ?? bySignal(program);
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
    const cause = knownCause(crash.error);
    return {
      mistake: crash.kind === 'import' ? 'import-error' : 'crashed',
      expected: 'your program is alive until it is asked to stop',
      seen: [
        `it stopped by itself ${moment}${last && !asked ? ':' : ''}`,
        ...(last && !asked ? [last] : []),
        crash.text,
      ],
      why: whyOf(crash, track),
      try: tryOf(crash, last !== undefined && !asked),
      ...cause,
    };
  },
};

/** A signal that says that a program broke, where it left no words. */
function bySignal(program: ProgramRecord): CrashReport | undefined {
  const signal = crashSignal(program);
  if (signal === undefined) return undefined;
  const text = `it was ended by ${signalWords(signal)}`;
  return { error: signal, text, kind: 'signal' };
}

function whyOf({ kind, where, text, error }: CrashReport, track: string): string {
  if (kind === 'import') return 'a package, library or file that it needs is not there';
  if (kind === 'signal') return 'the system ended the process, and with it the connection';
  // Of a language that we do not know, a line is not yet an exception.
  return track === 'command' && where === undefined && text === error
    ? 'the process ended, and with it the connection; what it said last is above'
    : 'an exception that nobody catches ends the process, and with it the connection';
}

function tryOf({ kind, where }: CrashReport, received: boolean): string {
  if (kind === 'import')
    return 'look at that import: is the name right, and is the package installed where your file is?';
  if (kind === 'signal')
    return `run it in a debugger, or with your compiler's checks of memory (-g -fsanitize=address)${received ? '; look at what was just received' : ''}`;
  if (where === undefined) return 'read the error above from its first line';
  return received ? `look at ${where}, and at what was just received` : `look at ${where}`;
}

/** A command that builds and then runs: situations are played at the same time, in one folder. */
const busyText = /Text file busy|ETXTBSY|cannot open output file .*(?:busy|Permission denied)/;

const builtTogether: Failure = {
  mistake: 'built-together',
  expected: 'a command that only runs your program',
  seen: 'the file of the program was being written while another start of the command ran it',
  why: 'a check starts the command several times at once, in one folder; a command that builds first overwrites what another one runs',
  try: 'let the check build once: npx mqtt-course check 4 --build "cc -o p p.c" -- ./p',
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
    const jvm = /^Exception in thread "/m.test(program.stderr);
    const last =
      received(recording, 'PUBLISH').at(-1) ??
      lastPacketBefore(recording, Number.POSITIVE_INFINITY);
    return {
      mistake: 'thread-dead',
      expected: 'a program that goes on answering',
      seen: [...(last ? [last] : []), crash.text],
      why: jvm
        ? 'an exception that nobody catches ended a thread: the program is alive, but what this thread did is done no more'
        : "an exception in a callback ended paho's network thread: the program is alive, but nobody reads the connection any more",
      try: crash.where
        ? `guard the line at ${crash.where}`
        : 'guard the risky line in the callback',
      ...knownCause(crash.error),
    };
  },
};
