import {
  cutBefore,
  type PacketEntry,
  replaceWith,
  type TraceEntry,
  withhold,
} from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import { readObject } from '../../harness/matchers.js';
import type { Random } from '../../harness/random.js';
import {
  isFromProgram,
  isPacket,
  type PacketOf,
  type Recording,
  sent,
} from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';

export const kinds = ['telemetry', 'heartbeat', 'billing'] as const;
export type Kind = (typeof kinds)[number];

/** The QoS that the lesson's contract gives each kind. */
export const qosOf: Readonly<Record<Kind, 0 | 1 | 2>> = { telemetry: 1, heartbeat: 0, billing: 2 };

export interface Line {
  readonly kind: Kind;
  readonly seq: number;
  readonly device: string;
  readonly value: number;
}

export interface Probe {
  readonly n: number;
  /** QoS at which the checker's client published it. */
  readonly sent: 0 | 1 | 2;
}

export interface Facts {
  readonly clientId: string;
  readonly topics: Readonly<Record<Kind, string>>;
  readonly probeTopic: string;
  readonly reportTopic: string;
  readonly lines: readonly Line[];
  readonly probes: readonly Probe[];
}

export function environment(random: Random) {
  const plant = `plant/${random.token(4)}`;
  return {
    clientId: `meter-${random.token(4)}`,
    topics: {
      telemetry: `${plant}/telemetry`,
      heartbeat: `${plant}/heartbeat`,
      billing: `${plant}/billing`,
    },
    probeTopic: `${plant}/probe`,
    reportTopic: `${plant}/probe/report`,
  };
}

/** Facts with one line for each kind named, in that order. */
export function facts(wanted: readonly Kind[], probes: readonly (0 | 1 | 2)[] = []) {
  return (random: Random): Facts => {
    const here = environment(random);
    const device = random.device();
    const first = random.int(1, 400);
    const n = random.int(300, 9000);
    return {
      ...here,
      lines: wanted.map((kind, at) => ({
        kind,
        seq: first + at,
        device,
        value: random.decimal(1, 90, 1),
      })),
      // A number may be 0, and longer than two bytes.
      probes: probes.map((qos, at) => ({ n: [n, 0, 65_536 + n][at] ?? n + at, sent: qos })),
    };
  };
}

export function variables(here: Omit<Facts, 'lines' | 'probes'>): Record<string, string> {
  return {
    MQTT_CLIENT_ID: here.clientId,
    TELEMETRY_TOPIC: here.topics.telemetry,
    HEARTBEAT_TOPIC: here.topics.heartbeat,
    BILLING_TOPIC: here.topics.billing,
    PROBE_TOPIC: here.probeTopic,
    REPORT_TOPIC: here.reportTopic,
  };
}

export type Message = PacketOf<'PUBLISH'>;

/** The seq that a message carries; undefined when it is not readable. */
export function seqOf(entry: Message): number | undefined {
  return numberIn(entry, 'seq');
}

export function numberIn(entry: Message, field: string): number | undefined {
  const value = readObject(entry)?.[field];
  return typeof value === 'number' ? value : undefined;
}

/** Every PUBLISH of the program with this seq, repetitions included. */
export function copiesOf(recording: Recording<Facts>, seq: number): Message[] {
  return sent(recording, 'PUBLISH').filter(
    entry => entry.packet.topic !== recording.facts.reportTopic && seqOf(entry) === seq,
  );
}

/** The same, while the scenario runs. */
export function copiesOfTrace(entries: readonly TraceEntry[], seq: number): Message[] {
  return entries.filter((entry): entry is Message => fromProgram(entry) && seqOf(entry) === seq);
}

/** The reports on probes. */
export function reports(recording: Recording<Facts>): Message[] {
  return sent(recording, 'PUBLISH').filter(
    ({ packet }) => packet.topic === recording.facts.reportTopic,
  );
}

export const fromProgram = (entry: TraceEntry): entry is Message =>
  isFromProgram(entry, 'PUBLISH') && !entry.madeByTap;

/** Rule: this packet acknowledges the message with that seq. */
function acknowledges(context: ScenarioContext, type: 'PUBACK' | 'PUBREC', seq: number) {
  return (entry: PacketEntry): boolean => {
    const { packet } = entry;
    return (
      packet.type === type &&
      context.tap.entries.some(
        one =>
          fromProgram(one) &&
          one.connection === entry.connection &&
          one.packet.id === packet.id &&
          seqOf(one) === seq,
      )
    );
  };
}

const start = (context: ScenarioContext, here: Facts): Promise<StartedProgram> =>
  context.start({ env: variables(here) });

const suback = (entry: TraceEntry) => isPacket(entry, 'SUBACK') && entry.who === 'program';

/** Starts the program and gives it a moment to subscribe, which most of the scenarios do not need. */
async function ready(context: ScenarioContext, here: Facts): Promise<StartedProgram> {
  const program = await start(context, here);
  await program.receives('CONNACK');
  await context.maybe('the SUBACK of PROBE_TOPIC', suback, 1500);
  return program;
}

/** Feeds a line and waits until its handshake is over, whatever QoS it came at. False: no PUBLISH came. */
export async function handshake(
  context: ScenarioContext,
  program: StartedProgram,
  line: Line,
  at: number,
): Promise<boolean> {
  program.feed(line);
  const published = (await context.maybe(
    `the PUBLISH of line ${at + 1}, ${line.kind}`,
    entry => fromProgram(entry) && seqOf(entry) === line.seq,
    2500,
  )) as Message | undefined;
  if (!published) return false;
  const last = lastPacket[published.packet.qos];
  if (last === undefined) return true;
  await context.maybe(
    `the ${last} of line ${at + 1}`,
    entry =>
      entry.kind === 'packet' &&
      entry.packet.type === last &&
      entry.direction === 'to-client' &&
      entry.connection === published.connection &&
      'id' in entry.packet &&
      entry.packet.id === published.packet.id,
    2500,
  );
  return true;
}

/** What ends the handshake of a message that the program sent. */
const lastPacket = [undefined, 'PUBACK', 'PUBCOMP'] as const;

/** One line after the other, each when the handshake of the last one is over. */
export const oneOfEach = scenario<Facts>('one of each', {
  facts: facts(['telemetry', 'heartbeat', 'billing', 'telemetry']),
  run: async (context, here) => {
    const program = await ready(context, here);
    for (const [at, line] of here.lines.entries()) {
      if (!(await handshake(context, program, line, at))) break;
    }
    await program.stop();
  },
});

/**
 * How late an acknowledgement may be: longer than anybody's patience. A program that waits without a
 * timer of its own is known to, so that this costs no time.
 */
const PATIENCE_MS = 6000;

/** The last PUBACK takes its time, and the input ends meanwhile. */
export const latePuback = scenario<Facts>('late PUBACK', {
  facts: facts(['telemetry', 'billing', 'heartbeat', 'telemetry']),
  run: async (context, here) => {
    const last = here.lines.at(-1) as Line;
    const puback = context.tap.rule({
      who: 'program',
      when: acknowledges(context, 'PUBACK', last.seq),
      do: withhold(),
    });
    const program = await start(context, here);
    await program.receives('CONNACK');
    for (const line of here.lines) program.feed(line);
    await program.sends('PUBLISH', {
      what: 'the PUBLISH of the last line',
      when: entry => seqOf(entry) === last.seq,
    });
    program.endInput();
    await context.maybe(
      'a program that leaves before the acknowledgement',
      entry =>
        entry.kind === 'connection' &&
        entry.event === 'closed' &&
        context.tap.connections().every(one => !one.open),
      PATIENCE_MS,
    );
    puback.release();
    await program.stop();
  },
});

/** The acknowledgement of `struck` is lost with the connection; the line after it is fed on the new one. */
function lostWithConnection(
  name: string,
  wanted: readonly Kind[],
  struck: number,
  ack: 'PUBACK' | 'PUBREC',
) {
  return scenario<Facts>(name, {
    facts: facts(wanted),
    run: async (context, here) => {
      const line = here.lines[struck] as Line;
      const cut = context.tap.rule({
        who: 'program',
        when: acknowledges(context, ack, line.seq),
        do: cutBefore(),
      });
      const program = await ready(context, here);
      for (const [at, one] of here.lines.slice(0, struck).entries())
        await handshake(context, program, one, at);
      program.feed(line);
      const first = await program.sends('PUBLISH', {
        what: `the PUBLISH of line ${struck + 1}`,
        when: entry => seqOf(entry) === line.seq,
      });
      await context.until(`the ${ack} of line ${struck + 1}`, () => cut.applied > 0);
      const again = await program.sends('PUBLISH', {
        what: `the same PUBLISH, with id=${first.packet.id}, on a new connection`,
        when: entry =>
          entry.connection !== first.connection &&
          seqOf(entry) === line.seq &&
          entry.packet.id === first.packet.id,
        within: 5000,
      });
      const last = ack === 'PUBACK' ? 'PUBACK' : 'PUBCOMP';
      await program.receives(last, {
        what: `the ${last} of line ${struck + 1}`,
        when: entry => entry.connection === again.connection && entry.packet.id === again.packet.id,
      });
      for (const [at, one] of here.lines.slice(struck + 1).entries())
        await handshake(context, program, one, struck + 1 + at);
      await program.stop();
    },
  });
}

/** The connection breaks after a reading's PUBLISH, before its PUBACK. */
export const lostPuback = lostWithConnection(
  'lost PUBACK',
  ['telemetry', 'telemetry', 'telemetry'],
  1,
  'PUBACK',
);

/** The connection breaks before PUBREC. */
export const lostPubrec = lostWithConnection(
  'lost PUBREC',
  ['telemetry', 'billing', 'telemetry'],
  1,
  'PUBREC',
);

/** Three readings at once; the PUBACK of the first one comes last. */
export const outOfOrder = scenario<Facts>('PUBACKs out of order', {
  facts: facts(['telemetry', 'telemetry', 'telemetry']),
  run: async (context, here) => {
    const [first, , third] = here.lines as [Line, Line, Line];
    const puback = context.tap.rule({
      who: 'program',
      when: acknowledges(context, 'PUBACK', first.seq),
      do: withhold(),
    });
    const program = await start(context, here);
    await program.receives('CONNACK');
    for (const line of here.lines) program.feed(line);
    program.endInput();
    await program.sends('PUBLISH', {
      what: 'the PUBLISH of the first line',
      when: entry => seqOf(entry) === first.seq,
    });
    const all = await context.maybe(
      'three messages at once',
      entry => fromProgram(entry) && seqOf(entry) === third.seq,
      2500,
    );
    if (all) {
      await context.maybe(
        'a program that leaves before the first acknowledgement',
        entry => entry.kind === 'connection' && entry.event === 'closed',
        PATIENCE_MS,
      );
    }
    puback.release();
    await program.stop();
  },
});

async function probing(context: ScenarioContext, here: Facts): Promise<void> {
  const prober = await context.peer('prober');
  const program = await start(context, here);
  await program.sends('SUBSCRIBE', { what: 'a SUBSCRIBE from your program' });
  await program.receives('SUBACK');
  for (const probe of here.probes) {
    await prober.publish(here.probeTopic, JSON.stringify(probe), { qos: probe.sent });
    await program.sends('PUBLISH', {
      what: `the report on probe ${probe.n}`,
      when: entry => entry.packet.topic === here.reportTopic && numberIn(entry, 'n') === probe.n,
      within: 2500,
    });
  }
  await program.stop();
}

/** Messages at QoS 0, 1 and 2 for the program. */
export const probe = scenario<Facts>('probe', { facts: facts([], [1, 0, 2]), run: probing });

/** The same, and the broker grants QoS 1 where 2 was asked for. */
export const grantedLess = scenario<Facts>('granted less', {
  facts: facts([], [2, 1, 0]),
  run: async (context, here) => {
    context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'SUBSCRIBE',
      do: replaceWith(({ packet }) =>
        packet.type === 'SUBSCRIBE'
          ? {
              ...packet,
              filters: packet.filters.map(one => ({ ...one, qos: Math.min(one.qos, 1) as 0 | 1 })),
            }
          : packet,
      ),
      times: Number.POSITIVE_INFINITY,
    });
    await probing(context, here);
  },
});

/** The probe that is judged after a lost connection. */
export const LAST_PROBE = 77_777;
/** Probes until the program is back, and has its subscription again. */
const KNOCKS = 20;

/** The line breaks, the program comes back, and a probe comes. */
export const probeAgain = scenario<Facts>('probe after a cut', {
  facts: facts([]),
  run: async (context, here) => {
    const prober = await context.peer('prober');
    const program = await start(context, here);
    await program.receives('SUBACK');
    for (const one of context.tap.connections())
      if (one.open && one.who === 'program') context.tap.cut(one.connection);
    const ask = async (n: number, patience: number) => {
      await prober.publish(here.probeTopic, JSON.stringify({ n, sent: 1 }), { qos: 1 });
      return context.maybe(
        `the report on probe ${n}`,
        entry =>
          fromProgram(entry) &&
          entry.packet.topic === here.reportTopic &&
          numberIn(entry, 'n') === n,
        patience,
      );
    };
    for (let n = 1; n <= KNOCKS; n++) if (await ask(n, 300)) break;
    await ask(LAST_PROBE, 2500);
    await program.stop();
  },
});
