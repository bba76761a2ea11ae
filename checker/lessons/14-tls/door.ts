import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect as dialTls } from 'node:tls';
import {
  findMosquitto,
  loadMosquittoConfig,
  startFromConfig,
  startMosquitto,
} from '../../../broker/index.js';
import { removeTemporary } from '../../../course/system/index.js';
import { errorText } from '../../../wire/error-text.js';
import { createPeer } from '../../../wire/index.js';
import { check, fail } from '../../harness/check.js';
import {
  type ConfigFindings,
  forAnotherDoor,
  isLoopback,
  placeText,
  readConfiguration,
  strangersIn,
} from '../../harness/configuration.js';
import type { ScenarioContext } from '../../harness/context.js';
import type { Recording } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import { certificates } from './certificates.js';
import { type Facts, facts } from './scenarios.js';

/** What came of a knock: a CONNACK code, or why there was none. */
type Answer = { readonly code: number } | { readonly none: string };

interface Findings extends ConfigFindings {
  /** For each door, by the port in the file: what a client with TLS got, and one without. */
  readonly knocks: readonly {
    readonly port: number;
    readonly tls: Answer;
    readonly plain: Answer;
  }[];
  /** A client with TLS and without a login. */
  readonly anonymous?: Answer;
}

const LOGIN = { username: 'sensor', password: 'cold-27-north' };
const USERS: Readonly<Record<string, string>> = {
  sensor: LOGIN.password,
  dashboard: 'two-big-screens',
};

/** Of whom the rules of each door are asked: the two who may come in, and four who may not. */
const guests = [
  ...Object.entries(USERS).map(([name, password]) => ({ name, username: name, password })),
  { name: 'a client without a login' },
  { name: 'sensor with a wrong password', username: 'sensor', password: 'cold-27' },
  { name: 'dashboard without a password', username: 'dashboard' },
  { name: 'a stranger', username: 'guest', password: 'guest' },
];

/** The learner's mosquitto.conf, with certificates of ours where it says `certs/`. */
export const house = scenario<Facts>('the door of the house', {
  facts,
  run: async context => {
    const folder = await mkdtemp(join(tmpdir(), 'mqtt-course-door-'));
    try {
      await cp(context.folder, folder, {
        recursive: true,
        filter: path => !/^(node_modules|certs|__pycache__)$/.test(basename(path)),
      });
      const { ca, server } = await certificates();
      await mkdir(join(folder, 'certs'));
      await writeFile(join(folder, 'certs', 'ca.crt'), ca);
      await writeFile(join(folder, 'certs', 'server.crt'), server.good.certificate);
      await writeFile(join(folder, 'certs', 'server.key'), server.good.key);
      context.find(await look(context, folder, ca));
    } finally {
      await removeTemporary(folder);
    }
  },
});

async function look(context: ScenarioContext, folder: string, ca: string): Promise<Findings> {
  const real = context.brokerKind === 'mosquitto' && findMosquitto() !== undefined;
  let read: ConfigFindings | undefined;
  try {
    read = await readConfiguration(context, [], folder, guests);
    if (read.error) return { ...read, knocks: [] };
    const broker = real
      ? await startMosquitto({
          conf: await readFile(join(folder, 'mosquitto.conf'), 'utf8'),
          cwd: folder,
        })
      : await startFromConfig(await loadMosquittoConfig('mosquitto.conf', { base: folder }), {
          ports: 'ephemeral',
        });
    try {
      const knocks: Findings['knocks'][number][] = [];
      let anonymous: Answer | undefined;
      for (const { configured, port } of broker.listeners) {
        const tls = await knock(context, withTls(port, ca), LOGIN);
        knocks.push({
          port: configured,
          tls,
          plain: await knock(context, dial(port, '127.0.0.1'), LOGIN),
        });
        if ('code' in tls) anonymous ??= await knock(context, withTls(port, ca), {});
      }
      return { ...read, knocks, ...(anonymous ? { anonymous } : {}) };
    } finally {
      await broker.stop();
    }
  } catch (error) {
    // OpenSSL refuses a key that does not belong to the certificate when the door is opened.
    const text = errorText(error);
    if (!/key|certificate|PEM|SSL/i.test(text)) throw error;
    const nothing = { broker: 'embedded', localOnly: false, doors: [], warnings: [] } as const;
    return {
      ...(read ?? { ...nothing, places: {}, users: [], answers: {} }),
      knocks: [],
      error: { text },
    };
  }
}

const withTls = (port: number, ca: string): Duplex =>
  dialTls({ host: '127.0.0.1', port, servername: 'localhost', ca });

async function knock(
  context: ScenarioContext,
  stream: Duplex,
  login: { readonly username?: string; readonly password?: string },
): Promise<Answer> {
  const peer = createPeer(stream);
  const answer = peer.connect({ clientId: 'checker-guest', ...login }).then(
    ({ returnCode }): Answer => ({ code: returnCode }),
    (error: unknown): Answer => ({ none: errorText(error) }),
  );
  try {
    return await context.expect("the broker's answer at the door", answer);
  } finally {
    peer.destroy();
  }
}

const findingsOf = (recording: Recording): Findings => recording.findings as Findings;
const words = (answer: Answer | undefined) =>
  answer === undefined ? 'no answer' : 'code' in answer ? `CONNACK ${answer.code}` : answer.none;

export const speaksTls = check<Facts>({
  id: 'T9',
  judges: ['C13'],
  title: 'the broker of the house speaks TLS on port 8883',
  clauses: [],
  on: house,
  verify: recording => {
    const { error, doors, localOnly } = findingsOf(recording);
    const expected = 'a listener on port 8883 with cafile, certfile and keyfile';
    if (error) {
      const place = placeText(error.at);
      return fail({
        mistake: 'config-error',
        expected,
        seen: `${error.text}${place ? ` (${place})` : ''}`,
        why: 'with a certificate or key that it cannot use, the broker does not start, or opens no door',
        try: 'certfile is the certificate of the server, keyfile the key that belongs to it, cafile the authority; all in certs/, all below the listener line',
      });
    }
    if (localOnly) {
      return fail({
        mistake: 'no-listener',
        expected,
        seen: 'there is no listener line in mosquitto.conf',
        why: 'without a listener Mosquitto 2 serves this machine only',
        try: 'begin with one line: listener and a number',
      });
    }
    const half = doors.find(door => door.wantsTls && !door.tls);
    if (half) {
      return fail({
        mistake: 'half-tls',
        expected,
        seen: `${placeText(half.at) ?? 'mosquitto.conf'}: the door on port ${half.port} has some file of TLS, but not both certfile and keyfile`,
        why: 'Mosquitto 2.0 then opens the door without TLS, and says nothing: cafile alone proves nobody',
        try: 'a server shows a certificate (certfile) and proves that it is its own (keyfile)',
      });
    }
    const tls = doors.filter(door => door.tls);
    const ofHouse = tls.filter(door => !isLoopback(door.host));
    if (ofHouse.some(door => door.port === 8883 && !door.websockets)) return;
    const [secure] = ofHouse.length > 0 ? ofHouse : tls;
    if (secure && ofHouse.length === 0) {
      return fail({
        mistake: 'loopback-listener',
        expected,
        seen: `${placeText(secure.at) ?? 'mosquitto.conf'}: TLS on ${secure.host} only`,
        why: `${secure.host} is this machine itself: nobody else in the house can knock at this door`,
        try: 'leave the address behind the port away',
      });
    }
    if (!secure) {
      return fail({
        mistake: 'no-tls',
        expected,
        seen: doors
          .map(door => `${placeText(door.at) ?? 'mosquitto.conf'}: port ${door.port}, without TLS`)
          .join('\n'),
        why: 'the number 8883 encrypts nothing. Only a certificate and a key make a TLS door',
        try: 'below the listener line: cafile, certfile, keyfile',
      });
    }
    fail({
      mistake: secure.websockets ? 'other-protocol' : 'other-port',
      expected,
      seen: `${placeText(secure.at) ?? 'mosquitto.conf'}: TLS on port ${secure.port}${secure.websockets ? ', for WebSockets' : ''}`,
      why: 'clients dial 8883 for MQTT over TLS; on 1883 they speak without it',
      try: secure.websockets
        ? 'give MQTT itself a listener of its own'
        : 'change the number behind listener',
    });
  },
});

export const lets = check<Facts>({
  id: 'T10',
  judges: ['C14', 'C15', 'C16'],
  title: 'who verifies the broker gets in, with a login only',
  clauses: ['3.1.1 MQTT-3.1.4-4'],
  on: house,
  needs: ['T9'],
  verify: recording => {
    const findings = findingsOf(recording);
    const { knocks, anonymous } = findings;
    const expected =
      'CONNACK 0 over TLS for sensor and dashboard with their passwords, CONNACK 5 for everybody else';
    const other = forAnotherDoor(findings, 'password_file');
    if (other) return fail({ ...other, expected });
    const tls = knocks.find(({ port }) => port === 8883)?.tls;
    if (!tls || !('code' in tls) || tls.code !== 0) {
      return fail({
        mistake: tls && 'code' in tls ? 'login-refused' : 'not-verified',
        expected,
        seen: `sensor, with the file certs/ca.crt as --cafile: ${words(tls)}`,
        why:
          tls && 'code' in tls
            ? 'the encryption works, but the users of lesson 13 do not get in'
            : 'the certificate that the broker shows is not one for localhost by the authority in certs/ca.crt',
        try:
          tls && 'code' in tls
            ? 'keep allow_anonymous false and password_file passwd'
            : 'certfile is the certificate of the server, not that of the authority',
      });
    }
    if (anonymous && 'code' in anonymous && anonymous.code === 0) {
      fail({
        mistake: 'tls-is-not-login',
        expected,
        seen: `a client with TLS and without a login: ${words(anonymous)}`,
        why: 'TLS says who the server is. It does not say who the client is: everybody is in',
        try: 'the lines of lesson 13 are still needed',
      });
    }
    onlyTheTwo(findings, expected);
  },
});

/** At every door that the house can reach: both users get in, and nobody else does or could. */
function onlyTheTwo({ otherDoors = [] }: Findings, expected: string): void {
  for (const { door, answers, users } of otherDoors) {
    const at = placeText(door.at) ?? 'mosquitto.conf';
    const [stranger] = strangersIn(users, USERS);
    if (stranger !== undefined) {
      fail({
        mistake: 'extra-user',
        expected: 'in passwd the users sensor and dashboard of lesson 13, and nobody else',
        seen: `in the password file: ${users.join(', ')}`,
        why: `${stranger} has a password, and so a way in. Nobody looks after a user that nobody needs`,
        try: `take the line out: npx mqtt-course passwd -D passwd ${stranger}`,
      });
    }
    for (const [guest, answer] of Object.entries(answers)) {
      const welcome = guest in USERS;
      if (welcome === (answer.code === 0)) continue;
      fail({
        mistake: welcome ? 'login-refused' : 'tls-is-not-login',
        expected,
        seen: `${at}, port ${door.port}: ${guest}: CONNACK ${answer.code}; ${answer.because}`,
        why: welcome
          ? `the encryption works, but ${guest} of lesson 13 does not get in`
          : 'TLS says who the server is. It does not say who the client is: somebody gets in who has no business there',
        try: welcome
          ? 'keep allow_anonymous false and password_file passwd, and the passwd of lesson 13'
          : 'the lines of lesson 13 are still needed, for each listener',
      });
    }
  }
}

export const onlyTls = check<Facts>({
  id: 'T11',
  judges: ['C17'],
  title: 'no door of the house is open without TLS',
  clauses: [],
  on: house,
  needs: ['T9'],
  verify: recording => {
    const { doors, knocks } = findingsOf(recording);
    const open = doors.find(door => !door.tls && !isLoopback(door.host));
    if (!open) return;
    const plain = knocks.find(({ port }) => port === open.port)?.plain;
    fail({
      mistake: 'plaintext-door-too',
      expected: 'every listener that the house can reach speaks TLS',
      seen: `${placeText(open.at) ?? 'mosquitto.conf'}: port ${open.port} without TLS; sensor got ${words(plain)} there`,
      why: 'a program that is set to the old port still works, and still sends its password for all to read. Nobody will notice',
      try: 'take the old listener away, or bind it to 127.0.0.1',
    });
  },
});
