import {
  cutBefore,
  payloadText,
  type RuleHandle,
  type TraceEntry,
  withhold,
} from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import {
  isPacket,
  type PacketOf,
  type Recording,
  received,
  sent,
} from '../../harness/recording.js';
import { ourLibraries, scenario } from '../../harness/scenario.js';

export interface Facts {
  readonly statusTopic: string;
  /** Two words that are different in every run. */
  readonly online: string;
  readonly offline: string;
  readonly clientId: string;
  /** Seconds, in the scenarios where the broker has to notice by the keep-alive. Older recordings had 1. */
  readonly short?: number;
}

/** Seconds. No scenario needs a ping at this one. */
const CALM = 30;
/** Seconds, of the line that stays half-open: twice as long as a slow machine needs to reboot. */
const rebootSeconds = ({ short = 1 }: Facts) => Math.max(2, short);

/** Milliseconds beyond 1.5 times the keep-alive: Mosquitto looks at its clocks only now and then. */
const MARGIN = 4000;

export function facts(random: Random, { leastKeepAlive } = ourLibraries): Facts {
  const device = random.device();
  return {
    statusTopic: `plant-${random.token(3)}/${device}/status`,
    online: `${random.pick(['here', 'up', 'awake', 'present'])}-${random.token(2)}`,
    offline: `${random.pick(['away', 'gone', 'asleep', 'absent'])}-${random.token(2)}`,
    clientId: device,
    short: leastKeepAlive,
  };
}

export const environment = (here: Facts, keepalive: number) => ({
  STATUS_TOPIC: here.statusTopic,
  ONLINE: here.online,
  OFFLINE: here.offline,
  MQTT_CLIENT_ID: here.clientId,
  MQTT_KEEPALIVE: String(keepalive),
});

export type Published = PacketOf<'PUBLISH'>;

export function text(entry: Published): string {
  return payloadText(entry.packet.payload) ?? '';
}

/** The last packet so far: what comes after it is new. */
function mark(context: ScenarioContext): { readonly n: number } {
  return context.tap.entries.findLast(entry => entry.kind === 'packet') ?? { n: 0 };
}

const start = (context: ScenarioContext, here: Facts, keepalive = CALM, name = 'program') =>
  context.start({ name, env: environment(here, keepalive) });

/** Somebody who listens all the time. */
async function viewer(context: ScenarioContext, here: Facts): Promise<void> {
  const peer = await context.peer('viewer');
  await peer.subscribe(here.statusTopic, 1);
}

/** Waits until the viewer hears the word. */
const heard = (
  context: ScenarioContext,
  what: string,
  word: string,
  from: { readonly n: number },
  ms = 4000,
) =>
  context.maybe(
    what,
    entry =>
      isPacket(entry, 'PUBLISH') &&
      entry.who === 'viewer' &&
      entry.direction === 'to-client' &&
      text(entry) === word &&
      entry.n > from.n,
    ms,
  );

/** Somebody opens a dashboard now: subscribes, gets what is stored, and leaves. */
async function newcomer(context: ScenarioContext, here: Facts, name: string): Promise<void> {
  const peer = await context.peer(name, { fenceTopic: '$fence/newcomer' });
  await peer.subscribe(here.statusTopic, 1);
  await peer.fence();
  await peer.disconnect();
}

/** Starts the program and waits until it has said that it is there. False when it does not. */
async function comeUp(
  context: ScenarioContext,
  here: Facts,
  keepalive?: number,
): Promise<{ readonly program: StartedProgram; readonly up: boolean }> {
  const from = mark(context);
  const program = await start(context, here, keepalive);
  await program.receives('CONNACK');
  const word = await heard(
    context,
    `"${here.online}" on the status topic`,
    here.online,
    from,
    2500,
  );
  if (word) await acknowledged(context, here.online, from);
  return { program, up: word !== undefined };
}

/** Waits until the program has the acknowledgement of a word that it said at QoS 1 or 2. */
async function acknowledged(context: ScenarioContext, word: string, from: { readonly n: number }) {
  const said = context.tap.entries.find(
    (entry): entry is Published =>
      isPacket(entry, 'PUBLISH') &&
      entry.who === 'program' &&
      entry.direction === 'to-broker' &&
      entry.n > from.n &&
      text(entry) === word,
  );
  if (!said || said.packet.qos === 0) return;
  await context.maybe(
    'its acknowledgement',
    entry => entry.kind === 'packet' && entry.n > said.n && isAck(entry, said),
    1000,
  );
}

/** PUBACK or PUBREC for this message. */
export function isAck(entry: TraceEntry, of: Published): boolean {
  return (
    (isPacket(entry, 'PUBACK') || isPacket(entry, 'PUBREC')) &&
    entry.direction === 'to-client' &&
    entry.connection === of.connection &&
    entry.packet.id === of.packet.id
  );
}

const openLines = (context: ScenarioContext, who: string) =>
  context.tap
    .connections()
    .filter(one => one.open && one.who === who)
    .map(one => one.connection);

/**
 * SIGKILL: no hook of the program runs, and the system closes its connection. An earlier run has
 * left its last word behind.
 */
export const killed = scenario<Facts>('killed', {
  facts,
  run: async (context, here) => {
    const yesterday = await context.peer('yesterday');
    await yesterday.publish(here.statusTopic, here.offline, { qos: 1, retain: true });
    await viewer(context, here);
    const { program } = await comeUp(context, here);
    await newcomer(context, here, 'newcomer');
    const from = mark(context);
    await program.crash();
    await heard(context, `"${here.offline}" from the broker`, here.offline, from, 2000);
    await newcomer(context, here, 'newcomer 2');
  },
});

/** The cable is pulled: nothing passes, and nothing is closed. Later the program dials again. */
export const silence = scenario<Facts>('silent line', {
  facts,
  run: async (context, here) => {
    await viewer(context, here);
    const { program, up } = await comeUp(context, here, here.short);
    // On a machine that stands still for 1.5 s the broker gives up too early: then the next line.
    for (let tries = 0; up && openLines(context, 'program').length === 0 && tries < 3; tries++) {
      await heard(context, `"${here.online}" once more`, here.online, mark(context));
    }
    const from = mark(context);
    for (const connection of openLines(context, 'program')) context.tap.blackhole(connection);
    const gone = await heard(
      context,
      `"${here.offline}" from the broker`,
      here.offline,
      from,
      (here.short ?? 1) * 1500 + MARGIN,
    );
    if (gone && up) {
      await heard(context, `"${here.online}" on a new connection`, here.online, from, 8000);
      await newcomer(context, here, 'newcomer');
    }
    await program.stop();
  },
});

/** Cuts all lines of the program; resolves when it has noticed. */
const cutLines = (context: ScenarioContext) =>
  Promise.all(openLines(context, 'program').map(connection => context.tap.cut(connection)));

/** The connection is cut in the middle of the day, and once more in the evening. */
export const cut = scenario<Facts>('cut', {
  facts,
  run: async (context, here) => {
    await viewer(context, here);
    const { program, up } = await comeUp(context, here);
    let back = up;
    for (let times = 0; times < 2 && back; times++) {
      const from = mark(context);
      cutLines(context);
      const word = await heard(
        context,
        `"${here.online}" on a new connection`,
        here.online,
        from,
        5000,
      );
      if (word) await acknowledged(context, here.online, from);
      back = word !== undefined;
    }
    if (up) await newcomer(context, here, 'newcomer');
    await program.stop();
  },
});

/**
 * A power cut of a second: the machine is back before the broker has noticed that it was gone. The
 * new program is started at the same time as the old one and held at its CONNECT, so that its
 * reboot takes no time that counts.
 */
export const reboot = scenario<Facts>('reboot', {
  facts,
  run: async (context, here) => {
    await viewer(context, here);
    const held = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNECT',
      do: withhold(),
      times: Number.POSITIVE_INFINITY,
    });
    const began = mark(context);
    const old = await start(context, here, rebootSeconds(here), 'before');
    const program = await start(context, here, CALM);
    await heard(context, `"${here.online}" from the first run`, here.online, began);
    await program.sends('CONNECT');
    for (const connection of openLines(context, 'before')) {
      // The broker's clock for this line begins now.
      context.tap.inject(connection, 'to-broker', { type: 'PINGREQ' });
      context.tap.blackhole(connection);
    }
    const from = mark(context);
    await old.crash();
    held.remove();
    held.release();
    await heard(context, `"${here.online}" from the second run`, here.online, from);
    // It comes when the second run pushes the old line out, or when that expires by itself.
    await heard(
      context,
      'the will of the first run',
      here.offline,
      from,
      rebootSeconds(here) * 1500 + MARGIN,
    );
    await newcomer(context, here, 'newcomer');
    await program.stop();
  },
});

/**
 * How late an acknowledgement may be: longer than anybody's patience. A program that waits without a
 * timer of its own is known to, so that this costs no time.
 */
const PATIENCE_MS = 6000;

/** The program is asked to stop, and the broker takes its time with the acknowledgement. */
export const cleanStop = scenario<Facts>('clean stop', {
  facts,
  run: async (context, here) => {
    await viewer(context, here);
    const { program } = await comeUp(context, here);
    const from = mark(context);
    const goodbye = (): Published | undefined =>
      context.tap.entries.find(
        (entry): entry is Published =>
          isPacket(entry, 'PUBLISH') &&
          entry.who === 'program' &&
          entry.direction === 'to-broker' &&
          text(entry) === here.offline &&
          entry.n > from.n,
      );
    const ack: RuleHandle = context.tap.rule({
      who: 'program',
      when: entry => {
        const said = goodbye();
        return said !== undefined && isAck(entry, said);
      },
      do: withhold(),
    });
    program.endInput();
    await context.maybe(
      'a goodbye of the program',
      entry =>
        entry.kind !== 'note' &&
        'who' in entry &&
        entry.who === 'program' &&
        (goodbye() !== undefined || (entry.kind === 'connection' && entry.event === 'closed')),
      2500,
    );
    await context.maybe(
      'a DISCONNECT before the acknowledgement',
      entry =>
        (isPacket(entry, 'DISCONNECT') && entry.who === 'program') ||
        (entry.kind === 'connection' && entry.event === 'closed' && entry.who === 'program'),
      PATIENCE_MS,
    );
    ack.release();
    await program.stop();
    await newcomer(context, here, 'newcomer');
  },
});

/** CONNACK comes after a second and a half. */
export const slowConnack = scenario<Facts>('slow CONNACK', {
  facts,
  run: async (context, here) => {
    await viewer(context, here);
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
    });
    const from = mark(context);
    const program = await start(context, here);
    await program.sends('CONNECT');
    await context.maybe(
      'a program that gives up before CONNACK',
      entry => entry.kind === 'connection' && entry.who === 'program' && entry.event === 'closed',
      1500,
    );
    connack.release();
    await heard(context, `"${here.online}" after the late CONNACK`, here.online, from, 2500);
    await newcomer(context, here, 'newcomer');
    await program.stop();
  },
});

const leftBefore = (context: ScenarioContext, what: string, ms: number) =>
  context.maybe(
    what,
    entry => entry.kind === 'connection' && entry.who === 'program' && entry.event === 'closed',
    ms,
  );

/** The program is asked to stop while it still waits for CONNACK. */
export const stopsEarly = scenario<Facts>('stop before CONNACK', {
  facts,
  run: async (context, here) => {
    const yesterday = await context.peer('yesterday');
    await yesterday.publish(here.statusTopic, here.offline, { qos: 1, retain: true });
    const connack = context.tap.rule({
      who: 'program',
      when: entry => entry.packet.type === 'CONNACK',
      do: withhold(),
    });
    const program = await start(context, here);
    await program.sends('CONNECT');
    program.endInput();
    await leftBefore(context, 'a program that leaves before CONNACK', 400);
    connack.release();
    await program.stop();
    await newcomer(context, here, 'newcomer');
  },
});

/** The connection is cut, and the program is asked to stop before it is back. */
export const stopsInOutage = scenario<Facts>('stop in an outage', {
  facts,
  run: async (context, here) => {
    const port = await context.listen();
    await viewer(context, here);
    const { program } = await comeUp(context, here);
    await port.close();
    await cutLines(context);
    await context.protocolTime(150);
    program.endInput();
    await context.protocolTime(150);
    await port.reopen();
    await program.stop();
    await newcomer(context, here, 'newcomer');
  },
});

/** Words that are longer than usual, with letters beyond ASCII. */
const words = (random: Random): Facts => {
  const here = facts(random);
  return {
    ...here,
    online: `${here.online} in Käfig №5 😀`,
    offline: `${here.offline} ${'ü'.repeat(300)}`,
  };
};

/** The line is cut between the goodbye and its acknowledgement. */
export const cutAtGoodbye = scenario<Facts>('cut at the goodbye', {
  facts: words,
  run: async (context, here) => {
    await viewer(context, here);
    const { program } = await comeUp(context, here);
    const from = mark(context);
    const goodbyes = () =>
      context.tap.entries.filter(
        (entry): entry is Published =>
          isPacket(entry, 'PUBLISH') &&
          entry.who === 'program' &&
          entry.direction === 'to-broker' &&
          text(entry) === here.offline &&
          entry.n > from.n,
      );
    context.tap.rule({
      who: 'program',
      when: entry => goodbyes().some(said => isAck(entry, said)),
      do: cutBefore(),
    });
    program.endInput();
    await context.maybe('a goodbye of the program', () => goodbyes().length > 0, 2500);
    await program.stop();
    await newcomer(context, here, 'newcomer');
  },
});

/** What the program said on the status topic; a repetition at QoS 1 is the same message. */
export function said(recording: Recording<Facts>): Published[] {
  return sent(recording, 'PUBLISH').filter(
    ({ packet }) => packet.topic === recording.facts.statusTopic && !packet.dup,
  );
}

/** What somebody got who subscribed then; undefined when nothing was stored. */
export function stored(recording: Recording<Facts>, who: string): Published | undefined {
  return received(recording, 'PUBLISH', { who }).find(
    ({ packet }) => packet.topic === recording.facts.statusTopic,
  );
}

/** What the viewer heard, in order. */
export function heardBy(recording: Recording<Facts>, word: string): Published[] {
  return received(recording, 'PUBLISH', { who: 'viewer' }).filter(entry => text(entry) === word);
}
