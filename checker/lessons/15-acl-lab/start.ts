import { check, type Failure, fail } from '../../harness/check.js';
import { type Recording, received } from '../../harness/recording.js';
import {
  type Caller,
  configuration,
  type Facts,
  type Findings,
  findingsOf,
  type User,
  users,
} from './configuration.js';
import { CONF, ENV_FILE } from './files.js';

/** T1–T3: the files are read, the right people get in, and the rules are in force. */

export const starts = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'the broker starts with your files',
  clauses: [],
  on: configuration,
  verify: recording => {
    const { trouble } = findingsOf(recording);
    if (!trouble) return;
    const place = trouble.at ? `${trouble.at.file}:${trouble.at.line}` : undefined;
    const seen = [
      ...(place ? [`${place}: ${trouble.line?.trim() ?? ''}`] : []),
      trouble.text,
      ...(trouble.exitCode === undefined
        ? []
        : [`the broker ends with exit code ${trouble.exitCode} before it has opened a port`]),
    ].join('\n');
    const expected = `mosquitto -c ${CONF}, started in this folder, runs`;
    if (trouble.kind === 'missing') {
      fail({
        mistake: 'no-conf',
        expected,
        seen,
        why: 'without a file Mosquitto serves this machine only, and admits everybody',
        try: 'get the stub again: npx mqtt-course reset 15',
      });
    }
    if (trouble.kind === 'outside') {
      fail({
        mistake: 'outside',
        expected,
        seen,
        why: 'the check takes your folder as it is handed in; other places of your machine are not there',
        try: 'put the file beside mosquitto.conf, and write its name without a path',
      });
    }
    if (/ #./.test(trouble.line ?? '')) {
      fail({
        mistake: 'comment-behind',
        expected,
        seen,
        why: 'a # begins a comment only as the first character of a line. Behind something it belongs to the value, and that is no valid one',
        try: 'give the comment a line of its own',
      });
    }
    if (trouble.line?.includes('\t')) {
      fail({
        mistake: 'tab',
        expected,
        seen: seen.replaceAll('\t', '⇥'),
        why: 'there is a tab (⇥) in this line. To Mosquitto only a space separates a word from the next',
        try: 'put a space in its place; your editor may show both alike',
      });
    }
    if (/certificate|certfile|keyfile|\bkey\b/i.test(trouble.text)) {
      fail({
        mistake: 'certificate',
        expected,
        seen,
        why: 'a listener with TLS shows a certificate and proves with its key that it is its own. With files that do not belong together it can do neither, and the broker does not start',
        try: 'make both anew, together: npx mqtt-course certs',
      });
    }
    fail({
      mistake: 'does-not-start',
      expected,
      seen,
      why: 'Mosquitto reads its files line by line and refuses to start at the first it does not understand: better no broker than one with half its rules',
      try: place
        ? `compare ${place} with the example in the lesson, character by character`
        : 'compare the names in mosquitto.conf with the files in the folder',
    });
  },
});

const callersInWords: Readonly<Record<Caller, string>> = {
  sensor: 'sensor with its password',
  dashboard: 'dashboard with its password',
  impostor: 'sensor with a wrong password',
  nobody: 'a client without a name',
};

/** The CONNACKs of a caller. */
const connacks = (recording: Recording<Facts>, who: Caller) =>
  received(recording, 'CONNACK', { who });

export const admits = check<Facts>({
  id: 'T2',
  judges: ['C2', 'C3'],
  title: 'sensor and dashboard get in, and nobody else',
  clauses: ['3.1.1 MQTT-3.1.4-4', '3.1.1 MQTT-3.2.2-5'],
  on: configuration,
  needs: ['T1'],
  verify: recording => {
    const found = findingsOf(recording);
    const missing = users.filter(user => !found.given[user]);
    if (missing.length > 0) {
      fail({
        mistake: 'no-lab-password',
        expected: `${ENV_FILE} has SENSOR_PASSWORD and DASHBOARD_PASSWORD`,
        seen: `${ENV_FILE} has no password for ${missing.join(' and ')}`,
        why: 'the password file has hashes, and nobody can log in with a hash: devices keep the password itself somewhere else',
        try: `write the passwords that you gave to mosquitto_passwd into ${ENV_FILE}`,
      });
    }
    for (const { who, code, because, at, door } of found.logins) {
      const welcome = who === 'sensor' || who === 'dashboard';
      if (welcome === (code === 0)) continue;
      const expected = `CONNACK ${welcome ? 0 : 5} for ${callersInWords[who]}`;
      const connack = connacks(recording, who)[door];
      const seen = [
        ...(connack ? [connack] : [`no CONNACK for ${callersInWords[who]}`]),
        `${at ? `${at}: ` : ''}${because}`,
      ];
      if (welcome) refused(found, who, door, { expected, seen });
      intruder(found, who, door, { expected, seen });
    }
    if (!found.listener) {
      fail({
        mistake: 'no-listener',
        expected: 'a listener line that says on which port the broker serves',
        seen: `${CONF} has no line that begins with listener`,
        why: 'without one Mosquitto 2 starts in local only mode: it serves this machine, and no sensor in the house can reach it',
        try: 'add the listener line of the lesson',
      });
    }
  },
});

type Sight = Pick<Failure, 'expected' | 'seen'>;

/** A line that is there, and holds for another listener than the one that was asked. */
function elsewhere({ settings }: Findings, key: string) {
  const line = settings.find(one => one.key === key);
  const per = settings.find(one => one.key === 'per_listener_settings');
  if (!line || !per) return undefined;
  return {
    mistake: 'for-another-listener',
    seen: `${per.at}: per_listener_settings; ${line.at}: ${key}`,
    why: `with per_listener_settings true, ${key} holds for the listener above it only. Above the first listener line it holds for none of yours`,
    try: `put ${key} below the listener line that it is meant for, or take per_listener_settings away`,
  };
}

/** One of the two users did not get in. */
function refused(found: Findings, who: User, door: number, sight: Sight): never {
  const warning = found.warnings.find(one => one.text.includes(` user ${who},`));
  if (warning) {
    const seen = [...[sight.seen].flat(), `${warning.at}: ${warning.text}`];
    return fail({
      ...sight,
      seen,
      mistake: 'plain-password',
      why: `behind "${who}:" stands no hash that the broker can read, so it drops the line and goes on: ${who} does not exist. A password in the open would also be one that every reader of the file has`,
      try: 'make the line with mosquitto_passwd, or turn the whole file into hashes with mosquitto_passwd -U',
    });
  }
  const file = found.doors[door]?.passwordFile;
  const other = file === undefined ? elsewhere(found, 'password_file') : undefined;
  if (other) return fail({ ...sight, ...other, seen: [...[sight.seen].flat(), other.seen] });
  if (file === undefined) {
    return fail({
      ...sight,
      mistake: 'no-password-file',
      why: 'no password_file line: the broker knows no users at all, and admits nobody',
      try: `name the password file in ${CONF}`,
    });
  }
  const absent = [sight.seen]
    .flat()
    .some(part => typeof part === 'string' && /is not in/.test(part));
  if (absent) {
    return fail({
      ...sight,
      mistake: 'user-missing',
      why: `${file} has no line for ${who}. mosquitto_passwd -c makes the file anew each time: with -c for both users only the second one is left`,
      try: `add ${who} with mosquitto_passwd, without -c`,
    });
  }
  return fail({
    ...sight,
    mistake: 'other-password',
    why: `the hash in ${file} was made from another password than the one in ${ENV_FILE}`,
    try: `set the password again with mosquitto_passwd, and copy it into ${ENV_FILE} character by character`,
  });
}

/** Somebody got in who should not. */
function intruder(found: Findings, who: Caller, door: number, sight: Sight): never {
  const file = found.doors[door]?.passwordFile;
  const other = file === undefined ? elsewhere(found, 'password_file') : undefined;
  if (other) return fail({ ...sight, ...other, seen: [...[sight.seen].flat(), other.seen] });
  if (who === 'impostor' || file === undefined) {
    return fail({
      ...sight,
      mistake: 'no-password-file',
      why: 'without a password_file line no password is compared with anything: a name alone is enough, and your access rules rest on names',
      try: `name the password file in ${CONF}, and allow_anonymous false`,
    });
  }
  return fail({
    ...sight,
    mistake: 'anonymous',
    why: 'a client without a name is connected. Today the access rules stop it; tomorrow one "pattern" line, or one "topic" line above the first "user", will not',
    try: 'look at the line named above',
  });
}

export const inForce = check<Facts>({
  id: 'T3',
  judges: ['C4'],
  title: 'an access list is in force',
  clauses: [],
  on: configuration,
  needs: ['T2'],
  verify: recording => {
    const { doors, cells } = findingsOf(recording);
    const open = doors.findIndex(door => door.aclFile === undefined);
    if (open < 0) return;
    const leak = cells.find(one => one.door === open && one.got && !one.wanted);
    const other = elsewhere(findingsOf(recording), 'acl_file');
    if (other) {
      const port = doors[open]?.port;
      return fail({
        ...other,
        expected: `${CONF} names the access list, for every listener`,
        seen: `no acl_file holds for the listener on port ${port}\n${other.seen}`,
      });
    }
    fail({
      mistake: 'no-acl-file',
      expected: `${CONF} names the access list, for every listener`,
      seen: [
        `no acl_file line for the listener on port ${doors[open]?.port}`,
        ...(leak
          ? [
              `${leak.user} ${leak.access === 'read' ? 'received' : 'published to'} ${leak.topic}, and nothing stopped it`,
            ]
          : []),
      ],
      why: 'the file acl lies in the folder, but it is never loaded: whoever is logged in may do everything',
      try: `add the acl_file line to ${CONF}`,
    });
  },
});
