import { type TraceEntry, withhold } from '../../../wire/index.js';
import type { ScenarioContext } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { ourLibraries, scenario } from '../../harness/scenario.js';

export interface Facts {
  readonly clientId: string;
  /** Seconds. */
  readonly keepalive: number;
}

/** No keep-alive is a library's default: 60 in mqtt.js, in paho-mqtt and in most others. */
const DEFAULT_KEEP_ALIVE = 60;

const anyFacts = (random: Random): Facts => {
  const keepalive = random.int(7, 89);
  return {
    clientId: random.device(),
    keepalive: keepalive < DEFAULT_KEEP_ALIVE ? keepalive : keepalive + 1,
  };
};

const start = (context: ScenarioContext, { clientId, keepalive }: Facts) =>
  context.start({ env: { MQTT_CLIENT_ID: clientId, MQTT_KEEPALIVE: String(keepalive) } });

const ends = (entry: TraceEntry) => entry.kind === 'connection' && entry.event === 'closed';

/** Connects, stays a moment, and is asked to stop at a time it cannot know. */
export const session = scenario<Facts>('a session', {
  facts: anyFacts,
  run: async (context, facts) => {
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
    });
    const program = await start(context, facts);
    await program.receives('CONNACK');
    // A wait and no fixed delay: a machine that is busy must not answer before the program leaves.
    const left = await context.maybe('a connection that ends before the answer', ends, 250);
    connack.release();
    if (!left) {
      await program.receives('CONNACK', { when: entry => entry.releasedAt !== undefined });
      await context.maybe('a connection that ends', ends, context.random.int(150, 450));
    }
    await program.stop();
  },
});

/** Nothing happens for two and a half keep-alive periods. */
export const idle = scenario<Facts>('idle', {
  facts: (random, { leastKeepAlive } = ourLibraries) => ({
    ...anyFacts(random),
    keepalive: leastKeepAlive,
  }),
  run: async (context, facts) => {
    const program = await start(context, facts);
    await program.receives('CONNACK');
    await context.maybe('a connection that ends while idle', ends, 2500 * facts.keepalive);
    await program.stop();
  },
});

/** CONNACK comes after one and a half seconds. */
export const slowConnack = scenario<Facts>('slow CONNACK', {
  facts: anyFacts,
  run: async (context, facts) => {
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
    });
    const program = await start(context, facts);
    const first = await program.sends('CONNECT');
    await context.maybe(
      'a second CONNECT',
      entry => entry.kind === 'packet' && entry.packet.type === 'CONNECT' && entry.n > first.n,
      1500,
    );
    connack.release();
    await context.maybe(
      'a second CONNECT',
      entry => entry.kind === 'packet' && entry.packet.type === 'CONNECT' && entry.n > first.n,
      300,
    );
  },
});

export interface RefusedFacts extends Facts {
  readonly code: 2 | 5;
}

/** The broker says no. */
export const refused = scenario<RefusedFacts>('refused', {
  facts: random => ({ ...anyFacts(random), code: random.pick([2, 5] as const) }),
  broker: ({ code }) => ({ authenticate: () => code }),
  run: async (context, facts) => {
    const program = await start(context, facts);
    await program.receives('CONNACK');
    await program.leaves(3000);
  },
});

/** The stop comes while CONNACK is still on its way. */
export const earlyStop = scenario<Facts>('stop before CONNACK', {
  facts: anyFacts,
  run: async (context, facts) => {
    context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
      times: Number.POSITIVE_INFINITY,
    });
    const program = await start(context, facts);
    await program.sends('CONNECT');
    await program.stop();
  },
});
