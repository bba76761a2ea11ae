import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { lessonFile } from '../pictures.js';
import { type Lab, type Proofs, whichIsTrue } from './lab.js';

interface Row {
  readonly filter: string;
  readonly name: string;
  readonly match: boolean;
}

/** The rows of the table in the lesson: | topic filter | topic name | match | why |. */
function rows(): Row[] {
  const text = readFileSync(lessonFile('05-wildcards'), 'utf8');
  return [...text.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (yes|no) \|/gm)].map(
    ([, filter = '', name = '', match]) => ({ filter, name, match: match === 'yes' }),
  );
}

/** Whether a message on that name reaches a subscription with that filter. */
async function arrives(lab: Lab, filter: string, name: string, at: number): Promise<boolean> {
  const reader = await lab.peer(`reader-${at}`);
  // The broker's own values are there already, stored; nobody else may publish them.
  if (name.startsWith('$SYS/')) {
    await reader.subscribe(name, 0);
    await reader.fence();
    if (reader.messages.length === 0) throw new Error(`there is no ${name} to look for`);
    await reader.unsubscribe(name);
  }
  const before = reader.messages.length;
  await reader.subscribe(filter, 0);
  if (!name.startsWith('$SYS/')) {
    const writer = await lab.peer(`writer-${at}`);
    await writer.publish(name, 'x', { qos: 1 });
  }
  await reader.fence();
  return reader.messages.slice(before).some(message => message.topic === name);
}

export const proofs: Proofs = {
  'match-table': async lab => {
    const table = rows();
    if (table.length < 12) throw new Error(`the table has ${table.length} rows`);
    for (const [at, { filter, name, match }] of table.entries()) {
      if ((await arrives(lab, filter, name, at)) === match) continue;
      throw new Error(`the table says of "${filter}" and "${name}": ${match}. It is not so`);
    }
    const parent = await arrives(lab, 'home/#', 'home', 100);
    const child = await arrives(lab, 'home/#', 'home/hall/temp', 101);
    return whichIsTrue(!parent && child, parent && child, parent && !child);
  },
  'hash-and-dollar': async lab => {
    const screen = await lab.peer('screen');
    await screen.subscribe('#', 0);
    const sensor = await lab.peer('sensor');
    const names = ['acme/north/pump-7/temp', '/acme', 'acme//temp'];
    for (const name of names) await sensor.publish(name, '{"temp":21}', { qos: 1 });
    await screen.fence();
    const seen = screen.messages.map(message => message.topic);
    const system = seen.some(topic => topic.startsWith('$'));
    await screen.subscribe('$SYS/#', 0);
    await screen.fence();
    const asked = screen.messages.some(message => message.topic.startsWith('$SYS/'));
    const rest = names.every(name => seen.includes(name));
    return whichIsTrue(system, asked && rest && !system, !rest && !system);
  },
  'shell-comment': async () => {
    const count = (command: string) =>
      execFileSync('sh', ['-c', `set -- ${command}\nprintf '%s\\n' "$@"`], { encoding: 'utf8' })
        .trimEnd()
        .split('\n');
    const bare = count('-h localhost -t # -v');
    const quoted = count("-h localhost -t '#' -v");
    if (quoted.join(' ') !== '-h localhost -t # -v') throw new Error('quoting does not help');
    return whichIsTrue(
      bare.includes('#') && bare.includes('-v'),
      bare.at(-1) === '-t',
      bare.includes('#') && !bare.includes('-v'),
    );
  },
  'empty-level-needs-a-plus': async lab => {
    const name = '/acme/north/pump-7/temp';
    const [exact, extra, branch] = [
      await arrives(lab, 'acme/north/+/temp', name, 1),
      await arrives(lab, '+/acme/north/+/temp', name, 2),
      await arrives(lab, 'acme/#', name, 3),
    ];
    return whichIsTrue(exact && !extra, extra && !exact && !branch, branch && !extra);
  },
};
