import type { AclEntry } from '../../../broker/index.js';
import { type PacketEntry, type Peer, payloadText } from '../../../wire/index.js';
import type { ScenarioContext } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { type PacketOf, packets, type Recording } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import { CONF, DOCUMENT, type Door, readLab, startLab, TESTER, type Trouble } from './files.js';
import { type Access, type Difference, differences, may, type User, users } from './rights.js';
import { fileText } from './text.js';

export type { Access, User } from './rights.js';
export { users } from './rights.js';

export interface Facts {
  /** Below home/sensors: the sensor's own. */
  readonly own: readonly string[];
  /** Below home, and not the sensor's. */
  readonly house: readonly string[];
  /** Not below home. */
  readonly elsewhere: readonly string[];
  readonly testerPassword: string;
  readonly wrongPassword: string;
}

/** One question to the broker, and what came of it. */
export interface Cell {
  readonly door: number;
  readonly user: User;
  readonly access: Access;
  readonly topic: string;
  readonly wanted: boolean;
  readonly got: boolean;
  /** Absent when it was played; else only the rules were asked: nobody can publish there, or knock. */
  readonly unplayed?: true;
  /** The line that decided, as file:line and text; absent where no line did. */
  readonly by?: Line;
}

export interface Line {
  readonly at: string;
  readonly text: string;
  readonly filter: string;
  readonly access: AclEntry['access'];
  readonly kind: AclEntry['kind'];
}

export interface Login {
  readonly door: number;
  readonly who: Caller;
  /** CONNACK return code. */
  readonly code: number;
  readonly because: string;
  readonly at?: string;
}

/** Names of the checker's clients in the trace. */
export type Caller = User | 'impostor' | 'nobody';

/** One listener, as far as the checks need it. */
export interface DoorFindings {
  readonly port: number;
  readonly aclFile?: string;
  readonly aclAt?: string;
  readonly passwordFile?: string;
  /** Lines for clients without a user name: those before the first `user`. */
  readonly nameless: readonly Line[];
  readonly users: Readonly<Record<string, readonly Line[]>>;
}

export interface Findings {
  readonly trouble?: Trouble;
  readonly warnings: readonly { readonly text: string; readonly at: string }[];
  readonly settings: readonly { readonly key: string; readonly at: string }[];
  /** Whether the file has a listener line. */
  readonly listener: boolean;
  readonly doors: readonly DoorFindings[];
  readonly given: Readonly<Record<User, boolean>>;
  readonly logins: readonly Login[];
  readonly cells: readonly Cell[];
  /** Text of SECURITY.md; undefined when there is none. */
  readonly document?: string;
}

/** What the scenario found; empty when it never got that far. */
export function findingsOf(recording: Recording<Facts>): Findings {
  return (recording.findings ?? empty) as Findings;
}

const empty: Findings = {
  warnings: [],
  settings: [],
  listener: false,
  doors: [],
  given: { sensor: false, dashboard: false },
  logins: [],
  cells: [],
};

function facts(random: Random): Facts {
  const room = random.pick(['kitchen', 'cellar', 'attic', 'hall', 'nursery']);
  const device = random.device();
  const name = random.token(4);
  return {
    own: [
      `home/sensors/${room}`,
      `home/sensors/${room}/${device}`,
      `home/sensors/${room}/${device}/temperature`,
      `home/sensors/${device}/raw/${name}/value`,
      `home/sensors//${name}`,
      'home/sensors',
    ],
    house: [
      `home/light/${room}`,
      `home/lock/${name}`,
      `home/${device}/commands`,
      `home/sensor/${room}`,
      `home/sensorsx/${room}`,
      `home//sensors/${room}`,
      'home',
    ],
    elsewhere: [
      `/home/sensors/${room}`,
      `Home/sensors/${room}`,
      `homes/sensors/${room}`,
      `office/sensors/${room}`,
      `sensors/${device}`,
      `${name}/home/sensors/${device}`,
      `garden/${name}`,
      'sensors',
    ],
    testerPassword: random.token(14),
    wrongPassword: random.token(14),
  };
}

/** A topic of the broker's own: it cannot be published, and a display of a house needs none of it. */
const SYSTEM = '$SYS/broker/version';

/**
 * The learner's files at work: everyone who could call, calls; then both users publish to each
 * topic and listen to everything, while the tester watches.
 */
export const configuration = scenario<Facts>('your configuration', {
  facts,
  run: async (context, here) => {
    const lab = await readLab(context.folder);
    const document = await fileText(context.folder, DOCUMENT);
    if ('kind' in lab) {
      return context.find({ ...empty, trouble: lab, ...(document ? { document } : {}) });
    }
    const given = {
      sensor: lab.passwords.sensor !== '',
      dashboard: lab.passwords.dashboard !== '',
    };
    const logins: Login[] = [];
    const cells: Cell[] = [];
    const found: Findings = {
      ...empty,
      warnings: [...lab.config.warnings, ...lab.doors.flatMap(door => door.rules.warnings)].map(
        one => ({ text: one.text, at: `${one.place.file}:${one.place.line}` }),
      ),
      settings: lab.settings.map(({ key, at }) => ({ key, at: `${CONF}:${at.line}` })),
      listener: lab.settings.some(one => one.key === 'listener' || one.key === 'port'),
      doors: lab.doors.map(doorFindings),
      given,
      logins,
      cells,
      ...(document ? { document } : {}),
    };
    context.find(found);
    const started = await startLab(context.folder, lab, here.testerPassword, context.brokerKind);
    if ('kind' in started) return context.find({ ...found, trouble: started });
    // So that it is stopped with the context, whatever happens.
    context.use(started.broker);
    for (const [index, door] of lab.doors.entries()) {
      if (door.again) {
        for (const { who, username, password } of callers(lab.passwords, here)) {
          const { code, because, at } = await door.rules.admit({ username, password });
          logins.push({ door: index, who, code, because, ...placed(at) });
        }
        cells.push(...differing(door, nobodyElse).map(one => unplayed(index, one)));
        continue;
      }
      context.use(started.through(door.port));
      const peers = new Map<Caller, Peer>();
      for (const { who, username, password } of callers(lab.passwords, here)) {
        const peer = await context.peer(who, {
          fenceTopic: `$fence/${who}`,
          // The connections of the door before may still be on their way out.
          ...(index > 0 ? { clientId: `checker-${context.random.token(8)}-${who}` } : {}),
          ...(username ? { username, password } : {}),
        });
        const { because, at } = await door.rules.admit({ username, password });
        const code = codeOf(context, who);
        logins.push({ door: index, who, code, because, ...placed(at) });
        if (code === 0) peers.set(who, peer);
      }
      const sensor = peers.get('sensor');
      const dashboard = peers.get('dashboard');
      if (sensor && dashboard) {
        const tester = await context.peer(TESTER, {
          username: TESTER,
          password: here.testerPassword,
          fenceTopic: '$fence/tester',
          ...(index > 0 ? { clientId: `checker-${context.random.token(8)}-${TESTER}` } : {}),
        });
        const ids = { sensor: idOf(context, 'sensor'), dashboard: idOf(context, 'dashboard') };
        const found = differing(door, ids);
        const more = found.map(one => one.topic).filter(canBePlayed);
        const topics = [...new Set([...topicsOf(here), ...more])];
        await askAll(context, topics, { sensor, dashboard }, tester);
        cells.push(...decided(index, door, topics, ids, { sensor, dashboard }, tester));
        const rest = found.filter(one => !canBePlayed(one.topic) && one.topic !== SYSTEM);
        cells.push(...rest.map(one => unplayed(index, one)));
        tester.destroy();
      }
      for (const peer of peers.values()) peer.destroy();
    }
  },
});

const placed = (at: { file: string; line: number } | undefined) =>
  at ? { at: `${at.file}:${at.line}` } : {};

/** What nobody calls itself, and no line of a list speaks of. */
const nobodyElse = { sensor: 'checker-sensor', dashboard: 'checker-dashboard' } as const;

/** As many topics as a verdict can cite; the shortest for each line that gives a right too many. */
const MOST_CITED = 3;

/** Where the rights of both users differ from the lesson's, anywhere in the space of topics. */
function differing({ rules }: Door, ids: Readonly<Record<User, string>>): Difference[] {
  const all = rules.acl ? differences(rules.acl, ids) : [];
  const counts = new Map<string, number>();
  return all.filter(({ user, access, wanted, decision }) => {
    const key = `${user} ${access} ${wanted} ${wanted ? '' : decision.by?.line}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= MOST_CITED;
  });
}

/** Whether the checker's clients can publish there and listen to it. */
const canBePlayed = (topic: string) =>
  !topic.startsWith('$') && topic.length <= 1000 && !/[\p{C}\p{Z}\uFFFD]/u.test(topic);

function unplayed(door: number, { user, access, topic, wanted, decision }: Difference): Cell {
  const { allowed: got, by } = decision;
  const line = by ? { by: lineOf(by) } : {};
  return { door, user, access, topic, wanted, got, unplayed: true, ...line };
}

function callers(passwords: Readonly<Record<User, string>>, here: Facts) {
  return [
    { who: 'sensor', username: 'sensor', password: passwords.sensor },
    { who: 'dashboard', username: 'dashboard', password: passwords.dashboard },
    { who: 'impostor', username: 'sensor', password: here.wrongPassword },
    { who: 'nobody', username: undefined, password: undefined },
  ] as const;
}

/** The client identifier that one of the checker's clients has now. */
function idOf(context: ScenarioContext, who: string): string {
  const connect = context.tap.entries.findLast(
    entry => entry.kind === 'packet' && entry.who === who && entry.packet.type === 'CONNECT',
  );
  return connect?.kind === 'packet' && connect.packet.type === 'CONNECT'
    ? connect.packet.clientId
    : '';
}

function codeOf(context: ScenarioContext, who: string): number {
  const connack = context.tap.entries.findLast(
    entry => entry.kind === 'packet' && entry.who === who && entry.packet.type === 'CONNACK',
  );
  return connack?.kind === 'packet' && connack.packet.type === 'CONNACK'
    ? connack.packet.returnCode
    : 255;
}

const topicsOf = ({ own, house, elsewhere }: Facts) => [...own, ...house, ...elsewhere];

async function askAll(
  context: ScenarioContext,
  topics: readonly string[],
  asked: Record<User, Peer>,
  tester: Peer,
): Promise<void> {
  for (const peer of [asked.sensor, asked.dashboard, tester]) {
    await context.expect('SUBACK', peer.subscribe(['#', SYSTEM]));
  }
  for (const topic of topics) {
    for (const user of users) {
      await context.expect('PUBACK', asked[user].publish(topic, `from ${user}`, { qos: 1 }));
    }
    await context.expect('PUBACK', tester.publish(topic, `from ${TESTER}`, { qos: 1 }));
  }
  // Whatever has not arrived behind these does not come.
  await context.expect('the end of the deliveries to the tester', tester.fence());
  for (const user of users) {
    await context.expect(`the end of the deliveries to ${user}`, asked[user].fence());
  }
}

function decided(
  door: number,
  { rules }: Door,
  topics: readonly string[],
  ids: Readonly<Record<User, string>>,
  asked: Record<User, Peer>,
  tester: Peer,
): Cell[] {
  const came = (peer: Peer, topic: string, from?: string) =>
    peer.messages.some(
      one => one.topic === topic && (!from || payloadText(one.payload) === `from ${from}`),
    );
  const cell = (user: User, access: Access, topic: string, got: boolean): Cell[] => {
    const wanted = may(user, access, topic);
    if (wanted === undefined) return [];
    const { by } = rules.permit({ clientId: ids[user], username: user }, access, topic);
    return [{ door, user, access, topic, wanted, got, ...(by ? { by: lineOf(by) } : {}) }];
  };
  return users.flatMap(user => [
    ...topics.flatMap(topic => cell(user, 'write', topic, came(tester, topic, user))),
    ...topics.flatMap(topic => cell(user, 'read', topic, came(asked[user], topic, TESTER))),
    ...cell(user, 'read', SYSTEM, came(asked[user], SYSTEM)),
  ]);
}

const lineOf = ({ file, line, text, filter, access, kind }: AclEntry): Line => ({
  at: `${file}:${line}`,
  text: text.trim(),
  filter,
  access,
  kind,
});

function doorFindings({ port, security, rules }: Door): DoorFindings {
  const { acl } = rules;
  const place = security.places.get('acl_file');
  return {
    port,
    ...(security.aclFile === undefined ? {} : { aclFile: security.aclFile }),
    ...(place ? { aclAt: `${place.file}:${place.line}` } : {}),
    ...(security.passwordFile === undefined ? {} : { passwordFile: security.passwordFile }),
    nameless: (acl?.anonymous ?? []).map(lineOf),
    users: Object.fromEntries(
      [...(acl?.users ?? [])].map(([name, entries]) => [name, entries.map(lineOf)]),
    ),
  };
}

/** The PUBLISH in the trace that a cell is about: as it was sent, or as it was delivered. */
export function publishOf(
  recording: Recording<Facts>,
  { user, access, topic }: Cell,
  side: 'sent' | 'delivered',
): PacketEntry | undefined {
  const sender = access === 'write' ? user : TESTER;
  const reader = access === 'write' ? TESTER : user;
  return packets(recording, {
    who: side === 'sent' ? sender : reader,
    direction: side === 'sent' ? 'to-broker' : 'to-client',
  }).find(
    (entry): entry is PacketOf<'PUBLISH'> =>
      entry.packet.type === 'PUBLISH' &&
      entry.packet.topic === topic &&
      (payloadText(entry.packet.payload) === `from ${sender}` || topic.startsWith('$')),
  );
}
