import { replaceWith, withhold } from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import { readObject } from '../../harness/matchers.js';
import type { Random } from '../../harness/random.js';
import { isFromProgram, type PacketOf, type Recording, sent } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';

interface Reading {
  readonly device: string;
  readonly seq: number;
  readonly temp: number;
}

export interface Facts {
  readonly inTopic: string;
  readonly outTopic: string;
  readonly readings: readonly Reading[];
}

export function facts(count: number) {
  return (random: Random): Facts => {
    const place = `lab/${random.token(4)}`;
    const device = random.device();
    const first = random.int(1, 500);
    return {
      inTopic: `${place}/celsius`,
      outTopic: `${place}/fahrenheit`,
      readings: Array.from({ length: count }, (_, at) => ({
        device,
        seq: first + at,
        temp: at === 1 ? 0 : random.decimal(-30, 45, 1),
      })),
    };
  };
}

const start = (context: ScenarioContext, { inTopic, outTopic }: Facts) =>
  context.start({ env: { IN_TOPIC: inTopic, OUT_TOPIC: outTopic } });

async function subscribed(program: StartedProgram): Promise<void> {
  await program.sends('SUBSCRIBE', { what: 'a SUBSCRIBE from your program' });
  await program.receives('SUBACK');
}

export type Answer = PacketOf<'PUBLISH'>;

/** The answers of the program; with QoS 1 a repeated packet is no second answer. */
export function answers(recording: Recording<Facts>): Answer[] {
  return sent(recording, 'PUBLISH').filter(
    ({ packet }) => packet.topic === recording.facts.outTopic && !packet.dup,
  );
}

/** The seq that an answer carries; undefined when it is not readable. */
export function seqOf(entry: Answer): number | undefined {
  const seq = readObject(entry)?.['seq'];
  return typeof seq === 'number' ? seq : undefined;
}

/** One reading after the other, each when the last one was answered. */
export const oneByOne = scenario<Facts>('one by one', {
  facts: facts(5),
  run: async (context, here) => {
    const sensor = await context.peer('sensor');
    const program = await start(context, here);
    await subscribed(program);
    for (const [at, reading] of here.readings.entries()) {
      await sensor.publish(here.inTopic, JSON.stringify(reading));
      await program.sends('PUBLISH', {
        nth: at + 1,
        what: `the answer to reading ${at + 1}`,
        when: ({ packet }) => packet.topic === here.outTopic,
        within: 2500,
      });
    }
    await program.stop();
  },
});

const nonsense = [
  '{"device":',
  '',
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  'null',
  '[1,2]',
  '"21.5"',
  '{}',
];

/** What else arrives on a topic in the course of a year. */
export const hostile = scenario<Facts>('nonsense', {
  facts: facts(3),
  run: async (context, here) => {
    const sensor = await context.peer('sensor');
    const program = await start(context, here);
    await subscribed(program);
    const [first, ...rest] = here.readings;
    await sensor.publish(here.inTopic, JSON.stringify(first));
    for (const payload of nonsense) await sensor.publish(here.inTopic, payload);
    for (const reading of rest) await sensor.publish(here.inTopic, JSON.stringify(reading));
    await program.sends('PUBLISH', {
      what: 'the answer to the reading after the nonsense',
      when: entry => seqOf(entry) === rest.at(-1)?.seq,
      within: 2500,
    });
    await program.stop();
  },
});

export const FIFTY = 50;

/** Fifty readings without a pause; then messages that look alike, but are not for this program. */
export const burst = scenario<Facts>('fifty at once, then decoys', {
  facts: facts(FIFTY + 3),
  run: async (context, here) => {
    const sensor = await context.peer('sensor');
    const program = await start(context, here);
    await subscribed(program);
    for (const reading of atOnce(here)) await sensor.publish(here.inTopic, JSON.stringify(reading));
    const wanted = new Set(atOnce(here).map(one => one.seq));
    await context.until('an answer to each of the fifty readings', entry => {
      if (isFromProgram(entry, 'PUBLISH')) wanted.delete(seqOf(entry) ?? -1);
      return wanted.size === 0;
    });
    const [first, decoy, last] = withDecoy(here);
    const topics = [`${here.inTopic}/raw`, here.inTopic.toUpperCase(), `/${here.inTopic}`];
    await sensor.publish(here.inTopic, JSON.stringify(first));
    for (const topic of topics) await sensor.publish(topic, JSON.stringify(decoy));
    await sensor.publish(here.inTopic, JSON.stringify(last));
    await program.sends('PUBLISH', {
      what: 'the answer to the last reading',
      when: entry => seqOf(entry) === last?.seq,
      within: 2500,
    });
    await program.stop();
  },
});

export const atOnce = ({ readings }: Facts) => readings.slice(0, FIFTY);
/** A reading, one that goes out on other topics, and a reading. */
export const withDecoy = ({ readings }: Facts) => readings.slice(FIFTY);

/** SUBACK comes after a second; the first reading right behind it. */
export const slowSuback = scenario<Facts>('slow SUBACK', {
  facts: facts(2),
  run: async (context, here) => {
    const suback = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'SUBACK',
      do: withhold(),
    });
    const sensor = await context.peer('sensor');
    const program = await start(context, here);
    const first = await program.sends('SUBSCRIBE');
    await context.maybe(
      'second SUBSCRIBE',
      entry => entry.kind === 'packet' && entry.packet.type === 'SUBSCRIBE' && entry.n > first.n,
      1000,
    );
    suback.release();
    for (const reading of here.readings) {
      await sensor.publish(here.inTopic, JSON.stringify(reading));
    }
    await program.sends('PUBLISH', {
      nth: 2,
      what: 'the answers after the late SUBACK',
      when: ({ packet }) => packet.topic === here.outTopic,
    });
    await program.stop();
  },
});

/** The broker refuses the subscription. */
export const refused = scenario<Facts>('refused', {
  facts: facts(1),
  run: async (context, here) => {
    context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'SUBACK',
      do: replaceWith(entry =>
        entry.packet.type === 'SUBACK'
          ? { ...entry.packet, codes: entry.packet.codes.map(() => 128) }
          : entry.packet,
      ),
      times: Number.POSITIVE_INFINITY,
    });
    const program = await start(context, here);
    await program.receives('SUBACK');
    await program.leaves(3000);
  },
});
