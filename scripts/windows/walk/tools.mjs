/** The broker with files of Windows, and what makes its files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { withCrlf } from '../place.mjs';
import { ends, must, says, until } from '../steps.mjs';

/** Connects from this side: both share the loopback. @returns what came of it */
function knock(port, options = {}) {
  return new Promise(resolve => {
    const client = mqtt.connect({
      host: '127.0.0.1',
      port,
      reconnectPeriod: 0,
      connectTimeout: 8000,
      ...options,
    });
    client.once('connect', () => {
      client.end(true);
      resolve('welcome');
    });
    client.once('error', error => {
      client.end(true);
      resolve(String(error.code ?? error.message));
    });
    client.once('close', () => resolve('closed'));
  });
}

export async function tools({ step, place, wine }) {
  const lab = join(place.workspace, 'my lab');

  await step('passwd and certs make files that the broker takes', async () => {
    mkdirSync(lab, { recursive: true });
    const cwd = { cwd: lab };
    ends(await place.run(['passwd', '-c', '-b', '.\\users.txt', 'ada', 'secret'], cwd), 0);
    ends(await place.run(['passwd', '-b', 'users.txt', 'Zoë', 'pässword'], cwd), 0);
    const users = readFileSync(join(lab, 'users.txt'), 'utf8');
    must(/^ada:\$7\$/m.test(users) && /^Zoë:\$7\$/m.test(users), 'both are in the file', users);
    const certs = await place.run(['certs', '--client', 'press 3'], cwd);
    ends(certs, 0);
    says(certs.out, 'written certs\\ca.crt', 'written certs\\press 3.key');
    const again = await place.run(['certs'], cwd);
    says(again.out, 'kept certs\\ca.crt (replace: -f)');
  });

  await step('broker -c with CRLF files and backslash paths: logins, rules, TLS', async () => {
    const conf = [
      'per_listener_settings false',
      'allow_anonymous false',
      `password_file ${wine.path(join(lab, 'users.txt'))}`,
      'acl_file .\\rules of the lab.txt',
      'listener 18831 127.0.0.1',
      'listener 18832 127.0.0.1',
      'cafile certs\\ca.crt',
      'certfile certs\\server.crt',
      'keyfile certs\\server.key',
    ];
    writeFileSync(join(lab, 'mosquitto.conf'), `${conf.join('\n')}\n`);
    writeFileSync(join(lab, 'rules of the lab.txt'), 'user ada\ntopic readwrite lab/#\n');
    withCrlf(lab);
    const tested = await place.run(['broker', '-c', '.\\mosquitto.conf', '--test-config'], {
      cwd: lab,
    });
    ends(tested, 0);
    const broker = place.begin(['broker', '-c', wine.path(join(lab, 'mosquitto.conf')), '-v'], {
      cwd: lab,
      open: true,
    });
    try {
      const seen = () => `${broker.out()}\n${broker.err()}`;
      let first = '';
      await until(
        () => {
          void knock(18831).then(answer => {
            first = answer;
          });
          return first !== '' && !/ECONNREFUSED|closed/.test(first);
        },
        'the broker answers',
        seen,
      );
      must(first === '5', 'who has no login is refused with code 5', first);
      const login = { username: 'ada', password: 'secret' };
      must((await knock(18831, login)) === 'welcome', 'ada gets in', seen());
      must(
        (await knock(18831, { username: 'Zoë', password: 'pässword' })) === 'welcome',
        'Zoë gets in',
        seen(),
      );
      must(
        (await knock(18831, { username: 'ada', password: 'wrong' })) === '5',
        'a wrong password does not',
        seen(),
      );
      const ca = readFileSync(join(lab, 'certs', 'ca.crt'));
      const tls = { ...login, protocol: 'mqtts', ca, servername: 'localhost' };
      must((await knock(18832, tls)) === 'welcome', 'ada gets in by TLS', seen());
      must(
        (await knock(18832, { ...tls, ca: undefined })) !== 'welcome',
        'who does not trust does not',
        seen(),
      );
      const topics = await mqtt.connectAsync({
        host: '127.0.0.1',
        port: 18831,
        ...login,
        reconnectPeriod: 0,
      });
      const granted = await topics.subscribeAsync(['lab/#']);
      must(granted[0].qos === 0, 'the rules are in force', granted);
      const message = new Promise(resolve =>
        topics.once('message', (topic, payload) => resolve(`${topic} ${payload}`)),
      );
      await topics.publishAsync('lab/ä', 'ü');
      must((await message) === 'lab/ä ü', 'a message arrives', seen());
      await topics.endAsync();
    } finally {
      wine.endAll();
      await broker.ended;
    }
  });

  await step('a mosquitto.conf that is wrong: the file and the line', async () => {
    writeFileSync(join(lab, 'wrong.conf'), 'listener 18833\r\nallow_anonymos true\r\n');
    const outcome = await place.run(['broker', '-c', '.\\wrong.conf'], { cwd: lab });
    must(outcome.code !== 0 && outcome.code !== null, 'it does not start', outcome);
    says(outcome.err + outcome.out, 'allow_anonymos', 'wrong.conf:2');
  });
}
