import { answer, type TraceEntry } from '../../../wire/index.js';
import { readConfiguration } from '../../harness/configuration.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { isPacket } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';

export interface Facts {
  readonly username: string;
  readonly password: string;
  readonly serial: string;
  readonly topic: string;
  readonly prefix: string;
  readonly isPublic: boolean;
  /** Temperatures with four decimals, the last one not 0: nobody makes them up by chance. */
  readonly temps: readonly number[];
}

/** A colon, a space and a letter outside ASCII: nothing that breaks an address, but enough to cut it in the wrong place. */
const plain = (random: Random) => ({
  username: `${random.token(3)}-${random.token(3)}`,
  password: `${random.token(4)}:${random.token(4)} ü${random.token(3)}`,
});

/** Everything that means something to a URL, a shell or JSON. */
const awkward = (random: Random) => ({
  username: `${random.token(3)}@hall/${random.token(3)}#1`,
  password: [
    random.token(3),
    ...random.shuffle([':', '@', '/', '#', '%41', ' ', 'ß', '€', '"', '+']),
  ]
    .map(part => part + random.token(1))
    .join(''),
});

function facts(login: typeof plain, isPublic = false) {
  return (random: Random): Facts => ({
    ...login(random),
    serial: `SN-${random.token(4).toUpperCase()}-${random.int(10_000, 99_999)}`,
    topic: `hall/${random.token(4)}/temperature`,
    prefix: `try-${random.token(6)}`,
    isPublic,
    // Far apart, so that no made-up number is near all of them.
    temps: [-25, 4, 61].map(base => {
      const value = base + random.int(0, 9) + random.int(0, 999) / 1000 + random.int(1, 9) / 10_000;
      return Number(value.toFixed(4));
    }),
  });
}

export const environment = (here: Facts): Record<string, string> => ({
  MQTT_USERNAME: here.username,
  MQTT_PASSWORD: here.password,
  DEVICE_SERIAL: here.serial,
  TOPIC: here.topic,
  PUBLIC_BROKER: here.isPublic ? '1' : '0',
  PUBLIC_PREFIX: here.prefix,
});

const start = (context: ScenarioContext, here: Facts) => context.start({ env: environment(here) });

const fromProgram = (entry: TraceEntry) =>
  entry.kind === 'packet' && entry.who === 'program' && entry.direction === 'to-broker';

/** The broker answers CONNECT with this code, and closes (3.1.1 MQTT-3.2.2-5). */
function refuse(
  context: ScenarioContext,
  returnCode: number,
  times = Number.POSITIVE_INFINITY,
): void {
  context.tap.rule({
    who: 'program',
    direction: 'to-broker',
    when: ({ packet }) => packet.type === 'CONNECT',
    do: answer({ type: 'CONNACK', sessionPresent: false, returnCode }, { close: true }),
    times,
  });
}

/** A broker that knows one user: any other login gets code 5. */
function guard(context: ScenarioContext, here: Facts): void {
  context.tap.rule({
    who: 'program',
    direction: 'to-broker',
    when: ({ packet }) =>
      packet.type === 'CONNECT' &&
      (packet.username !== here.username ||
        !packet.password ||
        !('text' in packet.password) ||
        packet.password.text !== here.password),
    do: answer({ type: 'CONNACK', sessionPresent: false, returnCode: 5 }, { close: true }),
    times: Number.POSITIVE_INFINITY,
  });
}

function count(type: 'CONNECT' | 'PUBLISH', wanted: number): (entry: TraceEntry) => boolean {
  const seen = new Set<TraceEntry>();
  return entry => {
    if (fromProgram(entry) && isPacket(entry, type)) seen.add(entry);
    return seen.size >= wanted;
  };
}

/** Feeds the readings, each when the message of the last one was seen. */
async function feedAll(
  context: ScenarioContext,
  here: Facts,
  program: StartedProgram,
): Promise<void> {
  for (const [at, temp] of here.temps.entries()) {
    program.feed({ temp });
    const what = `the PUBLISH of reading ${at + 1}`;
    if (!(await context.maybe(what, count('PUBLISH', at + 1), 2500))) break;
  }
}

export const login = scenario<Facts>('login', {
  facts: facts(plain),
  run: async (context, here) => {
    guard(context, here);
    const program = await start(context, here);
    await program.sends('CONNECT', { what: 'a CONNECT from your program' });
    await feedAll(context, here, program);
    await program.stop();
  },
});

export const awkwardLogin = scenario<Facts>('awkward letters', {
  facts: facts(awkward),
  run: async (context, here) => {
    guard(context, here);
    const program = await start(context, here);
    await program.receives('CONNACK');
    await program.stop();
  },
});

/** Waits until the program has left, or has dialled so often that it must not any more. */
async function seeOff(
  context: ScenarioContext,
  program: StartedProgram,
  connects: number,
): Promise<void> {
  await context.maybe('another CONNECT after the refusal', count('CONNECT', connects + 1), 3000);
  await program.leaves(500);
}

function refused(returnCode: 4 | 5) {
  return scenario<Facts>(`refused with code ${returnCode}`, {
    facts: facts(plain),
    broker: () => ({ authenticate: () => returnCode }),
    run: async (context, here) => {
      const program = await start(context, here);
      await program.receives('CONNACK');
      await seeOff(context, program, 1);
    },
  });
}
export const notAuthorised = refused(5);
export const badLogin = refused(4);

export const busy = scenario<Facts>('not available, twice', {
  facts: facts(plain),
  run: async (context, here) => {
    refuse(context, 3, 2);
    const program = await start(context, here);
    program.feed({ temp: here.temps[0] });
    for (const nth of [2, 3]) {
      // The pause before the next dialling is the library's: one second, then two.
      await program.sends('CONNECT', { nth, within: 8000, what: 'another CONNECT after code 3' });
    }
    await program.sends('PUBLISH', { what: 'the PUBLISH of the reading that waited' });
    await program.stop();
  },
});

export const rotated = scenario<Facts>('password changed', {
  facts: facts(plain),
  run: async (context, here) => {
    const program = await start(context, here);
    for (const temp of here.temps.slice(0, 2)) program.feed({ temp });
    // mqtt.js tells of its connection only when what had waited for it is acknowledged.
    const acked = await program.receives('PUBACK', { nth: 2, what: 'the PUBACK of a reading' });
    refuse(context, 5);
    context.tap.note('rotated', 'the password was changed at the broker, and the session ended');
    context.tap.cut(acked.connection);
    await program.receives('CONNACK', {
      nth: 2,
      within: 8000,
      what: 'another CONNECT after the broker had hung up',
    });
    await seeOff(context, program, 2);
  },
});

/** Somebody else's broker: everybody gets in, and everybody reads everything. */
export const inPublic = scenario<Facts>('public broker', {
  facts: facts(plain, true),
  run: async (context, here) => {
    const program = await start(context, here);
    await program.sends('CONNECT', { what: 'a CONNECT from your program' });
    await feedAll(context, here, program);
    await program.stop();
  },
});

export const LAB_USERS = {
  sensor: 'cold-27-north',
  dashboard: 'two-big-screens',
} as const;

/** The learner's mosquitto.conf and passwd, asked by everybody who could stand at the door. */
export const house = scenario<Facts>('the door of the house', {
  facts: facts(plain),
  run: async context => {
    const guests = [
      { name: 'sensor', username: 'sensor', password: LAB_USERS.sensor },
      { name: 'dashboard', username: 'dashboard', password: LAB_USERS.dashboard },
      { name: 'somebody without a login' },
      { name: 'sensor with a wrong password', username: 'sensor', password: 'cold-27' },
      { name: 'dashboard without a password', username: 'dashboard' },
      { name: 'a stranger', username: context.random.token(6), password: context.random.token(8) },
    ];
    context.find(await readConfiguration(context, guests));
  },
});
