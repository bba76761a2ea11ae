import type { PacketEntry } from '../../../wire/index.js';
import { type Check, cannotTell, check, type Failure, fail } from '../../harness/check.js';
import {
  closing,
  type PacketOf,
  packets,
  type Recording,
  received,
  sent,
} from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';
import { readCrash } from '../../harness/stderr.js';
import {
  type Claim,
  claims,
  deafDashboard,
  down,
  hangsUp,
  listeningSensor,
  lockedDashboard,
  lockedSensor,
  mute,
  muteSensor,
  PROBE_DEADLINE_MS,
  type ProbeFacts,
  probeFindings,
  speakingDashboard,
  together,
  withholds,
} from './probe.js';

/** T11–T19: does the probe say what is so? */

type Result = Readonly<Record<Claim, boolean>>;
type ProbeRecording = Recording<ProbeFacts>;

const holds: Result = {
  sensorCanPublish: true,
  sensorCannotReceive: true,
  dashboardCanReceive: true,
  dashboardCannotPublish: true,
};

const ALL_TRUE = 'all four claims true in RESULT_FILE, and exit code 0';

const written = (result: Result) => JSON.stringify(result);

/** The program's state at the end: its exit code, and its error if it crashed. */
function ending(recording: ProbeRecording): string[] {
  const program = recording.programs[0];
  const crash = program && readCrash(program.stderr);
  return [`the probe ended with exit code ${program?.exitCode}`, ...(crash ? [crash.text] : [])];
}

/**
 * What the probe wrote, once it has ended in time and could tell.
 * @throws CheckFailure when there is nothing that can be read
 */
function resultOf(recording: ProbeRecording, expected: string): Result {
  const found = probeFindings(recording);
  if (!found) return cannotTell('the probe was not run to its end');
  if (!found.ended) {
    const last = packets(recording).at(-1);
    return fail({
      mistake: 'never-ends',
      expected,
      seen: [
        `the probe was still running after ${PROBE_DEADLINE_MS / 1000} s`,
        ...(last ? ['the last packet was', last] : []),
      ],
      why: 'it waits for something that does not come. A refusal can be silence, so every wait needs an end; and a connection that is not closed keeps a process alive',
      try: 'give each wait a deadline, and end all connections when the answer is known',
    });
  }
  const exitCode = recording.programs[0]?.exitCode;
  if (found.result === undefined) {
    const gaveUp = exitCode === 4;
    const early = gaveUp ? tooEarly(recording) : undefined;
    if (early)
      return fail({ ...notListening(), expected, seen: [...inOrder(early), ...ending(recording)] });
    return fail({
      mistake: gaveUp ? 'gave-up' : 'no-result',
      expected,
      seen: ['there is no file RESULT_FILE', ...ending(recording)],
      why: gaveUp
        ? 'exit code 4 says "I cannot tell", but this broker is up, lets all three logins in, and delivers what it should'
        : 'the result is a file that others read; without it nobody knows what was found',
      try: gaveUp
        ? 'print what made it give up'
        : 'write the four claims as one JSON object to the path in RESULT_FILE, before the program ends',
    });
  }
  return parsed(found.result, expected);
}

function parsed(text: string, expected: string): Result {
  const not = (why: string): never =>
    fail({
      mistake: 'result-format',
      expected,
      seen: `RESULT_FILE has: ${text.slice(0, 300)}`,
      why,
      try: `compare with ${written(holds)}`,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return not('this is not JSON, so nobody can read it');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return not('the result is one JSON object with four fields');
  const fields = value as Record<string, unknown>;
  const bad = claims.filter(claim => typeof fields[claim] !== 'boolean');
  if (bad.length > 0) return not(`${bad.join(', ')} must be there, each with true or false`);
  return fields as Result;
}

const differing = (result: Result, truth: Result) =>
  claims.filter(claim => result[claim] !== truth[claim]);

function exitsWith(recording: ProbeRecording, code: number, expected: string): void {
  const exitCode = recording.programs[0]?.exitCode;
  if (exitCode === code) return;
  fail({
    mistake: 'exit-code',
    expected,
    seen: [`RESULT_FILE is right`, ...ending(recording)],
    why: `a script that starts the probe looks at its exit code: 0 all four hold, 1 one is violated, 4 cannot tell. Here it is ${code}`,
    try: 'set the exit code from the same four values that you write',
  });
}

const wrote = (result: Result) => `RESULT_FILE says ${written(result)}`;

/** A PUBLISH that left before the broker had confirmed the subscription that should observe it. */
function tooEarly(
  recording: ProbeRecording,
): { subscribe: PacketEntry; publish: PacketEntry } | undefined {
  const subacks = received(recording, 'SUBACK');
  const confirmed = (connection: number) =>
    subacks.find(one => one.connection === connection)?.n ?? Number.POSITIVE_INFINITY;
  for (const publish of sent(recording, 'PUBLISH')) {
    // Of those who were connected by then, the first SUBSCRIBE counts; a later one may be a fence.
    const subscribe = sent(recording, 'SUBSCRIBE').find(
      one =>
        sent(recording, 'CONNECT', { connection: one.connection, before: publish }).length > 0 &&
        confirmed(one.connection) > publish.n,
    );
    if (subscribe) return { subscribe, publish };
  }
  return undefined;
}

type Early = NonNullable<ReturnType<typeof tooEarly>>;

const inOrder = ({ subscribe, publish }: Early) => [
  ...[publish, subscribe].sort((a, b) => a.n - b.n),
  'and SUBACK only came behind these',
];

const notListening = (): Pick<Failure, 'mistake' | 'why' | 'try'> => ({
  mistake: 'not-listening-yet',
  why: 'the message was published before the subscription was confirmed: nobody was listening yet, and nothing is kept for those who come late',
  try: 'publish when SUBACK has come',
});

/** Connections of one user, by the name in CONNECT. */
function ofUser(recording: ProbeRecording, user: string): Set<number> {
  return new Set(
    sent(recording, 'CONNECT')
      .filter(one => one.packet.username === user)
      .map(one => one.connection),
  );
}

/** The SUBACK that granted a user's filter, the PUBACK that acknowledged a user's message. */
function answerTo<Type extends 'SUBACK' | 'PUBACK'>(
  recording: ProbeRecording,
  user: string,
  type: Type,
): PacketOf<Type> | undefined {
  const own = ofUser(recording, user);
  return received(recording, type).find(one => own.has(one.connection));
}

/** Why a claim that holds was called violated, or one that does not was called true. */
function misjudged(
  recording: ProbeRecording,
  result: Result,
  truth: Result,
  expected: string,
): void {
  const [claim] = differing(result, truth);
  if (!claim) return;
  const sight = { expected, seen: [wrote(result)] as (string | PacketEntry)[] };
  const early = tooEarly(recording);
  if (early && claims.some(one => one.includes('Can') && !result[one] && truth[one])) {
    fail({ ...sight, ...notListening(), seen: [...sight.seen, ...inOrder(early)] });
  }
  if (result[claim]) fail({ ...sight, ...missed(recording, claim) });
  else fail({ ...sight, ...blamed(recording, claim, sight.seen) });
}

type Words = Pick<Failure, 'mistake' | 'why' | 'try'> & Partial<Failure>;

/** The broker violates the claim, and the probe called it true. */
function missed(recording: ProbeRecording, claim: Claim): Words {
  const user = claim.startsWith('sensor') ? 'sensor' : 'dashboard';
  const puback = answerTo(recording, user, 'PUBACK');
  const suback = answerTo(recording, user, 'SUBACK');
  if (probeFindings(recording)?.slow) {
    return {
      mistake: 'does-not-wait',
      why: `the message that ${user === 'sensor' ? 'sensor must not receive' : 'dashboard must not publish'} was on its way, and took 0.4 s. The probe had decided by then`,
      try: 'wait for something that comes behind every delivery, such as the answer to UNSUBSCRIBE; or, by the clock, for longer than the half second of the contract',
    };
  }
  const ways: Readonly<Record<Claim, Words>> = {
    sensorCanPublish: {
      mistake: 'trusts-puback',
      why: 'this broker acknowledges what sensor publishes, and throws it away [3.1.1 MQTT-3.3.5-2]. PUBACK is no proof of delivery',
      try: 'let the tester listen, and believe only what it received',
      ...(puback ? { packets: [puback] } : {}),
    },
    dashboardCanReceive: {
      mistake: 'trusts-suback',
      why: 'this broker grants the subscription of dashboard, and delivers nothing to it. SUBACK is permission to wait',
      try: 'let the tester publish, and believe only what dashboard received',
      ...(suback ? { packets: [suback] } : {}),
    },
    sensorCannotReceive: {
      mistake: 'sensor-not-tested',
      why: 'here sensor may read home/sensors/#: one line of the access list lacks its access word. The probe did not notice',
      try: 'let the tester publish below home/sensors while sensor listens to home/#, and wait until the message must have come',
    },
    dashboardCannotPublish: {
      mistake: 'dashboard-not-tested',
      why: 'here dashboard may publish, and what it publishes is delivered. The probe did not notice',
      try: 'let dashboard publish below home/sensors while the tester listens, and wait until the message must have come',
    },
  };
  return ways[claim];
}

/** The claim holds, and the probe called it violated. */
function blamed(
  recording: ProbeRecording,
  claim: Claim,
  seen: readonly (string | PacketEntry)[],
): Words {
  if (claim === 'sensorCannotReceive') {
    const suback = answerTo(recording, 'sensor', 'SUBACK');
    return {
      mistake: 'trusts-suback',
      seen: [...seen, ...(suback ? [suback] : []), 'and no message was ever delivered to sensor'],
      why: 'SUBACK with 0 or 1 is permission to wait, not to receive: Mosquitto grants every filter, and withholds the messages',
      try: 'look for a delivery: publish something that sensor would have to receive',
    };
  }
  if (claim === 'dashboardCannotPublish') {
    const puback = answerTo(recording, 'dashboard', 'PUBACK');
    return {
      mistake: 'trusts-puback',
      seen: [...seen, ...(puback ? [puback] : []), 'and the message was delivered to nobody'],
      why: 'a broker that denies a PUBLISH may acknowledge it all the same [3.1.1 MQTT-3.3.5-2]',
      try: 'look for a delivery: does the tester receive what dashboard published?',
      clauses: ['3.1.1 MQTT-3.3.5-2'],
    };
  }
  const sensor = claim === 'sensorCanPublish';
  if (recording.facts.violated && recording.facts.violated !== claim) {
    return {
      mistake: 'no-referee',
      why: `only ${recording.facts.violated} is violated here. When sensor and dashboard are tested with each other, one fault makes both look guilty`,
      try: 'let the tester be the other end of every test: it may publish and read everything below home',
    };
  }
  return {
    mistake: 'blames-a-good-broker',
    why: sensor
      ? 'sensor may publish below home/sensors, and the tester may read it: a message on another topic proves nothing'
      : 'dashboard may read everything below home: it must hear what the tester publishes there',
    try: 'print the topic and the two logins of the test that failed, and wait longer than the line needs',
  };
}

/** A probe opens several connections within a second, and that is right. */
const storms = ['U5'] as const;

export const judgesWithholding = check<ProbeFacts>({
  id: 'T11',
  judges: ['C14', 'C15', 'C16', 'C19'],
  title: 'the probe finds nothing wrong with a broker that grants and withholds',
  clauses: ['3.1.1 MQTT-3.3.5-2', '3.1.1 MQTT-3.8.4-5'],
  on: withholds,
  explains: storms,
  verify: recording => {
    const expected = ALL_TRUE;
    const result = resultOf(recording, expected);
    misjudged(recording, result, holds, expected);
    exitsWith(recording, 0, expected);
  },
});

export const judgesHangingUp = check<ProbeFacts>({
  id: 'T12',
  judges: ['C16', 'C17', 'C19'],
  title: 'the probe takes a refused filter and a hang-up for answers',
  clauses: ['3.1.1 MQTT-3.3.5-2', '3.1.1 MQTT-3.9.3-2'],
  on: hangsUp,
  needs: ['T11'],
  explains: ['U2', 'U5', 'U6'],
  verify: recording => {
    const expected = ALL_TRUE;
    const found = probeFindings(recording);
    if (found && (!found.ended || found.result === undefined)) {
      const no =
        received(recording, 'SUBACK').find(one => one.packet.codes.some(code => code >= 128)) ??
        received(recording, 'SUBACK').at(-1);
      const hungUp = sent(recording, 'PUBLISH').find(
        one => closing(recording, one.connection)?.by === 'broker',
      );
      fail({
        mistake: 'no-is-an-answer',
        expected,
        seen: [
          ...(hungUp
            ? [hungUp, 'the broker closed the connection without PUBACK']
            : [...(no ? [no] : [])]),
          ...(found.ended ? ending(recording) : ['ten seconds later the probe was still running']),
        ],
        why: 'a broker may also say no aloud: SUBACK 128 (0x80) for a filter [3.1.1 MQTT-3.9.3-2], or the end of the connection for a message [3.1.1 MQTT-3.3.5-2]. That is the answer you were waiting for, not an accident',
        try: 'treat a refused filter as "received nothing", and a closed connection as "published nothing"',
      });
    }
    const result = resultOf(recording, expected);
    misjudged(recording, result, holds, expected);
    exitsWith(recording, 0, expected);
  },
});

const finds = (
  id: string,
  claim: Claim,
  on: ScenarioDefinition<ProbeFacts>,
  title: string,
): Check =>
  check<ProbeFacts>({
    id,
    judges: ['C15', 'C16', 'C18', 'C19'],
    title,
    clauses: [],
    on,
    needs: ['T12'],
    explains: storms,
    verify: recording => {
      const truth = { ...holds, [claim]: false };
      const expected = `${claim} is false, the other three true; exit code 1`;
      const result = resultOf(recording, expected);
      misjudged(recording, result, truth, expected);
      exitsWith(recording, 1, expected);
    },
  });

export const findsMuteSensor = finds(
  'T13',
  'sensorCanPublish',
  muteSensor,
  'it finds a sensor that cannot publish',
);

export const findsListeningSensor = finds(
  'T14',
  'sensorCannotReceive',
  listeningSensor,
  'it finds a sensor that receives',
);

export const findsDeafDashboard = finds(
  'T15',
  'dashboardCanReceive',
  deafDashboard,
  'it finds a dashboard that receives nothing',
);

export const findsSpeakingDashboard = finds(
  'T16',
  'dashboardCannotPublish',
  speakingDashboard,
  'it finds a dashboard that publishes',
);

/** Nothing can be said about this broker: exit code 4, and no result that somebody could believe. */
function admitsIgnorance(recording: ProbeRecording, what: string, how: Words): void {
  const found = probeFindings(recording);
  if (!found) cannotTell('the probe was not run to its end');
  const expected = `exit code 4 within ${PROBE_DEADLINE_MS / 1000} s, and no RESULT_FILE: ${what}`;
  if (!found.ended) {
    fail({
      mistake: 'never-ends',
      expected,
      seen: `the probe was still running after ${PROBE_DEADLINE_MS / 1000} s`,
      why: 'it waits for a broker for ever, and whoever started it waits as well. Client libraries try again and again unless told otherwise',
      try: 'give connecting a deadline, and end with exit code 4 when it passes',
    });
  }
  if (found.result !== undefined) {
    fail({ ...how, expected, seen: [`RESULT_FILE says ${found.result.slice(0, 200)}`, what] });
  }
  if (recording.programs[0]?.exitCode !== 4) {
    fail({
      mistake: 'crash-is-no-answer',
      expected,
      seen: [what, ...ending(recording)],
      why: 'to whoever reads the exit code this is a crash of the probe, or a finding. "I cannot tell" is a third answer, and has a code of its own',
      try: 'catch what goes wrong before the first answer is known, and end with exit code 4',
    });
  }
}

const noControl: Words = {
  mistake: 'no-positive-control',
  why: 'silence also happens when the broker is off or delivers nothing: "nothing came" proves a denial only after an allowed message got through',
  try: 'begin with the tester: publish and receive as tester; only when that works, go on',
};

export const mutePart = check<ProbeFacts>({
  id: 'T17',
  judges: ['C14', 'C22'],
  title: 'where nothing is delivered at all, it says that it cannot tell',
  clauses: [],
  on: mute,
  needs: ['T12'],
  explains: ['U1', 'U2', 'U5', 'U6'],
  verify: recording =>
    admitsIgnorance(recording, 'this broker delivers nothing, not even to the tester', noControl),
});

export const downPart = check<ProbeFacts>({
  id: 'T18',
  judges: ['C14', 'C20'],
  title: 'without a broker, it says that it cannot tell',
  clauses: [],
  on: down,
  needs: ['T12'],
  explains: ['U1', 'U2', 'U5', 'U6'],
  verify: recording => admitsIgnorance(recording, 'nothing listens on the port', noControl),
});

export const ownLab = check<ProbeFacts>({
  id: 'T19',
  judges: ['C16', 'C19'],
  title: 'your probe finds that all four claims hold on your own broker',
  clauses: [],
  on: together,
  needs: ['T4', 'T5', 'T6', 'T7', 'T8', 'T9', 'T18'],
  explains: storms,
  verify: recording => {
    const expected = ALL_TRUE;
    const result = resultOf(recording, expected);
    const [claim] = differing(result, holds);
    if (claim) {
      fail({
        mistake: 'lab-disagrees',
        expected,
        seen: wrote(result),
        why: `the checks of your files found that ${claim} holds, and your probe says it does not: it tests with a topic or a login that your rules treat in another way`,
        try: 'run the probe against your broker, and print each test with its topic',
      });
    }
    exitsWith(recording, 0, expected);
  },
});

export const lockedPart = check<ProbeFacts>({
  id: 'T20',
  judges: ['C14', 'C21'],
  title: 'where a login is refused, it says that it cannot tell',
  clauses: ['3.1.1 MQTT-3.2.2-5'],
  on: [lockedSensor, lockedDashboard],
  needs: ['T12', 'T13', 'T17', 'T18'],
  explains: ['U1', 'U2', 'U5', 'U6'],
  verify: recording => {
    const user = recording.facts.lockedOut ?? 'sensor';
    admitsIgnorance(recording, `this broker refuses the login of ${user}`, {
      mistake: 'not-there',
      why: `${user} was never at the broker, so it received nothing and published nothing. That proves no rule: with the right password it may do everything`,
      try: 'look at the CONNACK of each login; with another code than 0 end with exit code 4',
    });
  },
});
