import { drop, withhold } from '../../../wire/index.js';
import { isFromProgram } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import { cutAll, type Facts, facts, hears, job, says, start, subscribed } from './scenarios.js';

/** How long a program may take to connect again, and a moment for its first packets. */
const BACK_MS = 6500;

/**
 * Its acknowledgement of a job is lost, and then its line: the job comes again to the same program.
 * Its done message has been acknowledged by then.
 */
export const cutAtWork = scenario<Facts>('cut at work', {
  facts,
  waits: true,
  run: async (context, here) => {
    const [first = '', again = ''] = here.live;
    const program = await start(context, here);
    await subscribed(program);
    const foreman = await context.peer('foreman');
    await foreman.publish(here.jobsTopic, job(first), { qos: 1 });
    await program.sends('PUBLISH', says(here, first));
    const mute = context.tap.rule({
      who: 'program',
      direction: 'to-broker',
      when: ({ packet }) => packet.type === 'PUBACK' || packet.type === 'PUBREC',
      do: drop(),
      times: Number.POSITIVE_INFINITY,
    });
    await foreman.publish(here.jobsTopic, job(again), { qos: 1 });
    const done = await program.sends('PUBLISH', says(here, again));
    await context.maybe(
      'the acknowledgement of its done message',
      entry =>
        entry.kind === 'packet' &&
        entry.connection === done.connection &&
        entry.direction === 'to-client' &&
        (entry.packet.type === 'PUBACK' || entry.packet.type === 'PUBCOMP') &&
        entry.packet.id === done.packet.id,
      1000,
    );
    mute.remove();
    const from = context.tap.entries.length;
    cutAll(context);
    const back = await context.maybe(
      'a new connection of your program',
      entry => isFromProgram(entry, 'CONNECT') && entry.n > done.n,
      BACK_MS,
    );
    if (!back) return;
    context.tap.note('back', 'the program has connected again');
    await context.maybe(
      'the job, once more',
      () =>
        context.tap.entries
          .slice(from)
          .some(
            entry =>
              entry.kind === 'packet' &&
              entry.who === 'program' &&
              entry.packet.type === 'PUBLISH' &&
              entry.direction === 'to-client',
          ),
      3000,
    );
    await hears(context, here, [again], from);
    await program.stop();
  },
});

/** The broker restarts under the program and has forgotten it; later it goes, and the program is asked to stop. */
export const forgetsAlive = scenario<Facts>('broker that forgets while the worker is there', {
  facts,
  waits: true,
  run: async (context, here) => {
    const [first = '', second = ''] = here.live;
    const program = await start(context, here);
    await subscribed(program);
    const foreman = await context.peer('foreman');
    await foreman.publish(here.jobsTopic, job(first), { qos: 1 });
    await program.sends('PUBLISH', says(here, first));
    context.tap.fault('restart-wipe', 'the broker restarts, without any session');
    await context.broker.restart('wipe');
    await program.sends('CONNECT', {
      nth: 2,
      what: 'a CONNECT after the restart',
      within: BACK_MS,
    });
    await program.sends('SUBSCRIBE', {
      nth: 2,
      what: 'a SUBSCRIBE after the restart',
      within: 3000,
    });
    await program.receives('SUBACK', { nth: 2 });
    const next = await context.peer('another foreman');
    await next.publish(here.jobsTopic, job(second), { qos: 1 });
    await hears(context, here, [second]);
    context.tap.fault('broker-away', 'the broker is gone');
    await context.broker.stop();
    await context.maybe(
      'the end of its connection',
      entry => entry.kind === 'connection' && entry.event === 'closed' && entry.who === 'program',
      1000,
    );
    await program.stop();
  },
});

/** The stop comes while CONNACK is still on its way. */
export const stopsEarly = scenario<Facts>('stop before CONNACK', {
  facts,
  run: async (context, here) => {
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
      times: Number.POSITIVE_INFINITY,
    });
    const program = await start(context, here);
    await program.sends('CONNECT', { within: 8000 });
    program.endInput();
    await context.maybe(
      'a program that leaves before CONNACK',
      entry => entry.kind === 'connection' && entry.who === 'program' && entry.event === 'closed',
      400,
    );
    connack.remove();
    connack.release();
    await program.stop();
  },
});
