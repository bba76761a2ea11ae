import { cutBefore, withhold } from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import { scenario } from '../../harness/scenario.js';
import { allReadings, BACK_MS, begin, facts, question, standing, start } from './scenarios.js';
import { type Facts, idOf } from './words.js';

const feedThree = (program: StartedProgram, here: Facts) => {
  for (const reading of here.readings.slice(0, 3)) program.feed(reading);
  program.endInput();
};

/** Waits for the three readings, then for the program to leave. */
async function delivered(context: ScenarioContext, here: Facts, program: StartedProgram) {
  await allReadings(context, here, here.readings.slice(0, 3), BACK_MS);
  await program.stop();
}

/** The input ends while CONNACK is still on its way. */
export const endsEarly = scenario<Facts>('input ends before CONNACK', {
  facts: facts(30),
  waits: true,
  run: async (context, here) => {
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
      times: Number.POSITIVE_INFINITY,
    });
    const program = await start(context, here);
    await program.sends('CONNECT', { within: 8000 });
    feedThree(program, here);
    await context.maybe(
      'a program that leaves before CONNACK',
      entry => entry.kind === 'connection' && entry.who === 'program' && entry.event === 'closed',
      400,
    );
    connack.remove();
    connack.release();
    await delivered(context, here, program);
  },
});

/** The input ends while the broker is away; it comes back within a second. */
export const endsAway = scenario<Facts>('input ends in an outage', {
  facts: facts(30),
  waits: true,
  run: async (context, here) => {
    const program = await begin(context, here);
    if (!program) return;
    context.tap.fault('broker-away', 'the broker is away');
    await context.broker.stop();
    // By then it knows that the line is down.
    const from = context.tap.entries.length;
    const attempt = () =>
      context.tap.entries
        .slice(from)
        .some(
          entry =>
            entry.kind === 'connection' && entry.who === 'program' && entry.event === 'opened',
        );
    await context.maybe('an attempt in the outage', attempt, BACK_MS);
    feedThree(program, here);
    await program.leaves(600);
    await context.broker.start('keep');
    context.tap.fault('broker-back', 'the broker is back');
    await delivered(context, here, program);
  },
});

/** The input ends, and the line is cut before the last reading reaches the broker. */
export const endsCut = scenario<Facts>('line cut at the end of the input', {
  facts: facts(30),
  waits: true,
  run: async (context, here) => {
    const program = await begin(context, here);
    if (!program) return;
    const last = here.readings[2];
    context.tap.rule({
      who: 'program',
      direction: 'to-broker',
      when: entry => idOf(entry, here.readingsTopic) === last?.id,
      do: cutBefore(),
    });
    feedThree(program, here);
    await delivered(context, here, program);
  },
});

const notAsked: readonly (string | Uint8Array)[] = [
  ...['{"ask', '', 'null', '[]', '"q-1"', '0', 'false', '{}', '{"answer":"q-1"}'],
  ...['["ask"]', '{"ask":', '['.repeat(100_000)],
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
];

/** Questions and readings of every kind, and between them what is no question. */
export const oddOnes = scenario<Facts>('questions and readings of all kinds', {
  facts: random => {
    const here = facts(30)(random);
    const id = (at: number) => `r-${random.token(3)}-${at}`;
    const [first = ''] = here.questions;
    return {
      ...here,
      odd: {
        questions: ['', '0', 'été-№5-😀', 'a"b\\c\n', 'x'.repeat(3000), first, first],
        readings: [
          { id: id(0), temp: 0 },
          { id: id(1), temp: -12.75 },
          { id: id(2), temp: 21.123456 },
          { id: id(3), temp: 1000 },
          { id: 'été-№5-😀', temp: 4 },
          { id: id(5), temp: 4, unit: '°C', ok: false, note: '', from: { hall: [1, null, 'b'] } },
          { id: id(6), temp: 20.5, note: 'y'.repeat(3000) },
        ],
      },
    };
  },
  run: async (context, here) => {
    const program = await start(context, here);
    if (!(await standing(context, here))) return;
    const { questions = [], readings = [] } = here.odd ?? {};
    for (const reading of readings) program.feed(reading);
    const room = await context.peer('control room');
    for (const payload of notAsked) await room.publish(here.askTopic, payload, { qos: 1 });
    let missed = 0;
    for (const ask of questions) {
      if (!(await question(context, here, room, ask))) missed += 1;
      // It may take one for none; who misses two hears nothing any more.
      if (missed === 2) break;
    }
    await allReadings(context, here, readings, 3000);
    await program.stop();
  },
});
