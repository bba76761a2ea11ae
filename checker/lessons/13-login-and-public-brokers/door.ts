import { check, fail } from '../../harness/check.js';
import {
  type ConfigFindings,
  forAnotherDoor,
  isLoopback,
  placeText,
  strangersIn,
} from '../../harness/configuration.js';
import type { Recording } from '../../harness/recording.js';
import { type Facts, house, LAB_USERS } from './scenarios.js';

const findingsOf = (recording: Recording): ConfigFindings => recording.findings as ConfigFindings;

const answerOf = (findings: ConfigFindings, guest: string): string => {
  const answer = findings.answers[guest];
  if (!answer) return `${guest}: did not get to the door`;
  const place = placeText(answer.at);
  const code = answer.code === null ? 'no CONNACK' : `CONNACK ${answer.code}`;
  return `${guest}: ${code}; ${answer.because}${place ? ` (${place})` : ''}`;
};

export const opens = check<Facts>({
  id: 'T13',
  judges: ['C19'],
  title: 'mosquitto.conf opens a door for the house',
  clauses: [],
  on: house,
  verify: recording => {
    const { error, doors, localOnly } = findingsOf(recording);
    const expected =
      'Mosquitto starts with mosquitto.conf and listens on port 1883 for the whole house';
    if (error) {
      const place = placeText(error.at);
      return fail({
        mistake: 'config-error',
        expected,
        seen: `${error.text}${place ? ` (${place})` : ''}`,
        why: 'a broker that does not understand a line does not start at all',
        try: place
          ? `look at ${place}: is it one option and one value, and is every file where the line says?`
          : 'mosquitto.conf and passwd stand beside your program; the path in password_file starts there',
      });
    }
    if (localOnly) {
      return fail({
        mistake: 'no-listener',
        expected,
        seen: 'there is no listener line in mosquitto.conf',
        why: 'without a listener Mosquitto 2 serves this machine only, and no sensor in the house can reach it',
        try: 'give the door a port of its own: one line, listener and a number',
      });
    }
    const ofHouse = doors.filter(door => !isLoopback(door.host));
    if (ofHouse.some(door => door.port === 1883 && !door.tls && !door.websockets)) return;
    const [door] = ofHouse.length > 0 ? ofHouse : doors;
    const place = placeText(door?.at) ?? 'mosquitto.conf';
    if (door && ofHouse.length === 0) {
      return fail({
        mistake: 'loopback-listener',
        expected,
        seen: `${place}: listener ${door.port} ${door.host}`,
        why: `${door.host} is this machine itself: nobody else in the house can knock`,
        try: 'leave the address away; who comes in is the business of the password file',
      });
    }
    const [, kind] =
      ofHouse
        .filter(one => one.port === 1883)
        .map(one => [one, one.websockets ? 'WebSockets' : 'TLS'] as const)[0] ?? [];
    if (kind) {
      return fail({
        mistake: 'other-protocol',
        expected,
        seen: `${place}: port 1883 waits for ${kind}`,
        why: `the sensors of this house speak MQTT on 1883, and nothing around it: at a door for ${kind} nobody understands them`,
        try: 'give MQTT itself a listener of its own',
      });
    }
    fail({
      mistake: 'other-port',
      expected,
      seen: `${place}: the door is on port ${door?.port}`,
      why: 'the sensors of this house dial 1883, the port of MQTT without TLS',
      try: 'look at the number behind listener',
    });
  },
});

export const letsIn = check<Facts>({
  id: 'T14',
  judges: ['C20'],
  title: 'sensor and dashboard get in',
  clauses: ['3.1.1 MQTT-3.1.4-4'],
  on: house,
  needs: ['T13'],
  verify: recording => {
    const findings = findingsOf(recording);
    const expected = 'CONNACK 0 for sensor and for dashboard, each with its password';
    const out = Object.keys(LAB_USERS).filter(user => findings.answers[user]?.code !== 0);
    const [user] = out;
    if (user === undefined) return;
    const seen = out.map(one => answerOf(findings, one)).join('\n');
    const other = forAnotherDoor(findings, 'password_file');
    if (other) return fail({ ...other, expected, seen: `${seen}\n${other.seen}` });
    if (!('password_file' in findings.places)) {
      return fail({
        mistake: 'no-password-file',
        expected,
        seen,
        why: 'mosquitto.conf names no password_file, so no password is right',
        try: 'one line more: which file holds the users?',
      });
    }
    const raw = findings.warnings.find(
      ({ text }) => /hash|salt|decode/.test(text) && / for user /.test(text),
    );
    if (raw) {
      return fail({
        mistake: 'plaintext-password',
        expected,
        seen: `${placeText(raw.at)}: ${raw.text}\n${seen}`,
        why: 'behind the colon stands no hash. Mosquitto drops such a line when it reads the file',
        try: 'turn plain lines into hashes: npx mqtt-course passwd -U passwd',
      });
    }
    if (findings.users.includes(user)) {
      return fail({
        mistake: 'other-password',
        expected,
        seen,
        why: 'the user is there, with the hash of another password',
        try: `set it again, without -c, with the password of the lesson: npx mqtt-course passwd passwd ${user}`,
      });
    }
    const only = findings.users.length > 0 ? findings.users.join(', ') : 'nobody';
    fail({
      mistake: findings.users.length === 1 ? 'overwritten' : 'user-missing',
      expected,
      seen: `${seen}\nin the password file: ${only}`,
      why:
        findings.users.length === 1
          ? `only ${only} is in the file: -c makes a new file each time, and the users before are gone`
          : `${user} is not in the file, or is written with other letters`,
      try: `add the one who is missing, without -c: npx mqtt-course passwd passwd ${user}`,
    });
  },
});

export const keepsOut = check<Facts>({
  id: 'T15',
  judges: ['C21', 'C22'],
  title: 'nobody else gets in',
  clauses: ['3.1.1 MQTT-3.2.2-5'],
  on: house,
  needs: ['T13'],
  verify: recording => {
    const findings = findingsOf(recording);
    const guests = Object.keys(findings.answers).filter(guest => !(guest in LAB_USERS));
    const inside = guests.filter(guest => findings.answers[guest]?.code === 0);
    const expected =
      'CONNACK 5 for a client without a login, with a wrong password, and with an unknown name';
    if (inside.length === 0) return behindTheHouse(findings, guests, expected);
    const seen = inside.map(guest => answerOf(findings, guest)).join('\n');
    const line = placeText(findings.places['allow_anonymous']) ?? 'mosquitto.conf';
    const any = inside.length === guests.length;
    fail({
      mistake: any ? 'open-door' : 'anonymous-in',
      expected,
      seen,
      why: any
        ? `${line} lets everybody in, and without a password_file Mosquitto accepts every name and password`
        : `${line} lets in whoever gives no user name. The passwords are only asked of those who do`,
      try: `look at ${line}`,
    });
  },
});

/** Who is in the password file and has no business there; who gets in at another door. */
function behindTheHouse(
  findings: ConfigFindings,
  guests: readonly string[],
  expected: string,
): void {
  for (const { door, answers } of findings.otherDoors ?? []) {
    const guest = guests.find(one => answers[one]?.code === 0);
    const answer = guest && answers[guest];
    if (!guest || !answer) continue;
    fail({
      mistake: 'other-door-open',
      expected,
      seen: `${placeText(door.at) ?? 'mosquitto.conf'}: at the door with port ${door.port}, ${guest} gets in; ${answer.because}`,
      why: 'a house is as open as its widest door: who is refused at 1883 tries the next number',
      try: 'give each listener the same rules, or bind it to this machine: listener PORT 127.0.0.1',
    });
  }
  const users = [findings.users, ...(findings.otherDoors ?? []).map(one => one.users)].flat();
  // With one of the two missing, the other name may be that of the same user, misspelled.
  if (!Object.keys(LAB_USERS).every(user => findings.users.includes(user))) return;
  const [stranger] = strangersIn(users, LAB_USERS);
  if (stranger !== undefined) {
    fail({
      mistake: 'extra-user',
      expected: 'in passwd the users sensor and dashboard, and nobody else',
      seen: `in the password file: ${[...new Set(users)].join(', ')}`,
      why: `${stranger} has a password, and so a way in. Nobody looks after a user that nobody needs`,
      try: `take the line out: npx mqtt-course passwd -D passwd ${stranger}`,
    });
  }
}
