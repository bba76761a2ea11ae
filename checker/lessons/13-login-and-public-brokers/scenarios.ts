import { answer, type TraceEntry, withhold } from '../../../wire/index.js';
import { readConfiguration } from '../../harness/configuration.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import { readObject } from '../../harness/matchers.js';
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
  /** Another house with another device: what is said of both may not tell them apart. */
  readonly twin?: Twin;
}

export interface Twin {
  readonly username: string;
  readonly password: string;
  readonly serial: string;
  readonly temps: readonly number[];
}

/** A colon, a space and a letter outside ASCII: nothing that breaks an address, but enough to cut it in the wrong place. */
const plain = (random: Random) => ({
  username: `${random.token(3)}-${random.token(3)}`,
  password: `${random.token(6)}:${random.token(6)} ü${random.token(3)}`,
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

/** With a letter that no hexadecimal number has: nobody makes it up by chance. */
const makeSerial = (random: Random) =>
  `SN-${random.pick([...'GHJKMNPQRTVWXYZ'])}${random.token(3).toUpperCase()}-${random.int(10_000, 99_999)}`;

function facts(login: typeof plain, isPublic = false) {
  return (random: Random): Facts => ({
    ...login(random),
    serial: makeSerial(random),
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

const start = (context: ScenarioContext, here: Facts, name?: string) =>
  context.start({ env: environment(here), ...(name ? { name } : {}) });

const fromProgram = (entry: TraceEntry, who = 'program') =>
  entry.kind === 'packet' && entry.who === who && entry.direction === 'to-broker';

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

function count(
  type: 'CONNECT' | 'PUBLISH',
  wanted: number,
  who = 'program',
): (entry: TraceEntry) => boolean {
  const seen = new Set<TraceEntry>();
  return entry => {
    if (fromProgram(entry, who) && isPacket(entry, type)) seen.add(entry);
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
    for (const temp of here.temps) program.feed({ temp });
    for (const nth of [2, 3]) {
      // The pause before the next dialling is the library's: one second, then two.
      await program.sends('CONNECT', { nth, within: 8000, what: 'another CONNECT after code 3' });
    }
    const last = await context.maybe('the PUBLISH of each reading that waited', publishesAll(here));
    if (!last) return;
    await program.stop();
  },
});

/** The input ends while the broker is away: no reason to lose what came. */
export const busyAtEnd = scenario<Facts>('not available, and the input ends', {
  facts: facts(plain),
  run: async (context, here) => {
    refuse(context, 3, 1);
    const program = await start(context, here);
    for (const temp of here.temps) program.feed({ temp });
    program.endInput();
    await program.sends('CONNECT', { nth: 2, within: 8000, what: 'another CONNECT after code 3' });
    await context.maybe('the PUBLISH of each reading that waited', publishesAll(here));
    await program.stop();
  },
});

/** True when a message for each of the readings has come; a repeated one is the same. */
function publishesAll({ temps }: Facts): (entry: TraceEntry) => boolean {
  const left = [...temps];
  return entry => {
    if (fromProgram(entry) && isPacket(entry, 'PUBLISH')) {
      const temp = readObject(entry)?.['temp'];
      const at = typeof temp === 'number' ? left.indexOf(temp) : -1;
      if (at >= 0) left.splice(at, 1);
    }
    return left.length === 0;
  };
}

/** First "not now", then "not like this". */
export const busyThenBad = scenario<Facts>('not available, then refused', {
  facts: facts(plain),
  run: async (context, here) => {
    refuse(context, 3, 1);
    refuse(context, 4);
    const program = await start(context, here);
    program.feed({ temp: here.temps[0] });
    await program.sends('CONNECT', { nth: 2, within: 8000, what: 'another CONNECT after code 3' });
    await seeOff(context, program, 2);
  },
});

/** Numbers that a formatting for people, a small type, or a question for truth would change. */
const edges = [0, -40, 0.1, -0.5, 1e-7, 123456789012, -4.876543210987655, 100, 21.5, 21.5];

/** Longer than a program in a hurry waits. Who waits for the event itself is asleep, and this ends early. */
const LATE_MS = 2500;

/** All readings and the end of the input before CONNACK; then PUBACK takes its time. */
export const burst = scenario<Facts>('all at once', {
  facts: random => ({
    ...facts(plain)(random),
    temps: [...edges, ...Array.from({ length: 5 }, () => random.decimal(-30, 45, 3))],
  }),
  run: async (context, here) => {
    guard(context, here);
    const hold = (type: 'CONNACK' | 'PUBACK') =>
      context.tap.rule({
        who: 'program',
        when: ({ packet }) => packet.type === type,
        do: withhold(),
        times: Number.POSITIVE_INFINITY,
      });
    const [connack, pubacks] = [hold('CONNACK'), hold('PUBACK')];
    const program = await start(context, here);
    for (const temp of here.temps) program.feed({ temp });
    program.endInput();
    const isClosed = (entry: TraceEntry) => entry.kind === 'connection' && entry.event === 'closed';
    await program.sends('CONNECT', { what: 'a CONNECT from your program' });
    await context.maybe('end of the connection before CONNACK', isClosed, 150);
    connack.remove();
    connack.release();
    const came = await context.maybe('the PUBLISH of each reading', publishesAll(here));
    if (came) await context.maybe('end of the connection before PUBACK', isClosed, LATE_MS);
    context.tap.note('acknowledged', 'only now the broker acknowledged the readings');
    pubacks.remove();
    pubacks.release();
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

/** Readings of each of the three; the first half is the same everywhere. */
export const ALIKE = 32;

/**
 * How far the others are from their middle, in degrees: in one house on this side of it, in the
 * other on that side. So a mere word for them, warm or cold, rising or falling, is another word in
 * each house, wherever between -15 and 45 the program draws its line.
 */
const FAR = 35;

/**
 * The program three times: at home, in another house, and at home again. The second house has
 * another device, another login, and in the second half other readings. What is made up cannot know
 * in which house it is.
 */
export const threeHouses = scenario<Facts>('public broker, three times', {
  facts: random => {
    const here = facts(plain, true)(random);
    const middle = random.int(12, 18);
    const temps = Array.from({ length: ALIKE }, (_, at) => {
      const far = random.pick([-1, 1]) * random.int(FAR, FAR + 10);
      const base = at < ALIKE / 2 ? random.int(-30, 60) : middle + far;
      return Number((base + random.int(1001, 9998) / 10_000).toFixed(4));
    });
    const other = temps.map((temp, at) =>
      at < ALIKE / 2 ? temp : Number((2 * middle - temp).toFixed(4)),
    );
    return { ...here, temps, twin: { ...plain(random), serial: makeSerial(random), temps: other } };
  },
  run: async (context, here) => {
    // One after the other: what is taken from a clock is then different for the first and the last.
    const houses = [
      { name: 'program', house: here },
      { name: 'twin', house: { ...here, ...here.twin } },
      { name: 'again', house: here },
    ];
    const started = await Promise.all(
      houses.map(async ({ name, house }) => ({
        name,
        house,
        program: await start(context, house, name),
      })),
    );
    for (const { name, house, program } of started) {
      for (const temp of house.temps) program.feed({ temp });
      await context.maybe(`${ALIKE} messages`, count('PUBLISH', ALIKE, name), 3000);
    }
    await Promise.all(started.map(({ program }) => program.stop()));
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
