import { withhold } from '../../../wire/index.js';
import type { Random } from '../../harness/random.js';
import { isPacket } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import {
  copiesOfTrace,
  type Facts,
  facts,
  fromProgram,
  handshake,
  type Kind,
  kinds,
  type Line,
  seqOf,
  variables,
} from './scenarios.js';

/** Lines at once: more than a byte counts, and more than a small memory holds. */
const MANY = 320;

/** Values, names and further fields that a program must not change; each kind has all of them. */
const special: readonly Readonly<Record<string, unknown>>[] = [
  { value: 0 },
  { value: -3 },
  { value: -0.25 },
  { value: 7 },
  { value: 7 },
  { value: 1234567.891 },
  { value: 21.123456 },
  { device: 'öfen-№3-😀', value: 1.5 },
  { value: 2.5, note: '', ok: false, more: null, list: [0, { a: [1, 'ü'] }] },
  { value: 3.5, note: 'x'.repeat(2000) },
];

function stream(random: Random): Facts {
  const wanted: Kind[] = Array.from({ length: MANY }, (_, at) => kinds[at % 3] as Kind);
  const here = facts(wanted)(random);
  const lines = here.lines.map((line, at) => ({
    ...line,
    // Up to what two bytes hold, and beyond.
    seq: 65_536 - MANY / 2 + at,
    ...special[Math.floor(at / 3)],
  }));
  // The first reading that a meter ever counts.
  return { ...here, lines: lines.map((line, at) => (at === 0 ? { ...line, seq: 0 } : line)) };
}

/** Hundreds of lines in one go, and the input ends before CONNACK comes. */
export const everythingAtOnce = scenario<Facts>('everything at once', {
  facts: stream,
  run: async (context, here) => {
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
    });
    const program = await context.start({ env: variables(here) });
    await program.sends('CONNECT');
    for (const line of here.lines) program.feed(line);
    program.endInput();
    await context.maybe(
      'a program that leaves before CONNACK',
      entry => entry.kind === 'connection' && entry.who === 'program' && entry.event === 'closed',
      400,
    );
    connack.remove();
    connack.release();
    const last = here.lines.findLast(line => line.kind !== 'heartbeat') as Line;
    await context.maybe(
      `the PUBLISH of line ${here.lines.indexOf(last) + 1}, ${last.kind}`,
      entry => fromProgram(entry) && seqOf(entry) === last.seq,
      8000,
    );
    await program.stop();
  },
});

/**
 * The line is down twice, for a while, and nobody can dial in. Lines come meanwhile; in the second
 * outage the input ends.
 */
export const outage = scenario<Facts>('outage', {
  facts: facts([
    'telemetry',
    'billing',
    'telemetry',
    'heartbeat',
    'telemetry',
    'billing',
    'telemetry',
  ]),
  run: async (context, here) => {
    const [first, ...rest] = here.lines as [Line, ...Line[]];
    const port = await context.listen();
    const program = await context.start({ env: variables(here) });
    await program.receives('CONNACK');
    await handshake(context, program, first, 0);
    const down = async (lines: readonly Line[], ends: boolean) => {
      await port.close();
      const cuts = context.tap
        .connections()
        .filter(one => one.open && one.who === 'program')
        .map(one => context.tap.cut(one.connection));
      context.tap.note('outage', 'the line is down', 'program');
      // The program has noticed, and has dialled once in vain: until then paho's is_connected() says yes.
      await Promise.all(cuts);
      await context.protocolTime(300);
      for (const line of lines) program.feed(line);
      if (ends) program.endInput();
      await context.protocolTime(150);
      await port.reopen();
      for (const line of lines.filter(({ kind }) => kind !== 'heartbeat')) {
        const published = await context.maybe(
          `the PUBLISH of line ${here.lines.indexOf(line) + 1}, ${line.kind}, after the outage`,
          entry => fromProgram(entry) && seqOf(entry) === line.seq,
          6000,
        );
        if (!published) return false;
      }
      const open = lines.filter(({ kind }) => kind !== 'heartbeat');
      for (const line of open) {
        await context.maybe(
          `the end of the handshake of line ${here.lines.indexOf(line) + 1}`,
          entry =>
            (isPacket(entry, 'PUBACK') || isPacket(entry, 'PUBCOMP')) &&
            entry.direction === 'to-client' &&
            copiesOfTrace(context.tap.entries, line.seq).some(
              one => one.connection === entry.connection && one.packet.id === entry.packet.id,
            ),
          2500,
        );
      }
      return true;
    };
    if (await down(rest.slice(0, 3), false)) await down(rest.slice(3), true);
    await program.stop();
  },
});
