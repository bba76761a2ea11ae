import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decide, loadMosquittoConfig, parseAcl, startFromConfig } from '../../../broker/index.js';
import { removeTemporary } from '../../../course/system/index.js';
import { createPeer, type Peer } from '../../../wire/index.js';
import { type Proof, type Proofs, type ProofWithBroker, whichIsTrue } from './lab.js';

/** The rules of the lab, for clients whose identifier is their name. */
const acl = parseAcl(
  `user sensor
topic write home/sensors/#
topic readwrite $fence/#
user dashboard
topic read home/#
topic readwrite $fence/#
user tester
topic readwrite home/#
topic readwrite $fence/#`,
  'acl',
);

const withRules = (run: Proof): ProofWithBroker => ({
  broker: {
    mayPublish: (who, topic) =>
      decide(acl, { clientId: who.clientId, username: who.clientId }, 'write', topic).allowed,
    mayReceive: (who, topic) =>
      decide(acl, { clientId: who.clientId, username: who.clientId }, 'read', topic).allowed,
  },
  run,
});

const grantedAndSilent = withRules(async lab => {
  const sensor = await lab.peer('sensor');
  const dashboard = await lab.peer('dashboard');
  const suback = await sensor.subscribe('home/#');
  await dashboard.subscribe('home/#');
  const tester = await lab.peer('tester');
  await tester.publish('home/light/hall', 'on', { qos: 1 });
  await sensor.fence();
  await dashboard.fence();
  const control = dashboard.messages.length === 1;
  const [code] = suback.codes;
  return whichIsTrue(
    code === 0x80,
    control && code === 0 && sensor.messages.length === 0,
    code === 0 && sensor.messages.length > 0,
  );
});

const pubackForNothing = withRules(async lab => {
  const tester = await lab.peer('tester');
  const dashboard = await lab.peer('dashboard');
  await tester.subscribe('home/#', 1);
  // Resolves with PUBACK.
  await dashboard.publish('home/sensors/kitchen', '99', { qos: 1 });
  await tester.publish('home/sensors/kitchen', '21', { qos: 1 });
  await tester.fence();
  const came = tester.messages.length;
  return whichIsTrue(came === 2, came === 1, false);
});

/** A broker with files of its own: who gets what the tester publishes? */
async function heard(aclText: string, name: string | undefined): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'mqtt-course-proof-'));
  try {
    await writeFile(join(folder, 'acl'), aclText);
    await writeFile(
      join(folder, 'mosquitto.conf'),
      'listener 1883\nallow_anonymous true\nacl_file acl\n',
    );
    const config = await loadMosquittoConfig('mosquitto.conf', { base: folder });
    const broker = await startFromConfig(config, { ports: 'ephemeral' });
    const enter = async (clientId: string, username?: string): Promise<Peer> => {
      const peer = createPeer(broker.open());
      await peer.connect({ clientId, ...(username ? { username } : {}) });
      return peer;
    };
    const reader = await enter('reader', name);
    await reader.subscribe('home/#');
    const tester = await enter('tester', 'tester');
    await tester.publish('home/sensors/kitchen', '21', { qos: 1 });
    await reader.unsubscribe('home/#');
    const got = reader.messages.length > 0;
    reader.destroy();
    tester.destroy();
    await broker.stop();
    return got;
  } finally {
    await removeTemporary(folder);
  }
}

const linesBeforeUser: Proof = async () => {
  const text = 'topic read home/#\nuser dashboard\nuser tester\ntopic write home/#\n';
  const named = await heard(text, 'dashboard');
  const nameless = await heard(text, undefined);
  return whichIsTrue(named && nameless, named && !nameless, nameless && !named);
};

/** What was stored before the rules is asked for again: does the reader get it? */
const storedIsReadToo = withRules(async lab => {
  const tester = await lab.peer('tester');
  await tester.publish('home/light/hall', 'on', { qos: 1, retain: true });
  const dashboard = await lab.peer('dashboard');
  const sensor = await lab.peer('sensor');
  for (const peer of [dashboard, sensor]) {
    await peer.subscribe('home/#');
    await peer.fence();
  }
  const control = dashboard.messages.some(one => one.retain);
  const leak = sensor.messages.length > 0;
  return whichIsTrue(leak, control && !leak, !control && !leak);
});

export const proofs: Proofs = {
  'granted-and-silent': grantedAndSilent,
  'puback-for-nothing': pubackForNothing,
  'lines-before-user': linesBeforeUser,
  'stored-is-read-too': storedIsReadToo,
};
