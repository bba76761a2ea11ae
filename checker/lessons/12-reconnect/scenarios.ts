import { answer, cutBefore, type Peer, type TraceEntry, withhold } from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { isPacket } from '../../harness/recording.js';
import { ourLibraries, scenario } from '../../harness/scenario.js';
import { attemptsTell } from './attempts.js';
import { answerOf, type Facts, idOf, type Reading, standingSince } from './words.js';

/** How long an outage lasts: pauses of one second and two seconds end behind it, and not with it. */
const OUTAGE_MS = 2500;
/** Heartbeats of the long outage are so far apart that saved ones are seen in any burst. */
const SLOW_BEAT_MS = 500;
/** A program dials at least once in five seconds; and its answer needs a moment. */
export const BACK_MS = 6500;
/** Readings that are made in one outage. */
const MANY = 301;
/** How long heartbeats are counted, after the drops. */
export const WINDOW_MS = 2000;

export function facts(keepalive: number) {
  return (random: Random): Facts => {
    const place = `plant-${random.token(3)}`;
    const first = random.int(100, 900);
    return {
      clientId: random.device(),
      keepalive,
      askTopic: `${place}/ask`,
      answerTopic: `${place}/answer`,
      heartbeatTopic: `${place}/heartbeat`,
      readingsTopic: `${place}/readings`,
      questions: Array.from({ length: 6 }, (_, at) => `q-${first + at}`),
      readings: Array.from({ length: 6 }, (_, at) => ({
        id: `r-${first + at}`,
        // 0 is for the odd ones.
        temp: random.decimal(-10, 60, 1) || 0.5,
      })),
      flood: Array.from({ length: MANY }, (_, at) => ({
        id: `r-${first}-${at}`,
        temp: (at + 1) / 8,
      })),
      // No value that stands in the lesson, so that none can be in the program.
      heartbeatMs: random.pick([270, 290, 310, 330]),
    };
  };
}

/** The environment of the contract. */
export function environment(here: Facts): Record<string, string> {
  return {
    MQTT_CLIENT_ID: here.clientId,
    MQTT_KEEPALIVE: String(here.keepalive),
    ASK_TOPIC: here.askTopic,
    ANSWER_TOPIC: here.answerTopic,
    HEARTBEAT_TOPIC: here.heartbeatTopic,
    HEARTBEAT_MS: String(here.heartbeatMs),
    READINGS_TOPIC: here.readingsTopic,
  };
}

export const practiceFacts = facts(10);

export const start = (context: ScenarioContext, here: Facts, env: Record<string, string> = {}) =>
  context.start({ env: { ...environment(here), ...env } });

/** Waits until the program can be asked something; notes it as `back`. False when it does not come. */
export async function standing(
  context: ScenarioContext,
  here: Facts,
  from = 0,
  within = BACK_MS,
): Promise<boolean> {
  const { entries } = context.tap;
  const stands = () => standingSince(entries.slice(from), entries, here.askTopic);
  const came = await context.maybe('a connection with a subscription to ASK_TOPIC', stands, within);
  if (came) context.tap.note('back', 'the program is connected and subscribed');
  return came !== undefined;
}

/** Asks, and waits for the answer. */
async function ask(context: ScenarioContext, here: Facts, at: number): Promise<void> {
  const peer = await context.peer(`control room ${at + 1}`);
  await question(context, here, peer, here.questions[at] ?? '');
  peer.destroy();
}

/** Asks a question, and waits for an answer that comes after it. False when none does. */
export async function question(
  context: ScenarioContext,
  here: Facts,
  peer: Peer,
  text: string,
): Promise<boolean> {
  const from = context.tap.entries.length;
  await peer.publish(here.askTopic, JSON.stringify({ ask: text }), { qos: 1 });
  const came = await context.maybe(`the answer to ${text.slice(0, 20)}`, () =>
    context.tap.entries
      .slice(from)
      .some(
        entry =>
          isPacket(entry, 'PUBLISH') &&
          entry.direction === 'to-broker' &&
          entry.packet.topic === here.answerTopic &&
          answerOf(entry) === text,
      ),
  );
  return came !== undefined;
}

/** Waits for further heartbeats. */
async function beats(context: ScenarioContext, here: Facts, count: number): Promise<void> {
  const from = context.tap.entries.length;
  const isBeat = (entry: TraceEntry) =>
    isPacket(entry, 'PUBLISH') &&
    entry.who === 'program' &&
    entry.packet.topic === here.heartbeatTopic;
  await context.maybe(
    'heartbeats',
    () => context.tap.entries.slice(from).filter(isBeat).length >= count,
    2500,
  );
}

/** Waits until each of these readings has reached the broker. */
export async function allReadings(
  context: ScenarioContext,
  here: Facts,
  readings: readonly Reading[],
  within = 3000,
): Promise<void> {
  const missing = new Set<unknown>(readings.map(one => one.id));
  await context.maybe(
    'every reading',
    entry => {
      if (entry.kind === 'packet' && entry.fate === 'forwarded') {
        missing.delete(idOf(entry, here.readingsTopic));
      }
      return missing.size === 0;
    },
    within,
  );
}

function cutAll(context: ScenarioContext, reset: boolean): void {
  for (const { connection, who, open } of context.tap.connections()) {
    if (open && who === 'program') context.tap.cut(connection, { reset });
  }
}

/** The program while the world is whole: it can be asked, and is. */
export async function begin(
  context: ScenarioContext,
  here: Facts,
  env: Record<string, string> = {},
): Promise<StartedProgram | undefined> {
  const program = await start(context, here, env);
  if (!(await standing(context, here))) return undefined;
  await ask(context, here, 0);
  return program;
}

async function finish(
  context: ScenarioContext,
  here: Facts,
  program: StartedProgram,
  from: number,
  within?: number,
) {
  if (!(await standing(context, here, from, within))) return;
  await ask(context, here, 1);
  await program.stop();
}

/** Three times the line drops: quietly, before an acknowledgement, and with a reset. */
export const threeDrops = scenario<Facts>('three drops', {
  facts: facts(30),
  waits: true,
  run: async (context, here) => {
    const program = await begin(context, here);
    if (!program) return;
    const [first, second, third, ...rest] = here.readings;
    program.feed(first);
    await context.maybe(
      'the first reading',
      entry => idOf(entry, here.readingsTopic) === first?.id,
    );
    await beats(context, here, 2);
    context.tap.note('whole', 'so far nothing was disturbed');
    for (const [drop, reading] of [second, third, rest[0]].entries()) {
      await beats(context, here, context.random.int(1, 3));
      const from = context.tap.entries.length;
      if (drop === 1) {
        const unconfirmed = context.tap.rule({
          who: 'program',
          direction: 'to-client',
          when: ({ packet }) => packet.type === 'PUBACK',
          do: cutBefore(),
        });
        program.feed(rest[1]);
        await context.maybe('the acknowledgement of a reading', () => unconfirmed.applied > 0);
        unconfirmed.remove();
      }
      cutAll(context, drop === 2);
      program.feed(reading);
      if (!(await standing(context, here, from))) return;
      await ask(context, here, drop + 1);
    }
    const begins = context.tap.entries.length;
    context.tap.note('count', 'heartbeats are counted from here');
    await program.leaves(WINDOW_MS);
    context.tap.note('counted', 'heartbeats are counted to here');
    const alive = standingSince(context.tap.entries, context.tap.entries, here.askTopic);
    if (!alive || context.tap.entries.length === begins) return;
    await allReadings(context, here, here.readings.slice(0, 5));
    await ask(context, here, 4);
    // Behind all copies of earlier answers.
    await ask(context, here, 5);
    await program.stop();
  },
});

/** The broker restarts and knows nothing of anybody. */
export const brokerForgets = scenario<Facts>('broker that forgets', {
  facts: facts(30),
  waits: true,
  run: async (context, here) => {
    // Without heartbeats: the packets of a restart alone.
    const program = await begin(context, here, { HEARTBEAT_MS: '60000' });
    if (!program) return;
    const acknowledged = (direction: string) => (entry: TraceEntry) =>
      isPacket(entry, 'PUBACK') && entry.who === 'program' && entry.direction === direction;
    await context.maybe('its PUBACK for the question', acknowledged('to-broker'), 500);
    await context.maybe('the PUBACK for its answer', acknowledged('to-client'), 500);
    const from = context.tap.entries.length;
    context.tap.fault('restart-wipe', 'the broker restarts, without any session');
    await context.broker.restart('wipe');
    await finish(context, here, program, from);
  },
});

/** The port is closed when the program starts. */
export const closedAtStart = scenario<Facts>('port closed at the start', {
  facts: facts(30),
  waits: true,
  run: async (context, here) => {
    const listener = await context.listen();
    await listener.close();
    context.tap.fault('port-closed', 'nobody listens on the port');
    const program = await start(context, here);
    if (await program.leaves(OUTAGE_MS)) return;
    await listener.reopen();
    context.tap.fault('port-open', 'the port is open again');
    await finish(context, here, program, context.tap.entries.length - 1);
  },
});

/** The port closes while the program runs, and a reading is made meanwhile. */
export const closedInBetween = scenario<Facts>('port closed in the middle', {
  facts: facts(30),
  waits: true,
  run: async (context, here) => {
    const listener = await context.listen();
    const program = await begin(context, here);
    if (!program) return;
    const from = context.tap.entries.length;
    await listener.close();
    context.tap.fault('port-closed', 'nobody listens on the port');
    cutAll(context, false);
    // By then it knows that the line is down.
    if (await program.leaves((OUTAGE_MS * 2) / 3)) return;
    for (const reading of [...here.readings, ...here.flood]) program.feed(reading);
    if (await program.leaves(OUTAGE_MS / 3)) return;
    await listener.reopen();
    context.tap.fault('port-open', 'the port is open again');
    if (!(await standing(context, here, from))) return;
    await allReadings(context, here, [...here.readings, ...here.flood], 5000);
    await ask(context, here, 1);
    await program.stop();
  },
});

/**
 * The host accepts connections, but no broker is behind it: each attempt can be seen. The broker comes
 * back right behind an attempt, so that the next pause is seen, too: the longest one, where pauses grow.
 */
export const brokerAway = scenario<Facts>('broker away', {
  facts: facts(30),
  waits: true,
  run: async (context, here) => {
    const program = await begin(context, here, { HEARTBEAT_MS: String(SLOW_BEAT_MS) });
    if (!program) return;
    const from = context.tap.entries.length;
    context.tap.fault('broker-away', 'the broker is away');
    await context.broker.stop();
    await attemptsTell(context, BACK_MS - 700);
    if (!program.running) return;
    await context.broker.start('keep');
    context.tap.fault('broker-back', 'the broker is back');
    if (!(await standing(context, here, from))) return;
    await beats(context, here, 3);
    await ask(context, here, 1);
    await program.stop();
  },
});

/** Milliseconds in which a dead line has to be noticed. */
export const noticeMs = ({ keepalive }: Facts) => 2000 * keepalive + 3000;

/** A line that is dead, and does not say so. */
export const deadLine = scenario<Facts>('dead line', {
  facts: (random, { leastKeepAlive } = ourLibraries) => facts(leastKeepAlive)(random),
  waits: true,
  run: async (context, here) => {
    const program = await begin(context, here);
    if (!program) return;
    await ask(context, here, 2);
    const closed = (entry: TraceEntry) =>
      entry.kind === 'connection' && entry.event === 'closed' && entry.who === 'program';
    await context.maybe('a connection that ends by itself', closed, 1700 * here.keepalive);
    const from = context.tap.entries.length;
    context.tap.note('whole', 'so far nothing was disturbed');
    for (const { connection, who, open } of context.tap.connections()) {
      if (open && who === 'program') context.tap.blackhole(connection);
    }
    await finish(context, here, program, from, noticeMs(here) + 1500);
  },
});

/** After a drop CONNACK takes a second and a half; after another one the broker is not ready yet, and says so. */
export const slowConnack = scenario<Facts>('slow CONNACK', {
  facts: facts(30),
  waits: true,
  run: async (context, here) => {
    const program = await begin(context, here);
    if (!program) return;
    const from = context.tap.entries.length;
    const connack = context.tap.rule({
      who: 'program',
      // Of the one that is asked, when the program has several connections.
      when: ({ packet, connection }) =>
        packet.type === 'CONNACK' &&
        context.tap.entries.some(
          entry =>
            isPacket(entry, 'CONNECT') &&
            entry.connection === connection &&
            entry.packet.clientId === here.clientId,
        ),
      do: withhold(),
    });
    cutAll(context, false);
    const held = () => connack.applied > 0;
    if (!(await context.maybe('a CONNECT after the drop', held, BACK_MS))) return;
    const then = context.tap.entries.length;
    const again = () =>
      context.tap.entries
        .slice(then)
        .some(entry => isPacket(entry, 'CONNECT') && entry.packet.clientId === here.clientId);
    await context.maybe('a second CONNECT', again, 1500);
    connack.release();
    if (!(await standing(context, here, from))) return;
    const refusal = context.tap.rule({
      who: 'program',
      direction: 'to-broker',
      when: ({ packet }) => packet.type === 'CONNECT' && packet.clientId === here.clientId,
      do: answer({ type: 'CONNACK', returnCode: 3, sessionPresent: false }, { close: true }),
    });
    const later = context.tap.entries.length;
    cutAll(context, false);
    const refused = () => refusal.applied > 0;
    if (!(await context.maybe('a CONNECT after another drop', refused, BACK_MS))) return;
    await finish(context, here, program, later);
  },
});
