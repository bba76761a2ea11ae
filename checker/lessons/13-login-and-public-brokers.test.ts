import { payloadText } from '../../wire/index.js';
import { check, type Diagnosis, fail } from '../harness/check.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject, sameNumber } from '../harness/matchers.js';
import { type PacketOf, type Recording, received, sent } from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import { keepsOut, letsIn, opens } from './13-login-and-public-brokers/door.js';
import {
  houseUnknown,
  madeUp,
  noLogin,
  noSerial,
  ownCorner,
} from './13-login-and-public-brokers/in-public.js';
import {
  arriveAll,
  keepsTryingAtEnd,
  leavesAfterPuback,
} from './13-login-and-public-brokers/readings.js';
import { endsAfterRefusal } from './13-login-and-public-brokers/refusal.js';
import { leakOf } from './13-login-and-public-brokers/scan.js';
import {
  awkwardLogin,
  badLogin,
  burst,
  busy,
  busyThenBad,
  environment,
  type Facts,
  inPublic,
  login,
  notAuthorised,
  rotated,
} from './13-login-and-public-brokers/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

type Connect = PacketOf<'CONNECT'>;

/** The password of a CONNECT as text; undefined when there is none, or it is no UTF-8. */
const passwordOf = ({ packet }: Connect): string | undefined =>
  packet.password && 'text' in packet.password ? packet.password.text : undefined;

/** Judges the login of every CONNECT against the environment. */
function rightLogin(recording: Recording<Facts>) {
  const { username, password } = recording.facts;
  const expected = `every CONNECT has the user name ${username} and the password in MQTT_PASSWORD`;
  const connects = sent(recording, 'CONNECT');
  if (connects.length === 0) {
    return fail({
      mistake: 'no-connect',
      expected,
      seen: insteadOf(recording, 'CONNECT'),
      why: 'without CONNECT nothing else can happen',
      try: 'connect to the address in MQTT_URL',
    });
  }
  const wrong = connects.find(
    one => one.packet.username !== username || passwordOf(one) !== password,
  );
  if (!wrong) return;
  const user = wrong.packet.username;
  const given = passwordOf(wrong);
  if (user === undefined) {
    const later = connects.some(one => one.packet.username !== undefined);
    return fail({
      mistake: later ? 'anonymous-first' : 'no-login',
      field: later ? undefined : packetFields.userNameFlag,
      expected,
      seen: [wrong, 'a CONNECT without a user name'],
      why: later
        ? 'trying without a login first stands in the log of every broker as a break-in; where it succeeds, the program works as nobody'
        : 'the broker does not know who is there, and this one lets only known users in',
      try: later
        ? 'give the login with the first CONNECT'
        : 'the login stands in MQTT_USERNAME and MQTT_PASSWORD',
    });
  }
  if (user.startsWith(`${username}:`)) {
    return fail({
      mistake: 'cut-at-colon',
      expected,
      seen: [wrong, `the user name arrived as ${user}`],
      why: 'in mqtt.js 5.16 a login in the address is decoded first, then cut at its last colon: a part of your password is now a user name, which every log shows',
      try: 'give user name and password as options of connect, not in the address',
    });
  }
  if (user === encodeURIComponent(username) || given === encodeURIComponent(password)) {
    if (user !== username || given !== password) {
      return fail({
        mistake: 'still-encoded',
        expected,
        seen: [wrong, 'percent signs arrived where your login has other letters'],
        why: 'percent-encoding belongs into addresses. A field of CONNECT carries the letters themselves',
        try: 'hand over the values as they stand in the environment',
      });
    }
  }
  if (user === username) {
    return fail({
      mistake: 'password-mangled',
      expected,
      seen: [
        wrong,
        `the user name is right; the password has ${Buffer.byteLength(password)} bytes in the environment, ${wrong.packet.password?.bytes ?? 0} on the wire${given === undefined ? '' : ', and other letters'}`,
      ],
      why: 'a password is bytes: one that was trimmed, decoded or cut is another password',
      try: 'hand over MQTT_PASSWORD untouched',
    });
  }
  fail({
    mistake: 'credentials-in-source',
    expected,
    seen: [wrong, `the user name is ${user}; the environment says ${username}`],
    why: 'a login in the source is in every copy of the source, and changing it means a new release for every device',
    try: 'read MQTT_USERNAME and MQTT_PASSWORD from the environment',
  });
}

export const logsIn = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'it logs in with what the environment says',
  clauses: ['3.1.1 MQTT-3.1.2-19', '3.1.1 MQTT-3.1.2-21'],
  on: login,
  explains: ['U2'],
  verify: rightLogin,
});

export const anyLetters = check<Facts>({
  id: 'T2',
  judges: ['C1'],
  title: 'a login with : @ / # % and ß arrives whole',
  clauses: ['3.1.1 MQTT-3.1.3-11'],
  on: awkwardLogin,
  needs: ['T1'],
  verify: rightLogin,
});

export const speaks = check<Facts>({
  id: 'T3',
  judges: ['C3', 'C4'],
  title: 'at home every reading is published, with the serial',
  clauses: [],
  on: login,
  needs: ['T1'],
  verify: recording => {
    const { facts } = recording;
    const expected = `one message on ${facts.topic} for each reading, with QoS 1: device ${facts.serial} and its temp`;
    const messages = sent(recording, 'PUBLISH').filter(
      ({ packet }) => packet.topic === facts.topic && !packet.dup,
    );
    for (const temp of facts.temps) {
      const at = messages.find(one => sameNumber(jsonObject(one)['temp'], temp));
      if (!at) {
        return fail({
          mistake: 'missing-reading',
          expected,
          seen: insteadOf(recording, `message with temp ${temp}`),
          why: 'a reading that is not published never happened',
          try: 'each line of the input has one temp: publish it on TOPIC',
        });
      }
      if (jsonObject(at)['device'] !== facts.serial || at.packet.qos !== 1) {
        return fail({
          mistake: at.packet.qos === 1 ? 'wrong-device' : 'wrong-qos',
          expected,
          seen: [at],
          why:
            at.packet.qos === 1
              ? 'nobody knows which device this temperature is from'
              : 'with QoS 0 nobody tells you when a reading got lost',
          try: 'compare the message with the table of the lesson',
        });
      }
    }
  },
});

/** The shortest pause that the contract allows, and how early a timer may be. */
const PAUSE_MS = 250;
const TIMER_MS = 15;

/** The temp of a message, without judging it. */
function readTemp(packet: PacketOf<'PUBLISH'>['packet']): unknown {
  try {
    return (JSON.parse(payloadText(packet.payload) ?? '') as { temp?: unknown } | null)?.temp;
  } catch {
    return undefined;
  }
}

export const keepsTrying = check<Facts>({
  id: 'T6',
  judges: ['C8', 'C9', 'C10'],
  title: 'code 3: it tries again until the broker is back',
  clauses: ['3.1.1 MQTT-3.2.2-5'],
  on: busy,
  needs: ['T1'],
  explains: ['U2'],
  verify: recording => {
    const expected = 'after CONNACK 3 another CONNECT, until CONNACK 0, and then the reading';
    const noes = received(recording, 'CONNACK').filter(({ packet }) => packet.returnCode === 3);
    const last = noes.at(-1);
    if (!last) {
      return fail({
        mistake: 'no-connect',
        expected,
        seen: insteadOf(recording, 'CONNECT'),
        why: 'nothing was asked of the broker',
        try: 'mend the first check first',
      });
    }
    const program = recording.programs[0];
    if (!sent(recording, 'CONNECT', { after: last })[0]) {
      const ended = program?.exitedAt !== undefined && program.killedAt === undefined;
      return fail({
        mistake: 'gives-up-on-3',
        expected,
        seen: [
          last,
          ended
            ? `no CONNECT after that; the program ended with exit code ${program.exitCode}`
            : 'no CONNECT after that; your program was still running',
        ],
        why: ended
          ? 'code 3 says "not now", not "not you": the broker restarts, and your device is gone for good'
          : 'mqtt.js 5.16 does not dial again after a refused CONNACK unless it is told to, whatever the code is; nor does a loop of your own that ends with the connection',
        try: ended
          ? 'look at which codes end your program'
          : 'in mqtt.js look for reconnectOnConnackError among the options of connect; paho tries again by itself in loop_start and loop_forever',
      });
    }
    for (const no of noes) {
      const [next] = sent(recording, 'CONNECT', { after: no });
      const pause = next ? next.t - no.t : PAUSE_MS;
      if (next && pause < PAUSE_MS - TIMER_MS) {
        return fail({
          mistake: 'no-pause',
          expected: `after CONNACK 3 a pause of ${PAUSE_MS} ms or more, and then another CONNECT`,
          seen: [no, next, `${pause.toFixed(0)} ms later`],
          why: 'a broker that starts anew is knocked at by all devices at once, again and again: they keep it from getting up',
          try: 'give the library a longer time between two tries (reconnectPeriod, reconnect_delay_set), or wait before your own',
        });
      }
    }
    const temp = recording.facts.temps.find(
      one => !sent(recording, 'PUBLISH').some(({ packet }) => readTemp(packet) === one),
    );
    if (temp !== undefined) {
      fail({
        mistake: 'reading-lost',
        expected,
        seen: insteadOf(recording, `PUBLISH of the reading ${temp}, which waited`),
        why: 'the readings came while the broker was away, and one is gone',
        try: 'publish with QoS 1: the library keeps a message until PUBACK',
      });
    }
  },
});

export const noSecret = check<Facts>({
  id: 'T8',
  judges: ['C2'],
  title: 'the password is in the password field, and nowhere else',
  clauses: ['3.1.1 MQTT-3.1.2-21'],
  on: [login, busy, rotated, inPublic, burst],
  needs: ['T1'],
  verify: recording => {
    const leak = leakOf(recording, recording.facts.password, { parts: true });
    if (!leak) return;
    fail({
      mistake: 'secret-on-wire',
      expected: 'your password in the password field of CONNECT only',
      seen: [leak.entry, `${leak.where} holds your password${leak.how ? `, ${leak.how}` : ''}`],
      why: 'topic names, payloads, identifiers and user names are shown: to subscribers, in logs, on dashboards. Base64 and percent signs hide nothing',
      try: 'find where MQTT_PASSWORD is used a second time',
    });
  },
});

export const busyThenBadEnds = endsAfterRefusal(busyThenBad, {
  id: 'T18',
  judges: ['C6', 'C7'],
  title: 'code 4 after code 3: it ends with exit code 2',
  needs: ['T5', 'T6'],
  code: 4,
});

export const notAuthorisedEnds = endsAfterRefusal(notAuthorised, {
  id: 'T4',
  judges: ['C6', 'C7'],
  title: 'code 5, not authorised: it ends with exit code 2',
  needs: ['T1'],
  code: 5,
});

export const badLoginEnds = endsAfterRefusal(badLogin, {
  id: 'T5',
  judges: ['C6', 'C7'],
  title: 'code 4, bad user name or password: the same',
  needs: ['T1', 'T4'],
  code: 4,
});

export const rotatedEnds = endsAfterRefusal(rotated, {
  id: 'T7',
  judges: ['C5', 'C6', 'C7'],
  title: 'a password that changes in the middle of the work: the same',
  needs: ['T3', 'T4'],
  code: 5,
});

export const leaves = leavesCleanly(login, { id: 'T16', judges: ['C18'], needs: ['T3'] });

/** paho's version 2 callbacks have other values, and other signatures. */
export const versionTwo: Diagnosis = {
  leads: 'T4',
  covers: ['T5', 'T7', 'T18'],
  applies: one =>
    /CallbackAPIVersion\s*\.\s*VERSION2/.test(one.source) &&
    one.mistake('T4') === 'retries-refusal',
  failure: () => ({
    mistake: 'version-two-codes',
    why: "with paho's version 2 callbacks on_connect gets a ReasonCode, with the numbers of MQTT 5 also for a broker of 3.1.1: 135 for code 5, 134 for code 4. A comparison with 4 or 5 is never true, and the library knocks again",
    try: 'compare reason_code.value with 134 and 135, or use CallbackAPIVersion.VERSION1, where the codes are 4 and 5',
  }),
};

export const practice: Practice = {
  env: random => environment(login.facts(random)),
  events: random => login.facts(random).temps.map(temp => ({ input: { temp } })),
};

export const lesson = hiddenTests(
  defineLesson({
    id: '13-login-and-public-brokers',
    checks: [
      logsIn,
      anyLetters,
      speaks,
      notAuthorisedEnds,
      badLoginEnds,
      keepsTrying,
      rotatedEnds,
      noSecret,
      noLogin,
      ownCorner,
      noSerial,
      madeUp,
      opens,
      letsIn,
      keepsOut,
      leaves,
      houseUnknown,
      busyThenBadEnds,
      arriveAll,
      leavesAfterPuback,
      keepsTryingAtEnd,
    ],
    diagnoses: [versionTwo],
    practice,
  }),
);
