import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Acl,
  type BrokerOptions,
  type Dialect,
  decide,
  parseAcl,
} from '../../../broker/index.js';
import { removeTemporary } from '../../../course/system/index.js';
import { delay } from '../../../wire/index.js';
import type { ScenarioContext } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { isFromProgram, isPacket, type Recording } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import { readLab, startLab } from './files.js';
import { fileText } from './text.js';

/** The four claims of the probe, in the order of the lesson. */
export const claims = [
  'sensorCanPublish',
  'sensorCannotReceive',
  'dashboardCanReceive',
  'dashboardCannotPublish',
] as const;
export type Claim = (typeof claims)[number];

export interface ProbeFacts {
  readonly passwords: Readonly<Record<'sensor' | 'dashboard' | 'tester', string>>;
  /** The claim that this broker violates. */
  readonly violated?: Claim;
  /** The user whose password is another one at this broker. */
  readonly lockedOut?: 'sensor' | 'dashboard';
}

/** What is left when the probe has ended. */
export interface ProbeFindings {
  /** Text of RESULT_FILE; undefined when there is none. */
  readonly result?: string;
  /** False when it was still running at the end. */
  readonly ended: boolean;
  /** Set when a delivery took its time: whether there was one. */
  readonly slow?: boolean;
  /** Why there was no broker to be asked. */
  readonly skipped?: string;
}

/** How long a probe may take, in the words of the contract. */
export const PROBE_DEADLINE_MS = 10_000;

const rights: Readonly<Record<'sensor' | 'dashboard', string>> = {
  sensor: 'topic write home/sensors/#',
  dashboard: 'topic read home/#',
};

/** How each broken broker is broken: one slip in one line, as people make it. */
const slips: Readonly<Record<Claim, Partial<typeof rights>>> = {
  sensorCanPublish: { sensor: 'topic write home/sensor/#' },
  sensorCannotReceive: { sensor: 'topic readwrite home/sensors/#' },
  dashboardCanReceive: { dashboard: 'topic read /home/#' },
  dashboardCannotPublish: { dashboard: 'topic readwrite home/#' },
};

function aclOf(violated: Claim | undefined): Acl {
  const lines = { ...rights, ...(violated ? slips[violated] : {}) };
  const text = [
    'user sensor',
    lines.sensor,
    'user dashboard',
    lines.dashboard,
    'user tester',
    'topic readwrite home/#',
  ];
  return parseAcl(text.join('\n'), 'acl');
}

const facts =
  (violated?: Claim) =>
  (random: Random): ProbeFacts => ({
    passwords: {
      sensor: random.token(12),
      dashboard: random.token(12),
      tester: random.token(12),
    },
    ...(violated ? { violated } : {}),
  });

function brokerWith(dialect: Dialect, deliver = true) {
  return ({ passwords, violated, lockedOut }: ProbeFacts): BrokerOptions => {
    const acl = aclOf(violated);
    const known = new Map<string, string>(Object.entries(passwords));
    if (lockedOut) known.delete(lockedOut);
    return {
      dialect,
      authenticate: ({ username, password }) => {
        const right = username === undefined ? undefined : known.get(username);
        return right !== undefined && password?.toString() === right ? 0 : 5;
      },
      mayPublish: (who, topic) => decide(acl, who, 'write', topic).allowed,
      mayReceive: (who, topic) => deliver && decide(acl, who, 'read', topic).allowed,
    };
  };
}

/** A broker with the rules of the lab, in Mosquitto's manner. */
export const goodBroker = (passwords: ProbeFacts['passwords']): BrokerOptions =>
  brokerWith('mosquitto')({ passwords });

/** Starts the probe, lets it end by itself, and keeps what it wrote. */
async function probe(
  context: ScenarioContext,
  passwords: ProbeFacts['passwords'],
  slow?: { readonly applied: number },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mqtt-course-probe-'));
  try {
    const program = await context.start({
      env: {
        SENSOR_PASSWORD: passwords.sensor,
        DASHBOARD_PASSWORD: passwords.dashboard,
        TESTER_PASSWORD: passwords.tester,
        RESULT_FILE: join(folder, 'result.json'),
      },
    });
    const ended = await program.leaves(PROBE_DEADLINE_MS);
    const result = await fileText(folder, 'result.json');
    context.find({
      ended,
      ...(result === undefined ? {} : { result }),
      ...(slow ? { slow: slow.applied > 0 } : {}),
    } satisfies ProbeFindings);
  } finally {
    await removeTemporary(folder);
  }
}

/** A good broker in Mosquitto's manner; SUBSCRIBE takes a moment, as over a slow line. */
export const withholds = scenario<ProbeFacts>('grants and withholds', {
  facts: facts(),
  broker: brokerWith('mosquitto'),
  run: async (context, { passwords }) => {
    context.tap.rule({
      who: 'program',
      when: ({ packet }) => packet.type === 'SUBSCRIBE',
      do: delay(100),
      times: Number.POSITIVE_INFINITY,
    });
    await probe(context, passwords);
  },
});

/** A good broker of the other manner: it refuses the filter, and hangs up on a PUBLISH. */
export const hangsUp = scenario<ProbeFacts>('refuses and hangs up', {
  facts: facts(),
  broker: brokerWith('strict'),
  run: (context, { passwords }) => probe(context, passwords),
});

/** How long a delivery takes over a slow line; the lesson says half a second at most. */
const SLOW_MS = 400;

/** The user who logged in on a connection. */
function userOf(context: ScenarioContext, connection: number): string | undefined {
  const connect = context.tap.entries.find(
    entry =>
      entry.kind === 'packet' && entry.connection === connection && isPacket(entry, 'CONNECT'),
  );
  return connect && isPacket(connect, 'CONNECT') ? connect.packet.username : undefined;
}

/** What sensor receives, or others receive from dashboard, takes a while; and all that is behind it. */
function slowly(context: ScenarioContext, violated: Claim) {
  const fromDashboard = (topic: string) =>
    context.tap.entries.some(
      entry =>
        isFromProgram(entry, 'PUBLISH') &&
        entry.packet.topic === topic &&
        userOf(context, entry.connection) === 'dashboard',
    );
  return context.tap.rule({
    who: 'program',
    direction: 'to-client',
    when: entry =>
      isPacket(entry, 'PUBLISH') &&
      (violated === 'sensorCannotReceive'
        ? userOf(context, entry.connection) === 'sensor'
        : fromDashboard(entry.packet.topic)),
    do: delay(SLOW_MS),
    times: Number.POSITIVE_INFINITY,
  });
}

const broken = (name: string, violated: Claim) =>
  scenario<ProbeFacts>(name, {
    facts: facts(violated),
    broker: brokerWith('mosquitto'),
    run: (context, { passwords }) =>
      probe(
        context,
        passwords,
        violated.includes('Cannot') ? slowly(context, violated) : undefined,
      ),
  });

// Four brokers with one slip each.
export const muteSensor = broken('sensor cannot publish', 'sensorCanPublish');
export const listeningSensor = broken('sensor receives', 'sensorCannotReceive');
export const deafDashboard = broken('dashboard receives nothing', 'dashboardCanReceive');
export const speakingDashboard = broken('dashboard publishes', 'dashboardCannotPublish');

/** Everybody gets in, everything is acknowledged, and nothing is ever delivered. */
export const mute = scenario<ProbeFacts>('delivers nothing', {
  facts: facts(),
  broker: brokerWith('mosquitto', false),
  run: (context, { passwords }) => probe(context, passwords),
});

export const down = scenario<ProbeFacts>('no broker', {
  facts: facts(),
  run: async (context, { passwords }) => {
    await (await context.listen('program')).close();
    await probe(context, passwords);
  },
});

const locked = (lockedOut: 'sensor' | 'dashboard') =>
  scenario<ProbeFacts>(`${lockedOut} is not let in`, {
    facts: random => ({ ...facts()(random), lockedOut }),
    broker: brokerWith('mosquitto'),
    run: (context, { passwords }) => probe(context, passwords),
  });

// All that a claim of "cannot" needs is there, but the one it is about was never at the broker.
export const lockedSensor = locked('sensor');
export const lockedDashboard = locked('dashboard');

/** The learner's probe against the learner's own files. */
export const together = scenario<ProbeFacts>('your probe, your files', {
  facts: facts(),
  run: async (context, { passwords }) => {
    const lab = await readLab(context.folder);
    const started =
      'kind' in lab
        ? lab
        : await startLab(context.folder, lab, passwords.tester, context.brokerKind);
    if ('kind' in lab || 'kind' in started) {
      return context.find({ ended: true, skipped: 'the broker does not start with your files' });
    }
    context.use(started.broker);
    await probe(context, { ...lab.passwords, tester: passwords.tester });
  },
});

export function probeFindings(recording: Recording<ProbeFacts>): ProbeFindings | undefined {
  return recording.findings as ProbeFindings | undefined;
}
