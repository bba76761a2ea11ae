import type { ScenarioContext } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { isPacket } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import {
  carries,
  environment,
  type Facts,
  meters,
  type Reading,
  ready,
  type Send,
  totalOf,
} from './scenarios.js';

/** Readings of one meter behind which its first ones come again: more than a small memory holds. */
const BUSY = 310;
/** Meters of which each reports once, and some again later. */
export const CROWD = 301;
/** So many readings are on their way at the same time. */
const BATCH = 40;

type Kwh = (at: number) => number;

/** A key of boot and seq that is calculated, cut off or written without a gap: where it is the same twice. */
const steps = [1, 11, 101, 257, 1001, 1025, 4097, 10_001, 65_537, 100_001, 1_000_001];

function facts(random: Random): Facts {
  const kwh = () => random.int(5, 95) / 10;
  const meter = (
    device: string,
    counters: readonly (readonly [boot: number, seq: number])[],
    of: Kwh = kwh,
  ): Reading[] => counters.map(([boot, seq], at) => ({ device, boot, seq, kwh: of(at) }));
  const name = (thing = 'meter') => `${thing}-${random.token(4)}`;
  const glued = name();
  const even = [1.5, 1.5, 0, -2.5, 1.5, 3];
  const readings: Record<string, readonly Reading[]> = {
    // From the ninth start to the tenth: as text, ten is before nine.
    returns: meter(name(), [
      [9, 1],
      [9, 2],
      [9, 4],
      [10, 1],
      [10, 2],
      [9, 3],
      [10, 3],
    ]),
    steps: meter(name(), [...steps.map(seq => [7, seq] as const), [8, 1], [8, 2]]),
    glued: meter(glued, [[1, 11], ...Array.from({ length: 10 }, (_, at) => [at + 2, 1] as const)]),
    gluedTo: meter(`${glued}1`, [[1, 1]]),
    even: meter(
      name(),
      even.map((_, at) => [3, at + 1] as const),
      at => even[at] ?? 0,
    ),
    idle: meter(name(), [[2, 1]], () => 0),
    letters: meter(name(`zähler-№5-😀-${'lang'.repeat(20)}`), [
      [2, 254],
      [2, 255],
      [2, 256],
    ]),
    busy: meter(
      name(),
      Array.from({ length: BUSY }, (_, at) => [5, at + 1] as const),
    ),
    closing: meter(name(), [[6, 77]]),
  };
  for (let at = 0; at < CROWD; at++) {
    readings[`crowd ${at}`] = meter(
      `${name()}-${at}`,
      at < 3
        ? [
            [1, 1],
            [1, 2],
          ]
        : [[1, 1]],
    );
  }
  return {
    ...environment(random),
    readings,
    sentinel: { device: name('clock'), boot: 1, seq: 900, kwh: 1 },
  };
}

async function inBatches(send: Send, list: readonly (Reading | undefined)[]): Promise<void> {
  const all = list.filter(one => one !== undefined);
  for (let at = 0; at < all.length; at += BATCH)
    await Promise.all(all.slice(at, at + BATCH).map(send));
}

/** In the order in which they are sent, copies included. */
function story({ readings }: Facts): (Reading | undefined)[] {
  const of = (part: string) => readings[part] ?? [];
  const [busy, returns, letters] = [of('busy'), of('returns'), of('letters')];
  const crowd = Array.from({ length: CROWD }, (_, at) => of(`crowd ${at}`));
  const held = busy[2];
  return [
    // The third reading before the restart comes after it; copies from before it do, too.
    ...returns.slice(0, 6),
    returns[0],
    returns[5],
    returns[6],
    ...of('steps'),
    ...of('glued'),
    ...of('gluedTo'),
    ...of('even'),
    of('even')[1],
    ...of('idle'),
    ...letters,
    letters[0],
    ...busy.filter(one => one !== held),
    busy[0],
    busy[1],
    held,
    ...crowd.map(([first]) => first),
    // The copy of its first reading would tell a program again what it had forgotten.
    ...crowd.slice(0, 3).flatMap((list, at) => (at === 0 ? list : list.slice(1))),
  ];
}

async function closing(context: ScenarioContext, here: Facts, send: Send): Promise<void> {
  const [last] = here.readings['closing'] ?? [];
  if (!last) return;
  await send(last);
  const delivery = await context.maybe(
    'the last reading on its way to the program',
    entry => entry.kind === 'packet' && entry.direction === 'to-client' && carries(entry, last),
  );
  if (!delivery || !isPacket(delivery, 'PUBLISH')) return;
  const { connection, packet } = delivery;
  await context.maybe(
    'its PUBACK',
    entry =>
      isPacket(entry, 'PUBACK') &&
      entry.direction === 'to-broker' &&
      entry.connection === connection &&
      entry.packet.id === packet.id,
    1500,
  );
}

/**
 * Hundreds of meters and of readings, a few values that are special, and copies that come late: behind
 * many others, and behind a restart of the meter. The program is asked to stop right after its last
 * reading.
 */
export const longYear = scenario<Facts>('a long year', {
  facts,
  run: async (context, here) => {
    const send = await meters(context, here);
    const program = await ready(context, here);
    await inBatches(send, [...story(here), here.sentinel]);
    await context.until('the total of the meter that reported last', entry =>
      totalOf(entry, here, here.sentinel.device),
    );
    await closing(context, here, send);
    await program.stop();
  },
});
