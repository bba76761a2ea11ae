import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type ConfiguredBroker,
  hashPassword,
  loadMosquittoConfig,
  parseMosquittoConfig,
  startFromConfig,
} from '../../broker/index.js';
import { temporary } from './command.js';
import { connected, raw } from './raw.js';
import { connect5, connected5, publish5, type Raw5, raw5, subscribe5 } from './raw-v5.js';
import { owned } from './targets.js';

let folder: string;
const path = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await temporary();
});

async function start(text: string): Promise<ConfiguredBroker> {
  await writeFile(path('m.conf'), text.replaceAll('DIR', folder));
  const broker = await startFromConfig(await loadMosquittoConfig(path('m.conf')), {
    ports: 'ephemeral',
  });
  owned(broker);
  return broker;
}

const password = (text: string) => ({ bytes: text.length, text });
const login = async (user: string, text: string) =>
  `${user}:${await hashPassword(text, 'sha512-pbkdf2')}\n`;
const codes = (client: Raw5) =>
  client.rest().then(all => all.map(one => one.split(' reasonStr')[0]));

describe('a mosquitto.conf and clients of MQTT 5', () => {
  it('accept_protocol_versions and max_topic_alias hold for their listener', async () => {
    const broker = await start(
      'allow_anonymous true\nlistener 1883\naccept_protocol_versions 3,4\n' +
        'listener 1884\naccept_protocol_versions 5\nmax_topic_alias 3\n',
    );
    const refused = raw5(broker, broker.open(1883));
    refused.send(connect5('five'));
    expect(await codes(refused)).toEqual([
      'CONNACK reasonCode=0x84 (unsupported protocol version) sessionPresent=0',
    ]);
    const five = raw5(broker, broker.open(1884));
    five.send(connect5('five'));
    expect(await five.next()).toContain('topicAliasMaximum=3');
    await connected({ ...broker, open: () => broker.open(1883) }, 'four');
    const four = raw({ ...broker, open: () => broker.open(1884) });
    four.send({ cmd: 'connect', clientId: 'x', clean: true, keepalive: 0, protocolVersion: 4 });
    expect(await four.rest()).toEqual(['CONNACK 1 sp0']);
  });

  it.each(['6', '4,', 'mqttv5', '3;4'])('accept_protocol_versions %s is refused', value => {
    const text = `listener 1883\naccept_protocol_versions ${value}\n`;
    expect(() => parseMosquittoConfig(text)).toThrow('Invalid accept_protocol_versions value');
  });

  it('logins and ACLs: 0x87, in CONNACK, PUBACK and PUBREC; what may not be read is not delivered', async () => {
    await writeFile(path('p'), await login('ada', '1'));
    await writeFile(path('acl'), 'user ada\ntopic write a\ntopic read b\n');
    const broker = await start('listener 1883\npassword_file DIR/p\nacl_file DIR/acl\n');
    for (const more of [{}, { username: 'ada', password: password('2') }, { username: 'bob' }]) {
      const client = raw5(broker);
      client.send(connect5('no', more));
      expect(await codes(client)).toEqual([
        'CONNACK reasonCode=0x87 (not authorized) sessionPresent=0',
      ]);
    }
    const ada = await connected5(broker, 'ada', { username: 'ada', password: password('1') });
    ada.send(subscribe5(1, { a: 1, '$share/g/a': 1 }));
    // As Mosquitto: an acl_file never refuses a SUBSCRIBE.
    expect(await ada.next()).toBe('SUBACK codes=1,1 id=1');
    ada.send(publish5('a', 'x', 1, 1), publish5('b', 'x', 1, 2), publish5('b', 'x', 2, 3));
    expect((await ada.fence()).map(one => one.split(' reasonStr')[0])).toEqual([
      'PUBACK id=1',
      'PUBACK id=2 reason=0x87 (not authorized)',
      'PUBREC id=3 reason=0x87 (not authorized)',
    ]);
  });

  it('a reload tells who may no longer stay', async () => {
    await writeFile(path('p'), await login('ada', '1'));
    const broker = await start('listener 1883\npassword_file DIR/p\n');
    const ada = await connected5(broker, 'ada', { username: 'ada', password: password('1') });
    await writeFile(path('p'), await login('ada', 'changed'));
    await broker.reload();
    expect(await codes(ada)).toEqual(['DISCONNECT reason=0x87 (not authorized)']);
  });

  it('shutting down is told', async () => {
    const broker = await start('listener 1883\nallow_anonymous true\n');
    const five = await connected5(broker, 'five');
    const four = await connected(broker, 'four');
    const both = Promise.all([codes(five), four.rest()]);
    await broker.shutDown();
    expect(await both).toEqual([['DISCONNECT reason=0x8b (server shutting down)'], []]);
    expect(broker.running).toBe(false);
  });
});
