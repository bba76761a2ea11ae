import type { PacketEntry } from '../../../wire/index.js';
import { endingWords } from '../ending.js';
import { connections, isPacket, type PacketOf, sent } from '../recording.js';
import { readCrash } from '../stderr.js';
import { type Detector, seconds } from './detector.js';

const literalAddress =
  /(?:mqtt|tcp|ws)s?:\/\/(?:localhost|\d+\.\d+\.\d+\.\d+|[\w.-]+\.\w+)|connect\(\s*['"][\w.-]+['"]/;

export const neverConnected: Detector = {
  id: 'U1',
  judges: ['G1'],
  title: 'the program connects',
  find: (recording, { source }) => {
    const program = recording.programs[0];
    if (!program || connections(recording).length > 0) return undefined;
    if (recording.programs.some(one => one.name !== program.name)) return undefined;
    const literal = literalAddress.test(source);
    const crash = readCrash(program.stderr);
    const itself = program.exitedAt !== undefined && program.killedAt === undefined;
    const end =
      program.exitedAt === undefined || program.killedAt !== undefined
        ? 'your program is still running'
        : `your program ended after ${seconds(program.exitedAt - program.startedAt)} ${endingWords(program)}`;
    return {
      mistake: literal ? 'literal-address' : 'never-connected',
      expected: 'a connection to the address in MQTT_URL',
      seen: [`no connection came; ${end}`, ...(crash ? [crash.text] : [])],
      why: literal
        ? 'your file contains an address of its own, and the broker of this check is somewhere else at every run'
        : itself
          ? 'it ended before it dialled the broker: what it wrote may say why. Or it dialled another address than the one in its environment'
          : 'nothing in the program dialled the broker: the address is not read from the environment, or the program waits for something before it connects',
      try: 'connect to the value of the environment variable MQTT_URL',
    };
  },
};

export const idCollision: Detector = {
  id: 'U3',
  judges: ['G5'],
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

export const storm: Detector = {
  id: 'U5',
  judges: ['G6'],
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
