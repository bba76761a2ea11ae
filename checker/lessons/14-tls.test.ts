import type { SentenceId } from '../../course/contract.js';
import type { NoteEntry } from '../../wire/index.js';
import { type Check, check, type Diagnosis, fail } from '../harness/check.js';
import { endingWords } from '../harness/ending.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject, sameNumber } from '../harness/matchers.js';
import { notes, type Recording, sent } from '../harness/recording.js';
import type { ScenarioDefinition } from '../harness/scenario.js';
import { readCrash } from '../harness/stderr.js';
import { hiddenTests } from '../harness/vitest.js';
import { certificates } from './14-tls/certificates.js';
import { lets, onlyTls, speaksTls } from './14-tls/door.js';
import { arriveAll, leavesAfterPuback } from './14-tls/readings.js';
import {
  environment,
  expired,
  type Facts,
  facts,
  good,
  otherAuthority,
  plaintext,
  triesOf,
  wrongAuthority,
  wrongName,
} from './14-tls/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

/** Bytes that are no TLS came to a server that speaks only TLS. */
const spokePlain = (recording: Recording): NoteEntry | undefined =>
  notes(recording, 'tls-failed').find(({ text }) =>
    /wrong version|version number|packet length|http request|unexpected message|unsupported protocol/i.test(
      text,
    ),
  );

/** What became of the tries, in words. */
function tries(recording: Recording): string {
  const all = triesOf(recording);
  const failed = notes(recording, 'tls-failed').at(-1);
  const times = all.length === 1 ? 'once' : `${all.length} times`;
  const program = recording.programs[0];
  const end =
    program?.exitedAt === undefined || program.killedAt !== undefined
      ? 'your program was still running'
      : `your program ended ${endingWords(program)}`;
  return all.length === 0
    ? `nobody dialled; ${end}`
    : `your program dialled ${times} and sent no CONNECT${failed ? ` (${failed.text})` : ''}; ${end}`;
}

const overTls = ({ facts: { username } }: Recording<Facts>) =>
  `CONNECT over TLS with the user name ${username} and its password`;

/** The right server: a CONNECT with the login must come. */
function trusts(recording: Recording<Facts>) {
  const { username } = recording.facts;
  const expected = overTls(recording);
  const [connect] = sent(recording, 'CONNECT');
  if (!connect) {
    const crash = readCrash(recording.programs[0]?.stderr ?? '');
    const dialled = triesOf(recording).length > 0;
    return fail({
      mistake: dialled
        ? spokePlain(recording)
          ? 'no-tls-spoken'
          : 'right-server-refused'
        : 'never-dialled',
      expected,
      seen: [tries(recording), ...(crash ? [crash.text] : [])].join('\n'),
      why: !dialled
        ? 'no connection came to the address in MQTT_URL'
        : spokePlain(recording)
          ? 'this server speaks TLS, and your program spoke MQTT without it: the login was readable on the way'
          : 'your program did not trust the right server. Three causes look alike here: the file MQTT_CA_FILE is not used; its path was given where its contents belong (ca of mqtt.js), or the other way round; or another name than localhost was dialled',
      try: !dialled
        ? 'connect to MQTT_URL; in Python to MQTT_HOST and MQTT_PORT'
        : spokePlain(recording)
          ? 'look at the scheme of MQTT_URL, or at tls_set of paho'
          : 'mqtt.js: ca takes the certificate itself, readFileSync(path). paho: tls_set takes the path. Dial the host in MQTT_URL',
    });
  }
  const { packet } = connect;
  const password = packet.password && 'text' in packet.password ? packet.password.text : undefined;
  if (packet.username !== username || password !== recording.facts.password) {
    fail({
      mistake: 'no-login',
      field: packet.username === undefined ? packetFields.userNameFlag : undefined,
      expected,
      seen: [connect],
      why: 'TLS shows you the server. It does not show you to the server: for that there is still the login',
      try: 'MQTT_USERNAME and MQTT_PASSWORD, as in lesson 13',
    });
  }
}

export const connects = check<Facts>({
  id: 'T1',
  judges: ['C1', 'C2'],
  title: 'it trusts the right server, and logs in',
  clauses: ['3.1.1 MQTT-7.1.2-1'],
  on: good,
  explains: ['U1', 'U2', 'U7'],
  verify: trusts,
});

export const publishes = check<Facts>({
  id: 'T2',
  judges: ['C3', 'C4'],
  title: 'the reading is published',
  clauses: [],
  on: good,
  needs: ['T1'],
  verify: recording => {
    const { topic, reading } = recording.facts;
    const expected = `${JSON.stringify(reading)} on ${topic} with QoS 1`;
    const [message] = sent(recording, 'PUBLISH');
    if (!message) {
      return fail({
        mistake: 'no-reading',
        expected,
        seen: insteadOf(recording, 'PUBLISH'),
        why: 'a line that nothing is said on protects nothing',
        try: 'each line of the input is a reading: publish it on TOPIC',
      });
    }
    const { device, temp } = jsonObject(message);
    const same = device === reading.device && sameNumber(temp, reading.temp);
    if (message.packet.topic !== topic || message.packet.qos !== 1 || !same) {
      fail({
        mistake: 'other-reading',
        expected,
        seen: [message],
        why: 'topic, QoS or payload is not that of the contract',
        try: 'compare the message with the table of the lesson',
      });
    }
  },
});

export const readsTheFile = check<Facts>({
  id: 'T3',
  judges: ['C1'],
  title: 'another file, another authority: it trusts that one',
  clauses: ['3.1.1 MQTT-7.1.2-1'],
  on: otherAuthority,
  needs: ['T1'],
  explains: ['U1', 'U2'],
  verify: recording => {
    if (sent(recording, 'CONNECT').length > 0) return trusts(recording);
    fail({
      mistake: 'fixed-authority',
      expected: overTls(recording),
      seen: tries(recording),
      why: 'in this run the house has another authority, and MQTT_CA_FILE another path. Your program trusts what it trusted before: one day the authority is renewed, and everything stands still',
      try: 'take the authority from the file that MQTT_CA_FILE names, at each start',
    });
  },
});

/** Nothing of MQTT may be said to a server that is not the right one. */
function silent(
  on: ScenarioDefinition<Facts>,
  words: {
    id: string;
    judges: readonly SentenceId[];
    title: string;
    mistake: string;
    shown: string;
    why: string;
    try: string;
  },
): Check {
  const { id, judges, title, mistake, shown, ...rest } = words;
  return check<Facts>({
    id,
    judges,
    title,
    clauses: [],
    on,
    needs: ['T1'],
    explains: ['U1', 'U2', 'U5', 'U7'],
    verify: recording => {
      const expected = 'not one packet of MQTT, and above all no login';
      const [connect] = sent(recording, 'CONNECT');
      const [message] = sent(recording, 'PUBLISH');
      if (connect) {
        return fail({
          mistake,
          expected,
          seen: [shown, connect, ...(message ? [message] : [])],
          ...rest,
        });
      }
      const plain = spokePlain(recording);
      if (plain) {
        fail({
          mistake: 'falls-back',
          expected,
          seen: `${shown}\nthen bytes came that are not TLS (${plain.text})`,
          why: fallback.why,
          try: fallback.try,
        });
      }
    },
  });
}

const fallback = {
  why: 'the program went on without TLS: whoever can disturb a handshake gets the password in clear letters',
  try: 'when TLS fails, there is no second way: end',
};

export const noName = silent(wrongName, {
  id: 'T4',
  judges: ['C7'],
  title: 'right authority, wrong name: nothing is said',
  mistake: 'name-check-off',
  shown:
    'the server showed a certificate of your authority for press-3.example; you dialled localhost',
  why: 'every machine of the house has a certificate of this authority. One that was stolen from a press now reads your password in the name of the broker',
  try: 'look for what switches the check of the name off: tls_insecure_set, check_hostname, checkServerIdentity',
});

export const noStranger = silent(wrongAuthority, {
  id: 'T5',
  judges: ['C8'],
  title: 'right name, wrong authority: nothing is said',
  mistake: 'authority-check-off',
  shown:
    'the server showed a certificate for localhost, signed by a stranger who calls himself as your authority does',
  why: 'you gave your password to a server that was signed by a stranger. Anybody can make such a certificate in a minute',
  try: 'look for what switches the verification off',
});

export const notExpired = silent(expired, {
  id: 'T6',
  judges: ['C9'],
  title: 'a certificate that is over: nothing is said',
  mistake: 'expiry-ignored',
  shown: 'the server showed a certificate that ended yesterday',
  why: 'an old certificate is one whose key may have been lost since; nobody looks after it any more',
  try: 'look for what switches the verification off',
});

export const noPlaintext = silent(plaintext, {
  id: 'T7',
  judges: ['C10'],
  title: 'a server without TLS: nothing is said',
  mistake: 'falls-back',
  shown: 'the server did not speak TLS',
  ...fallback,
});

export const ends = check<Facts>({
  id: 'T8',
  judges: ['C11', 'C12'],
  title: 'no right server: it ends with exit code 3',
  clauses: [],
  on: [wrongName, wrongAuthority, expired, plaintext],
  needs: ['T4', 'T5', 'T6', 'T7'],
  explains: ['U1', 'U2', 'U5', 'U7'],
  verify: recording => {
    const expected = 'exit code 3, and no other try';
    const program = recording.programs[0];
    if (program?.exitedAt === undefined || program.killedAt !== undefined) {
      const again = triesOf(recording).length > 1;
      return fail({
        mistake: again ? 'retries-certificate' : 'waits-for-nothing',
        expected,
        seen: `${recording.scenario}: ${tries(recording)}`,
        why: again
          ? 'a wrong certificate does not heal by itself. Each new try is a new chance for whoever stands in between'
          : 'the program waits for a connection that it will not make, and nobody hears of it',
        try: 'handle the error of the connection, and end there',
      });
    }
    // A first look with TLS alone and a connection after it are two, where the server is the right one.
    if (triesOf(recording).length > 1) {
      return fail({
        mistake: 'retries-certificate',
        expected,
        seen: `${recording.scenario}: ${tries(recording)}`,
        why: 'a wrong certificate does not heal by itself. Each new try is a new chance for whoever stands in between',
        try: 'end at the first handshake that fails',
      });
    }
    if (program.exitCode !== 3) {
      const crash = readCrash(program.stderr);
      fail({
        mistake: program.exitCode === 0 ? 'looks-fine' : 'wrong-exit-code',
        expected,
        seen: [`${recording.scenario}: ${tries(recording)}`, ...(crash ? [crash.text] : [])].join(
          '\n',
        ),
        why: 'code 3 is the alarm of this house: it says that somebody else answers in the name of the broker',
        try: 'end with process.exit(3) or sys.exit(3) in the handler of this error',
      });
    }
  },
});

export const leaves = leavesCleanly(good, { id: 'T12', judges: ['C6'], needs: ['T2'] });

export const fallsBack: Diagnosis = {
  // With TLS tried first and MQTT in clear second, every wrong server hears it.
  applies: signature => signature.mistake('T7') === 'falls-back',
  leads: 'T7',
  covers: ['T4', 'T5', 'T6'],
  failure: () => ({ mistake: 'falls-back' }),
};

export const verificationOff: Diagnosis = {
  applies: signature => signature.failed('T4') && signature.failed('T5'),
  leads: 'T5',
  covers: ['T4', 'T6'],
  failure: () => ({
    mistake: 'verification-off',
    why: 'every certificate is accepted: a stranger, another name, one that is over. The line is encrypted, to whoever answers, and he has your password now',
    try: 'look for what switches the verification off: rejectUnauthorized, CERT_NONE. It is never needed: the authority is in MQTT_CA_FILE',
  }),
};

export const practice: Practice = {
  env: random => environment(facts(random)),
  events: random => Array.from({ length: 5 }, () => ({ input: { ...facts(random).reading } })),
  tls: async () => {
    const { caFile, server } = await certificates();
    const { certificate, key } = server.good;
    return { options: { cert: certificate, key }, env: { MQTT_CA_FILE: caFile } };
  },
};

export const lesson = hiddenTests(
  defineLesson({
    id: '14-tls',
    checks: [
      connects,
      publishes,
      readsTheFile,
      noName,
      noStranger,
      notExpired,
      noPlaintext,
      ends,
      speaksTls,
      lets,
      onlyTls,
      leaves,
      arriveAll,
      leavesAfterPuback,
    ],
    diagnoses: [fallsBack, verificationOff],
    practice,
  }),
);
