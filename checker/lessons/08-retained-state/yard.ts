import { withhold } from '../../../wire/index.js';
import type { Random } from '../../harness/random.js';
import { isFromProgram } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import {
  environment,
  type Facts,
  facts,
  feed,
  mode,
  newcomer,
  start,
  text,
  viewer,
} from './scenarios.js';

/** Machines whose state is stored when the program comes: more than a small memory holds. */
const MANY = 301;

/** One message of a machine, and the report that it asks for. */
export interface Said {
  readonly device: string;
  readonly source: 'stored' | 'live' | 'erased';
  /** Undefined: zero bytes. */
  readonly mode?: string;
  /** Fields beside the mode. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly retain: boolean;
}

export type Line = { readonly mode: string } | { readonly temp: number };

export interface YardFacts extends Facts {
  readonly stored: readonly Said[];
  readonly live: readonly Said[];
  readonly lines: readonly Line[];
}

function yard(random: Random): YardFacts {
  const here = facts(random);
  const name = (at: number, thing = random.device()) => `${thing}-${at}`;
  const [one, two, three] = [mode(here, 0), mode(here, 1), mode(here, 2)];
  const special: readonly Omit<Said, 'device' | 'source' | 'retain'>[] = [
    { mode: '' },
    { mode: 'été-№5-😀' },
    { mode: 'x'.repeat(3000) },
    { mode: one, more: { device: 'liar', source: 'live', retain: false } },
    { mode: '0' },
  ];
  const stored = Array.from(
    { length: MANY },
    (_, at): Said => ({
      device: at === 5 ? name(at, `öfen-😀-${'lang'.repeat(20)}`) : name(at),
      mode: [one, two, three][at % 3] ?? one,
      ...special[at],
      source: 'stored',
      retain: true,
    }),
  );
  const known = (at: number) => stored[at]?.device ?? '';
  const live: Said[] = [
    { device: known(0), source: 'live', mode: two, retain: true },
    // The same once more is a message once more.
    { device: known(0), source: 'live', mode: two, retain: true },
    { device: known(1), source: 'live', mode: '', retain: false },
    { device: known(3), source: 'live', mode: three, more: { source: 'stored' }, retain: true },
    { device: known(MANY - 1), source: 'erased', retain: true },
    // Taken away once more, and a machine that nobody has heard of.
    { device: known(MANY - 1), source: 'erased', retain: true },
    { device: name(MANY), source: 'erased', retain: true },
    { device: known(MANY - 1), source: 'live', mode: one, retain: true },
  ];
  const lines: Line[] = [
    { mode: one },
    { mode: one },
    { temp: 0 },
    { temp: 0 },
    { temp: -0.5 },
    { temp: 21.123456 },
    { mode: '' },
    { mode: 'été-№5-😀' },
    { mode: 'y'.repeat(3000) },
    { temp: 1000 },
    { mode: two },
  ];
  return { ...here, stored, live, lines };
}

/** Hundreds of machines in the yard; each line, and each message, is one that is easily overlooked. */
export const fullYard = scenario<YardFacts>('a full yard', {
  facts: yard,
  run: async (context, here) => {
    await viewer(context, here);
    const peer = await context.peer('yard');
    const say = (one: Said) =>
      peer.publish(
        here.watchFilter.replace('+', one.device),
        one.mode === undefined ? '' : JSON.stringify({ mode: one.mode, ...one.more }),
        { qos: 1, retain: one.retain },
      );
    for (let at = 0; at < here.stored.length; at += 40)
      await Promise.all(here.stored.slice(at, at + 40).map(say));
    let counted = 0;
    let looked = 0;
    const reports = () => {
      // Asked at each of some thousand packets: what was looked at is not looked at again.
      const { entries } = context.tap;
      for (; looked < entries.length; looked++) {
        const entry = entries[looked];
        if (entry && isFromProgram(entry, 'PUBLISH') && entry.packet.topic === here.reportTopic)
          counted += 1;
      }
      return counted;
    };
    const reported = (count: number) =>
      context.maybe(`${count} reports`, () => reports() >= count, 2000);
    const program = await start(context, here);
    const all = await reported(here.stored.length);
    for (const [at, one] of here.live.entries()) {
      await say(one);
      if (all) await reported(here.stored.length + at + 1);
    }
    for (const line of here.lines) {
      const [value] = Object.values(line);
      const topic = 'mode' in line ? here.stateTopic : here.telemetryTopic;
      const field = 'mode' in line ? 'mode' : 'temp';
      const told = await feed(context, program, line, topic, one => {
        try {
          return JSON.parse(one)[field] === value;
        } catch {
          return false;
        }
      });
      if (!told) break;
    }
    await program.stop();
    await newcomer(context, here, 'newcomer');
  },
});

/** Two states, and the input ends before CONNACK comes. */
export const hurry = scenario<Facts>('input ends before CONNACK', {
  facts,
  run: async (context, here) => {
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
      times: Number.POSITIVE_INFINITY,
    });
    const program = await context.start({ env: environment(here) });
    await program.sends('CONNECT');
    program.feed({ mode: mode(here, 0) });
    program.feed({ mode: mode(here, 1) });
    program.endInput();
    await context.maybe(
      'a program that leaves before CONNACK',
      entry => entry.kind === 'connection' && entry.who === 'program' && entry.event === 'closed',
      400,
    );
    connack.remove();
    connack.release();
    await context.maybe(
      'the second state',
      entry =>
        isFromProgram(entry, 'PUBLISH') &&
        entry.packet.topic === here.stateTopic &&
        text(entry.packet).includes(mode(here, 1)),
      3000,
    );
    await program.stop();
    await newcomer(context, here, 'newcomer');
  },
});
