import { payloadText, setFlags, withhold } from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { scenario } from '../../harness/scenario.js';
import {
  begin,
  type Command,
  environment,
  type Facts,
  type Led,
  newId,
  switchOneByOne,
  topics,
} from './scenarios.js';

function command(led: Led, more: object, what: string): Command {
  const { id } = more as { id?: unknown };
  return {
    payload: JSON.stringify({ led, ...more }),
    led,
    ...(id === undefined ? {} : { id }),
    what,
  };
}

function kinds(random: Random): Facts {
  const text = 'été-№5-😀';
  const escaped = newId(random);
  const commands: Command[] = [
    command('on', { id: newId(random) }, 'a command with an id'),
    // Whoever keeps one object for all answers has the id of the last one in it.
    {
      payload: '{\t"led" :\r\n"off" }',
      led: 'off',
      what: '{"led":"off"} without an id, after one with an id',
    },
    command('on', { id: 0 }, 'a command with the id 0'),
    command('off', { id: '' }, 'a command with an empty text as id'),
    command('on', { id: false }, 'a command with the id false'),
    command('off', { id: -7.25 }, 'a command with the id -7.25'),
    command('on', { id: '0' }, 'a command with the text "0" as id'),
    command('off', { id: text }, 'a command with an id beyond ASCII'),
    command('on', { id: text }, 'another command with the same id'),
    command('off', { id: { desk: [1, 'a', true, { n: null }] } }, 'a command with an object as id'),
    command(
      'on',
      { id: `${newId(random)}-${'x'.repeat(3000)}` },
      'a command with an id of 3000 letters',
    ),
    {
      payload: `{"\\u006ced":"\\u006f\\u0066f","id":"${escaped}"}`,
      id: escaped,
      led: 'off',
      what: '{"led":"off"}, its letters written as \\u006f',
    },
    {
      payload: JSON.stringify({
        note: { led: 'off', id: 'no' },
        list: ['off'],
        led: 'on',
        id: `${escaped}-2`,
      }),
      id: `${escaped}-2`,
      led: 'on',
      what: '{"led":"on"} with more fields, and another led deeper inside',
    },
    command(
      'off',
      { said: '"led":"on","id":"no"', id: [] },
      '{"led":"off"} with a text like a command in it',
    ),
    {
      payload: '{ "led": "on" }',
      led: 'on',
      what: '{"led":"on"} without an id, after one with an id',
    },
  ];
  return {
    ...topics(random),
    commands,
    stored: [
      command('off', { id: newId(random) }, 'a stored command that would change the lamp'),
      { payload: '{"led":  "on"}', led: 'on', what: 'a stored command that would change nothing' },
      { payload: 'stored nonsense', what: 'stored nonsense' },
    ],
    live: (['on', 'off', 'off'] as const).map((led, at) =>
      command(led, { id: `${newId(random)}-${at}` }, `{"led":"${led}"} behind a stored one`),
    ),
  };
}

/** Delivers a message with RETAIN=1, and waits until the program has acknowledged it. */
async function deliverStored(
  context: ScenarioContext,
  program: StartedProgram,
  facts: Facts,
  { payload }: Command,
  publish: (payload: Command['payload']) => Promise<unknown>,
): Promise<void> {
  const isIt = (one: { topic: string; payload: Parameters<typeof payloadText>[0] }) =>
    one.topic === facts.commandTopic && payloadText(one.payload) === payload;
  context.tap.rule({
    who: 'program',
    direction: 'to-client',
    when: ({ packet }) => packet.type === 'PUBLISH' && isIt(packet),
    do: setFlags({ retain: true }),
  });
  await publish(payload);
  const came = await program.receives('PUBLISH', {
    what: 'a message with RETAIN=1 to reach your program',
    when: ({ packet }) => packet.retain && isIt(packet),
  });
  await context.maybe(
    'its acknowledgement',
    entry =>
      entry.kind === 'packet' &&
      entry.who === 'program' &&
      entry.n > came.n &&
      entry.direction === 'to-broker' &&
      (entry.packet.type === 'PUBACK' || entry.packet.type === 'PUBREC') &&
      entry.packet.id === came.packet.id,
    500,
  );
}

/** Commands with ids of every kind and in every spelling; then messages with RETAIN=1 between live ones. */
export const allKinds = scenario<Facts>('ids of all kinds, then stored commands', {
  facts: kinds,
  run: async (context, facts) => {
    const { program, desk } = await begin(context, facts);
    await switchOneByOne(context, { program, desk }, facts, facts.commands);
    const publish = (payload: Command['payload']) =>
      desk.publish(facts.commandTopic, payload, { qos: 1 });
    for (const [at, stored] of (facts.stored ?? []).entries()) {
      await deliverStored(context, program, facts, stored, publish);
      await switchOneByOne(context, { program, desk }, facts, (facts.live ?? []).slice(at, at + 1));
    }
    await program.stop();
  },
});

/** The stop comes while CONNACK is still on its way. */
export const stopsEarly = scenario<Facts>('stop before CONNACK', {
  facts: random => ({ ...topics(random), commands: [] }),
  run: async (context, facts) => {
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
      times: Number.POSITIVE_INFINITY,
    });
    const program = await context.start({ env: environment(facts) });
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
