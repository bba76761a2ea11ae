import { cutBefore, type TraceEntry, withhold } from '../../../wire/index.js';
import type { Random } from '../../harness/random.js';
import { isPacket } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import type { Stage, StagedProgram } from '../../harness/stage.js';
import { answerOf, type Facts, idOf, standingSince } from './words.js';

/** Heartbeats are this far apart. */
export const HEARTBEAT_MS = 200;
/** How long an outage lasts. */
export const OUTAGE_MS = 3000;
/** A program dials at least once in five seconds; and its answer needs a moment. */
const BACK_MS = 6500;
/** How long heartbeats are counted, after the drops. */
export const WINDOW_MS = 2000;

function facts(keepalive: number) {
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
        temp: random.decimal(-10, 60, 1),
      })),
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
    HEARTBEAT_MS: String(HEARTBEAT_MS),
    READINGS_TOPIC: here.readingsTopic,
  };
}

export const practiceFacts = facts(10);

const start = (stage: Stage, here: Facts, env: Record<string, string> = {}) =>
  stage.start({ env: { ...environment(here), ...env } });

/** Waits until the program can be asked something; notes it as `back`. False when it does not come. */
async function standing(stage: Stage, here: Facts, from = 0): Promise<boolean> {
  const { entries } = stage.tap;
  const stands = () => standingSince(entries.slice(from), entries, here.askTopic);
  const came = await stage.maybe('a connection with a subscription to ASK_TOPIC', stands, BACK_MS);
  if (came) stage.tap.note('back', 'the program is connected and subscribed');
  return came !== undefined;
}

/** Asks, and waits for the answer. */
async function ask(stage: Stage, here: Facts, at: number): Promise<void> {
  const question = here.questions[at] ?? '';
  const name = `control room ${at + 1}`;
  const peer = await stage.peer(name);
  await peer.publish(here.askTopic, JSON.stringify({ ask: question }), { qos: 1 });
  await stage.maybe(
    `the answer to ${question}`,
    entry =>
      isPacket(entry, 'PUBLISH') &&
      entry.direction === 'to-broker' &&
      entry.packet.topic === here.answerTopic &&
      answerOf(entry) === question,
  );
  peer.destroy();
}

/** Waits for further heartbeats. */
async function beats(stage: Stage, here: Facts, count: number): Promise<void> {
  const from = stage.tap.entries.length;
  const isBeat = (entry: TraceEntry) =>
    isPacket(entry, 'PUBLISH') &&
    entry.who === 'program' &&
    entry.packet.topic === here.heartbeatTopic;
  await stage.maybe(
    'heartbeats',
    () => stage.tap.entries.slice(from).filter(isBeat).length >= count,
    2500,
  );
}

/** Waits until each of the first so many readings has reached the broker. */
async function allReadings(stage: Stage, here: Facts, count: number): Promise<void> {
  const missing = new Set<unknown>(here.readings.slice(0, count).map(one => one.id));
  await stage.maybe(
    'every reading',
    entry => {
      if (entry.kind === 'packet' && entry.fate === 'forwarded') {
        missing.delete(idOf(entry, here.readingsTopic));
      }
      return missing.size === 0;
    },
    3000,
  );
}

function cutAll(stage: Stage, reset: boolean): void {
  for (const { connection, who, open } of stage.tap.connections()) {
    if (open && who === 'program') stage.tap.cut(connection, { reset });
  }
}

/** The program while the world is whole: it can be asked, and is. */
async function begin(
  stage: Stage,
  here: Facts,
  env: Record<string, string> = {},
): Promise<StagedProgram | undefined> {
  const program = await start(stage, here, env);
  if (!(await standing(stage, here))) return undefined;
  await ask(stage, here, 0);
  return program;
}

async function finish(stage: Stage, here: Facts, program: StagedProgram, from: number) {
  if (!(await standing(stage, here, from))) return;
  await ask(stage, here, 1);
  await program.stop();
}

/** Three times the line drops: quietly, before an acknowledgement, and with a reset. */
export const threeDrops = scenario<Facts>('three drops', {
  facts: facts(30),
  waits: true,
  run: async (stage, here) => {
    const program = await begin(stage, here);
    if (!program) return;
    const [first, second, third, ...rest] = here.readings;
    program.feed(first);
    await stage.maybe('the first reading', entry => idOf(entry, here.readingsTopic) === first?.id);
    await beats(stage, here, 2);
    stage.tap.note('whole', 'so far nothing was disturbed');
    for (const [drop, reading] of [second, third, rest[0]].entries()) {
      await beats(stage, here, stage.random.int(1, 3));
      const from = stage.tap.entries.length;
      if (drop === 1) {
        const unconfirmed = stage.tap.rule({
          who: 'program',
          direction: 'to-client',
          when: ({ packet }) => packet.type === 'PUBACK',
          do: cutBefore(),
        });
        program.feed(rest[1]);
        await stage.maybe('the acknowledgement of a reading', () => unconfirmed.applied > 0);
        unconfirmed.remove();
      }
      cutAll(stage, drop === 2);
      program.feed(reading);
      if (!(await standing(stage, here, from))) return;
      await ask(stage, here, drop + 1);
    }
    const begins = stage.tap.entries.length;
    stage.tap.note('count', 'heartbeats are counted from here');
    await program.leaves(WINDOW_MS);
    stage.tap.note('counted', 'heartbeats are counted to here');
    const alive = standingSince(stage.tap.entries, stage.tap.entries, here.askTopic);
    if (!alive || stage.tap.entries.length === begins) return;
    await allReadings(stage, here, 5);
    await ask(stage, here, 4);
    // Behind all copies of earlier answers.
    await ask(stage, here, 5);
    await program.stop();
  },
});

/** The broker restarts and knows nothing of anybody. */
export const brokerForgets = scenario<Facts>('broker that forgets', {
  facts: facts(30),
  waits: true,
  run: async (stage, here) => {
    // Without heartbeats: the packets of a restart alone.
    const program = await begin(stage, here, { HEARTBEAT_MS: '60000' });
    if (!program) return;
    const acknowledged = (direction: string) => (entry: TraceEntry) =>
      isPacket(entry, 'PUBACK') && entry.who === 'program' && entry.direction === direction;
    await stage.maybe('its PUBACK for the question', acknowledged('to-broker'), 500);
    await stage.maybe('the PUBACK for its answer', acknowledged('to-client'), 500);
    const from = stage.tap.entries.length;
    stage.tap.fault('restart-wipe', 'the broker restarts, without any session');
    await stage.broker.restart('wipe');
    await finish(stage, here, program, from);
  },
});

/** The port is closed when the program starts. */
export const closedAtStart = scenario<Facts>('port closed at the start', {
  facts: facts(30),
  waits: true,
  run: async (stage, here) => {
    const listener = await stage.listen();
    await listener.close();
    stage.tap.fault('port-closed', 'nobody listens on the port');
    const program = await start(stage, here);
    if (await program.leaves(OUTAGE_MS)) return;
    await listener.reopen();
    stage.tap.fault('port-open', 'the port is open again');
    await finish(stage, here, program, stage.tap.entries.length - 1);
  },
});

/** The port closes while the program runs, and a reading is made meanwhile. */
export const closedInBetween = scenario<Facts>('port closed in the middle', {
  facts: facts(30),
  waits: true,
  run: async (stage, here) => {
    const listener = await stage.listen();
    const program = await begin(stage, here);
    if (!program) return;
    const from = stage.tap.entries.length;
    await listener.close();
    stage.tap.fault('port-closed', 'nobody listens on the port');
    cutAll(stage, false);
    // By then it knows that the line is down.
    if (await program.leaves((OUTAGE_MS * 2) / 3)) return;
    for (const reading of here.readings) program.feed(reading);
    if (await program.leaves(OUTAGE_MS / 3)) return;
    await listener.reopen();
    stage.tap.fault('port-open', 'the port is open again');
    if (!(await standing(stage, here, from))) return;
    await allReadings(stage, here, 6);
    await ask(stage, here, 1);
    await program.stop();
  },
});

/** The host accepts connections, but no broker is behind it: each attempt can be seen. */
export const brokerAway = scenario<Facts>('broker away', {
  facts: facts(30),
  waits: true,
  run: async (stage, here) => {
    const program = await begin(stage, here);
    if (!program) return;
    const from = stage.tap.entries.length;
    stage.tap.fault('broker-away', 'the broker is away');
    await stage.broker.stop();
    if (await program.leaves(OUTAGE_MS)) return;
    await stage.broker.start('keep');
    stage.tap.fault('broker-back', 'the broker is back');
    if (!(await standing(stage, here, from))) return;
    await beats(stage, here, 3);
    await ask(stage, here, 1);
    await program.stop();
  },
});

/** A line that is dead, and does not say so. */
export const deadLine = scenario<Facts>('dead line', {
  facts: facts(1),
  waits: true,
  run: async (stage, here) => {
    const program = await begin(stage, here);
    if (!program) return;
    await ask(stage, here, 2);
    const closed = (entry: TraceEntry) =>
      entry.kind === 'connection' && entry.event === 'closed' && entry.who === 'program';
    await stage.maybe('a connection that ends by itself', closed, 1700);
    const from = stage.tap.entries.length;
    stage.tap.note('whole', 'so far nothing was disturbed');
    for (const { connection, who, open } of stage.tap.connections()) {
      if (open && who === 'program') stage.tap.blackhole(connection);
    }
    await finish(stage, here, program, from);
  },
});

/** After a drop CONNACK takes a second and a half. */
export const slowConnack = scenario<Facts>('slow CONNACK', {
  facts: facts(30),
  waits: true,
  run: async (stage, here) => {
    const program = await begin(stage, here);
    if (!program) return;
    const from = stage.tap.entries.length;
    const connack = stage.tap.rule({
      who: 'program',
      // Of the one that is asked, when the program has several connections.
      when: ({ packet, connection }) =>
        packet.type === 'CONNACK' &&
        stage.tap.entries.some(
          entry =>
            isPacket(entry, 'CONNECT') &&
            entry.connection === connection &&
            entry.packet.clientId === here.clientId,
        ),
      do: withhold(),
    });
    cutAll(stage, false);
    const held = () => connack.applied > 0;
    if (!(await stage.maybe('a CONNECT after the drop', held, BACK_MS))) return;
    const then = stage.tap.entries.length;
    const again = () =>
      stage.tap.entries
        .slice(then)
        .some(entry => isPacket(entry, 'CONNECT') && entry.packet.clientId === here.clientId);
    await stage.maybe('a second CONNECT', again, 1500);
    connack.release();
    await finish(stage, here, program, from);
  },
});
