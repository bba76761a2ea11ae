import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Broker,
  findMosquitto,
  parseMosquittoConfig,
  startFromConfig,
  startMosquitto,
} from '../../broker/index.js';
import { temporary } from './command.js';
import { ack, connect, publish, type Raw, raw, subscribe } from './raw.js';

/** ACL_SEED replays a run; ACL_FILES makes a longer one. */
const seed = Number(process.env['ACL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const files = Number(process.env['ACL_FILES'] ?? 12);
const mosquitto = findMosquitto();
if (mosquitto === undefined) {
  process.stderr.write('NOTICE: no mosquitto here; ACL decisions are not compared with it.\n');
}

interface Subject {
  readonly clientId: string;
  readonly username?: string;
}

const name = fc.constantFrom('alice', 'bob', 'a+b', 'x#', 'al/ice', '');
const subjects = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.record({ clientId: fc.constantFrom('c1', 'c/2', 'c+3') }) },
    {
      weight: 4,
      arbitrary: fc.record({ clientId: fc.constantFrom('c1', 'c/2', 'c+3', 'a'), username: name }),
    },
  ),
  { minLength: 3, maxLength: 3 },
);
const part = fc.constantFrom(
  ...['a', 'b', 'alice', '', '+', '+', '+', '%c', '%u', 'x%u', '$own', 'a b'],
);
const filter = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 2 }), fc.boolean())
  .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
  .filter(text => text.trim() === text && text !== '');
const access = fc.constantFrom('read ', 'read ', 'write ', 'write ', 'readwrite ', '', 'deny ');
/** Without an access word a blank would end the filter. */
const rule = fc
  .tuple(access, filter)
  .map(([word, f]) => `${word === '' && f.includes(' ') ? 'readwrite ' : word}${f}`);
const line = fc.oneof(
  { weight: 5, arbitrary: rule.map(text => `topic ${text}`) },
  { weight: 2, arbitrary: rule.map(text => `pattern ${text}`) },
  { weight: 2, arbitrary: name.filter(n => n !== '').map(n => `user ${n}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('# comment', '', 'topic read #', 'topic readwrite $own/#'),
  },
);
const acl = fc.array(line, { minLength: 1, maxLength: 14 });
const topicPart = fc.constantFrom('a', 'a', 'b', 'c1', 'c', 'alice', 'al', '', 'xalice', 'a b');
const topics = fc.uniqueArray(
  fc
    .tuple(
      fc.constantFrom('', '', '', '$own/'),
      fc.array(topicPart, { minLength: 1, maxLength: 4 }),
    )
    .map(([dollar, levels]) => `${dollar}${levels.join('/')}`)
    .filter(text => text !== ''),
  { minLength: 16, maxLength: 16 },
);

/** May do everything, and watches. */
const overseer = ['', 'user overseer', 'topic readwrite #', 'topic readwrite $own/#'];

async function come(
  broker: Broker,
  who: Subject,
  more: { clean?: boolean; will?: string } = {},
): Promise<Raw> {
  const client = raw(broker);
  client.send(
    connect(who.clientId, {
      clean: more.clean ?? true,
      ...(who.username === undefined ? {} : { username: who.username, password: Buffer.from('x') }),
      ...(more.will === undefined
        ? {}
        : { will: { topic: more.will, payload: Buffer.from('w'), qos: 0, retain: false } }),
    }),
  );
  const answer = await client.next();
  if (!answer.startsWith('CONNACK 0')) throw new Error(answer);
  return client;
}

const everything = subscribe(1, ['#', 1], ['$own/#', 1]);

/** Topics of the messages in a list of packets. */
function seen(packets: string[]): string[] {
  return packets
    .filter(packet => packet.startsWith('PUBLISH'))
    .map(packet => packet.replace(/^PUBLISH /, '').replace(/ [^ ]* q\d r\d d\d.*$/, ''))
    .sort();
}

/** Everything the broker lets these clients do, as one value. */
async function behaviour(
  broker: Broker,
  clients: readonly Subject[],
  names: readonly string[],
): Promise<Record<string, string[]>> {
  const result: Record<string, string[]> = {};
  const boss = await come(broker, { clientId: 'overseer', username: 'overseer' });
  boss.send(everything);
  await boss.fence();
  const settle = async () => seen(await boss.fence());
  for (const [index, who] of clients.entries()) {
    const key = `${index} ${who.clientId} ${who.username ?? '(anonymous)'}`;
    const writer = await come(broker, who);
    writer.send(...names.map(topic => publish(topic, 'x', 0)));
    await writer.fence();
    result[`${key} publish`] = await settle();
    writer.send('e000');
    await writer.rest();

    boss.send(...names.map(topic => publish(topic, 'r', 0, 0, { retain: true })));
    await settle();
    const reader = await come(broker, who);
    reader.send(everything);
    result[`${key} retained`] = seen(await reader.fence());
    boss.send(...names.map(topic => publish(topic, '', 0, 0, { retain: true })));
    await settle();
    await reader.fence();
    boss.send(...names.map(topic => publish(topic, 'l', 0)));
    await settle();
    result[`${key} live`] = seen(await reader.fence());
    reader.send('e000');
    await reader.rest();

    // Each connection takes the identifier over from the one before, whose will is then due.
    const ghosts: Raw[] = [];
    for (const topic of names) ghosts.push(await come(broker, who, { will: topic }));
    const last = await come(broker, who);
    result[`${key} will`] = await settle();
    last.send('e000');
    await last.rest();
    for (const ghost of ghosts) ghost.close();

    // Queued under one name, resumed under another: both may have a say.
    const next = clients[(index + 1) % clients.length] as Subject;
    const heir: Subject = {
      clientId: who.clientId,
      ...(next.username === undefined ? {} : { username: next.username }),
    };
    for (const [label, then] of [
      ['resume', who],
      [`resume as ${heir.username ?? '(anonymous)'}`, heir],
    ] as const) {
      const leaver = await come(broker, who, { clean: false });
      leaver.send(everything);
      await leaver.fence();
      leaver.send('e000');
      await leaver.rest();
      for (const [i, topic] of names.entries()) boss.send(publish(topic, 'q', 1, i + 1));
      for (const packet of await boss.fence()) {
        const id = /^PUBLISH .*#(\d+)$/.exec(packet)?.[1];
        if (id !== undefined) boss.send(ack('puback', Number(id)));
      }
      const back = await come(broker, then, { clean: false });
      result[`${key} ${label}`] = seen(await back.fence());
      back.close();
      const wipe = await come(broker, who, { clean: true });
      wipe.send('e000');
      await wipe.rest();
    }
  }
  boss.close();
  return result;
}

it.skipIf(mosquitto === undefined)(
  `decides as Mosquitto: publish, live, retained, will, resume (ACL_SEED=${seed})`,
  async () => {
    const folder = await temporary();
    const aclFile = join(folder, 'acl');
    let decisions = 0;
    let allowed = 0;
    const cases = fc.sample(fc.tuple(acl, subjects, topics), { seed, numRuns: files });
    for (const [lines, clients, names] of cases) {
      const text = [...lines, ...overseer].join('\n');
      await writeFile(aclFile, `${text}\n`);
      const conf = `allow_anonymous true\nacl_file ${aclFile}\n`;
      const config = parseMosquittoConfig(`listener 1883\n${conf}`);
      const ours = await startFromConfig(config, { ports: 'ephemeral' });
      const theirs = await startMosquitto({ conf });
      try {
        const [mine, real] = await Promise.all([
          behaviour(ours, clients, names),
          behaviour(theirs, clients, names),
        ]);
        const hint = `ACL_SEED=${seed}\n${text}\ntopics: ${JSON.stringify(names)}`;
        expect(mine, hint).toEqual(real);
        for (const list of Object.values(real)) allowed += list.length;
        decisions += Object.keys(real).length * names.length;
      } finally {
        await Promise.all([ours.stop(), theirs.stop()]);
      }
    }
    process.stderr.write(`${decisions} decisions compared, ${allowed} of them yes.\n`);
    // A comparison in which everything is denied, or allowed, would show nothing.
    expect(allowed).toBeGreaterThan(decisions / 100);
    expect(allowed).toBeLessThan(decisions / 2);
  },
  600_000,
);
