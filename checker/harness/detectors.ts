import type { PacketEntry } from '../../wire/index.js';
import type { Failure } from './check.js';
import {
  connections,
  isPacket,
  notes,
  type PacketOf,
  packets,
  type Recording,
  received,
  sent,
} from './recording.js';
import { readCrash } from './stderr.js';

/** What a detector may look at beside the recording: hints for wording, never reasons. */
export interface DetectorContext {
  readonly source: string;
  readonly track: string;
}

/**
 * A root cause that is the same in every lesson. When a check of a scenario fails and a detector
 * finds its cause there, the detector is what the learner reads, and the check waits for it.
 */
export interface Detector {
  readonly id: string;
  /** As a claim that does not hold: "the program connects". */
  readonly title: string;
  readonly find: (recording: Recording, context: DetectorContext) => Failure | undefined;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(ms < 950 ? 2 : 1)} s`;

function lastPacketBefore(recording: Recording, t: number): PacketEntry | undefined {
  return packets(recording).findLast(entry => entry.t <= t);
}

/** Ended although nobody asked it to: not stopped, not killed by a scenario. */
function endedByItself(recording: Recording) {
  return recording.programs.find(
    one =>
      one.exitedAt !== undefined &&
      one.killedAt === undefined &&
      (one.exitCode !== 0 || one.signal !== undefined || one.startError !== undefined),
  );
}

const crashed: Detector = {
  id: 'U2',
  title: 'the program keeps running',
  find: recording => {
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
      try: crash.where
        ? `look at ${crash.where}, and at what was just received`
        : 'read the error above from its first line',
    };
  },
};

const literalAddress =
  /(?:mqtt|tcp|ws)s?:\/\/(?:localhost|\d+\.\d+\.\d+\.\d+|[\w.-]+\.\w+)|connect\(\s*['"][\w.-]+['"]/;

const cannotDial =
  /refused|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|gaierror|Name or service|unreachable|timed out|ETIMEDOUT/i;

const neverConnected: Detector = {
  id: 'U1',
  title: 'the program connects',
  find: (recording, { source }) => {
    const program = recording.programs[0];
    if (!program || connections(recording).length > 0) return undefined;
    if (recording.programs.some(one => one.name !== program.name)) return undefined;
    const literal = literalAddress.test(source);
    const crash = readCrash(program.stderr);
    const end =
      program.exitedAt === undefined || program.killedAt !== undefined
        ? 'your program is still running'
        : `your program ended after ${seconds(program.exitedAt - program.startedAt)} with exit code ${program.exitCode}`;
    return {
      mistake: literal ? 'literal-address' : 'never-connected',
      expected: 'a connection to the address in MQTT_URL',
      seen: [`no connection came; ${end}`, ...(crash ? [crash.text] : [])],
      why: literal
        ? 'your file contains an address of its own, and the broker of this check is somewhere else at every run'
        : 'nothing in the program dialled the broker: the address is not read from the environment, or the program waits for something before it connects',
      try: 'connect to the value of the environment variable MQTT_URL',
    };
  },
};

const idCollision: Detector = {
  id: 'U3',
  title: 'every connection has a client identifier of its own',
  find: recording => {
    const open = new Map<string, { connection: number; entry: PacketEntry }>();
    for (const entry of recording.trace.entries) {
      if (entry.kind === 'connection' && entry.event === 'closed') {
        for (const [id, one] of open) if (one.connection === entry.connection) open.delete(id);
      }
      if (!isPacket(entry, 'CONNECT') || entry.direction !== 'to-broker' || entry.madeByTap)
        continue;
      const id = entry.packet.clientId;
      const earlier = open.get(id);
      if (id !== '' && earlier && earlier.connection !== entry.connection) {
        return {
          mistake: 'id-collision',
          expected: 'one client identifier, one connection',
          seen: [earlier.entry, entry],
          why: `both connections call themselves "${id}", so the broker must close the older one [3.1.1 MQTT-3.1.4-2]; with automatic reconnecting they push each other out for ever`,
          try: 'connect once; where you need two connections, give each an identifier of its own',
          clauses: ['3.1.1 MQTT-3.1.4-2'],
        };
      }
      open.set(id, { connection: entry.connection, entry });
    }
    return undefined;
  },
};

const wildcardPublish: Detector = {
  id: 'U4',
  title: 'topic names have no wildcards',
  find: recording => {
    const bad = sent(recording, 'PUBLISH').find(entry => /[+#]/.test(entry.packet.topic));
    return bad
      ? {
          mistake: 'wildcard-publish',
          expected: 'a topic name without + and #',
          seen: [bad],
          why: 'wildcards belong in topic filters only [3.1.1 MQTT-3.3.2-2]; the broker hangs up, and at QoS 1 the library sends the message again for ever',
          try: 'print the topic name before you publish, and find where the + or # comes from',
          clauses: ['3.1.1 MQTT-3.3.2-2'],
        }
      : undefined;
  },
};

const malformed: Detector = {
  id: 'U12',
  title: 'the program speaks MQTT',
  find: recording => {
    const bad = sent(recording, 'MALFORMED')[0];
    return bad
      ? {
          mistake: 'malformed',
          expected: 'MQTT control packets',
          seen: [bad],
          why: 'these bytes are not a control packet, so a broker closes the connection [3.1.1 MQTT-4.8.0-1]',
          try: 'look at the first bytes: is another protocol spoken (HTTP, TLS, WebSocket), or is a length wrong?',
          clauses: ['3.1.1 MQTT-4.8.0-1'],
        }
      : undefined;
  },
};

/** CONNECTs of one client within one second that are a storm. */
const STORM = 6;

/**
 * The CONNECTs of each client of a program: three that lose their connections together come back
 * together. Names that are used once may be one client's, which makes a new name each time.
 */
function byClient(connects: readonly PacketOf<'CONNECT'>[]): PacketOf<'CONNECT'>[][] {
  const named = new Map<string, PacketOf<'CONNECT'>[]>();
  for (const one of connects) {
    const { clientId } = one.packet;
    named.set(clientId, [...(named.get(clientId) ?? []), one]);
  }
  const groups = [...named.values()];
  return [
    ...groups.filter(group => group.length > 1),
    groups.filter(group => group.length === 1).flat(),
  ];
}

const storm: Detector = {
  id: 'U5',
  title: 'connecting again has a pause',
  find: recording => {
    for (const connects of byClient(sent(recording, 'CONNECT'))) {
      for (const [at, first] of connects.entries()) {
        const last = connects[at + STORM - 1];
        if (!last || last.t - first.t > 1000) continue;
        const inOneSecond = connects.filter(one => one.t >= first.t && one.t <= first.t + 1000);
        return {
          mistake: 'storm',
          expected: 'at most a few connections in a second',
          seen: [
            `${inOneSecond.length} CONNECTs within one second, from`,
            first,
            'to',
            inOneSecond.at(-1) ?? last,
          ],
          why: 'something connects again without a pause; a thousand such devices take a broker down',
          try: 'print why the previous connection ended before you open the next one',
        };
      }
    }
    return undefined;
  },
};

const threadDead: Detector = {
  id: 'U10',
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

const wrongVersion: Detector = {
  id: 'U13',
  title: 'the program speaks MQTT 3.1.1',
  find: recording => {
    const bad = sent(recording, 'CONNECT').find(entry => entry.packet.protocolVersion !== 4);
    return bad
      ? {
          mistake: 'protocol-version',
          expected: 'CONNECT with protocol level 4: MQTT 3.1.1',
          seen: [bad],
          why: 'this course and its broker speak MQTT 3.1.1; another level is refused with return code 1 [3.1.1 MQTT-3.1.2-2]',
          try: 'leave the protocol version at its default',
          clauses: ['3.1.1 MQTT-3.1.2-2'],
        }
      : undefined;
  },
};

/** Only where a program is kept within limits: in graded runs, and where it took the checker's name. */
const overLimit: Detector = {
  id: 'U14',
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

/** In the order in which they explain: an earlier one is the cause of what a later one would find. */
export const detectors: readonly Detector[] = [
  crashed,
  threadDead,
  overLimit,
  neverConnected,
  malformed,
  wrongVersion,
  wildcardPublish,
  idCollision,
  storm,
];

/** True when the program was told to stop and did not leave in time (U9). */
export function stillRunning(recording: Recording): boolean {
  return notes(recording, 'still-running').length > 0;
}
