import {
  coalesceWithNext,
  drop,
  type PacketEntry,
  type TraceEntry,
  withhold,
} from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import { readObject } from '../../harness/matchers.js';
import type { Random } from '../../harness/random.js';
import { isPacket, type PacketOf } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';

export interface Facts {
  readonly clientId: string;
  readonly jobsTopic: string;
  readonly doneTopic: string;
  /** Jobs while the worker is there. */
  readonly live: readonly string[];
  /** Jobs while it is away. */
  readonly away: readonly string[];
  /** Published with QoS 0 while it is away: nobody keeps it. */
  readonly lost: string;
}

export function facts(random: Random): Facts {
  const hall = `hall-${random.token(3)}`;
  const first = random.int(100, 900);
  const order = (at: number) => `order-${first + at}`;
  return {
    clientId: random.device(),
    jobsTopic: `${hall}/labels/jobs`,
    doneTopic: `${hall}/labels/done`,
    live: [order(0), order(1)],
    away: [order(2), order(3), order(4)],
    lost: order(9),
  };
}

export const start = (context: ScenarioContext, { clientId, jobsTopic, doneTopic }: Facts) =>
  context.start({
    env: { MQTT_CLIENT_ID: clientId, JOBS_TOPIC: jobsTopic, DONE_TOPIC: doneTopic },
  });

export const job = (id: string) => JSON.stringify({ id });

type Publish = PacketOf<'PUBLISH'>;

/** The job that a message calls done; undefined when it is not readable. */
export function doneId(entry: Publish): unknown {
  return readObject(entry)?.['done'];
}

export function says(here: Facts, id: string) {
  return {
    what: `the done message of ${id}`,
    when: (entry: Publish) => entry.packet.topic === here.doneTopic && doneId(entry) === id,
    within: 2500,
  };
}

/** First visit of the worker: it makes its mailbox and leaves. False when it does not leave. */
export async function visit(
  context: ScenarioContext,
  here: Facts,
  jobs: readonly string[] = [],
): Promise<boolean> {
  const foreman = jobs.length > 0 ? await context.peer('foreman') : undefined;
  const program = await start(context, here);
  await subscribed(program);
  for (const id of jobs) {
    await foreman?.publish(here.jobsTopic, job(id), { qos: 1 });
    await program.sends('PUBLISH', says(here, id));
  }
  foreman?.destroy();
  await program.stop();
  return !program.running;
}

/** Waits for done messages on a later visit; the first one that does not come ends the wait. */
export async function hears(
  context: ScenarioContext,
  here: Facts,
  ids: readonly string[],
  from = 0,
): Promise<void> {
  const { entries } = context.tap;
  for (const id of ids) {
    const { what, when } = says(here, id);
    const isIt = (entry: TraceEntry) =>
      isPacket(entry, 'PUBLISH') && entry.direction === 'to-broker' && when(entry);
    const seen = () => entries.slice(from).some(isIt);
    if (!(await context.maybe(what, seen, 2500))) return;
  }
}

export async function subscribed(program: StartedProgram): Promise<void> {
  await program.sends('SUBSCRIBE', { what: 'a SUBSCRIBE from your program', within: 2500 });
  await program.receives('SUBACK');
}

/** Ends every connection of the program. */
export function cutAll(context: ScenarioContext): void {
  for (const { connection, who, open } of context.tap.connections()) {
    if (open && who === 'program') context.tap.cut(connection);
  }
}

/** Jobs come while the worker is away; CONNACK and the first of them come in one segment. */
export const whileAway = scenario<Facts>('jobs while away', {
  facts,
  run: async (context, here) => {
    if (!(await visit(context, here, here.live))) return;
    const foreman = await context.peer('foreman');
    for (const id of here.away) await foreman.publish(here.jobsTopic, job(id), { qos: 1 });
    await foreman.publish(here.jobsTopic, job(here.lost), { qos: 0 });
    await foreman.fence();
    const together = context.tap.rule({
      who: 'program',
      when: ({ packet }) => packet.type === 'CONNACK' && packet.sessionPresent,
      do: coalesceWithNext(),
    });
    const program = await start(context, here);
    const connack = await program.receives('CONNACK', { nth: 2, what: 'a second CONNACK' });
    // Without a waiting job CONNACK would wait for ever.
    await context.maybe(
      'a waiting job',
      entry => entry.kind === 'packet' && entry.n > connack.n && entry.direction === 'to-client',
      500,
    );
    together.release();
    await hears(context, here, here.away);
    await program.stop();
  },
});

/** The broker restarts while the worker is away, and has everything on its disk. */
export const brokerKeeps = scenario<Facts>('broker with a disk', {
  facts,
  run: async (context, here) => {
    if (!(await visit(context, here))) return;
    const [before, ...after] = here.away;
    const foreman = await context.peer('foreman');
    await foreman.publish(here.jobsTopic, job(before ?? ''), { qos: 1 });
    context.tap.fault('restart-keep', 'the broker restarts, with all its sessions');
    await context.broker.restart('keep');
    const next = await context.peer('foreman');
    for (const id of after) await next.publish(here.jobsTopic, job(id), { qos: 1 });
    const program = await start(context, here);
    await hears(context, here, here.away);
    await program.stop();
  },
});

/** The broker restarts while the worker is away, and has forgotten every session. */
export const brokerForgets = scenario<Facts>('broker that forgets', {
  facts,
  run: async (context, here) => {
    if (!(await visit(context, here))) return;
    context.tap.fault('restart-wipe', 'the broker restarts, without any session');
    await context.broker.restart('wipe');
    const program = await start(context, here);
    await program.sends('SUBSCRIBE', {
      nth: 2,
      what: 'a SUBSCRIBE after the restart',
      within: 2500,
    });
    await program.receives('SUBACK', { nth: 2 });
    const foreman = await context.peer('foreman');
    const [id = ''] = here.away;
    await foreman.publish(here.jobsTopic, job(id), { qos: 1 });
    await hears(context, here, [id]);
    await program.stop();
  },
});

/**
 * Killed with a job in its hands. Nothing of what it said about the job has reached the broker, but for
 * an acknowledgement that it sent before its done message.
 */
export const killedAtWork = scenario<Facts>('killed at work', {
  facts,
  run: async (context, here) => {
    const [id = ''] = here.live;
    const foreman = await context.peer('foreman');
    const program = await start(context, here);
    await subscribed(program);
    const mute = context.tap.rule({
      who: 'program',
      direction: 'to-broker',
      when: ({ packet }) => packet.type === 'PUBLISH',
      do: drop(),
      times: Number.POSITIVE_INFINITY,
    });
    const isAck = ({ packet }: PacketEntry) => packet.type === 'PUBACK' || packet.type === 'PUBREC';
    const acks = context.tap.rule({
      who: 'program',
      direction: 'to-broker',
      when: isAck,
      do: withhold(),
      times: Number.POSITIVE_INFINITY,
    });
    await foreman.publish(here.jobsTopic, job(id), { qos: 1 });
    const done = await program.sends('PUBLISH', says(here, id));
    // A library that acknowledges first has taken the job over: so the broker must know.
    const taken = context.tap.entries.some(
      entry =>
        entry.kind === 'packet' &&
        entry.n < done.n &&
        entry.connection === done.connection &&
        entry.direction === 'to-broker' &&
        isAck(entry),
    );
    if (taken) acks.release();
    await program.crash();
    acks.remove();
    mute.remove();
    // What the killed program still sent does not count.
    const from = context.tap.entries.length;
    const again = await start(context, here);
    await hears(context, here, [id], from);
    await again.stop();
  },
});
