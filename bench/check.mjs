/**
 * How long a learner waits, beside what it is built on: `check` from `node` and through `npx`, a
 * save in a session that stays, an empty Vitest, a bare client. Prints medians and ratios.
 *
 * Run: npm run bench -- [runs] [lessons]     for example: npm run bench -- 20 2,5
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inTurn, line, machine, ms, ratio, time } from './measure.mjs';
import { watch } from './watch.mjs';

// Where npm was called from is not where the workspace is.
delete process.env.INIT_CWD;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'bin', 'mqtt-course.js');
const runs = Number(process.argv[2] ?? 20);
const asked = process.argv[3]?.split(',').map(Number);

/** Lessons in which no protocol timer has to run out, each with a mistake that a learner makes. */
const quick = [
  { lesson: '02-publish-a-reading', mutant: 'end-before-connected' },
  { lesson: '03-subscribe-and-react', mutant: 'unguarded-parse' },
  { lesson: '04-topic-names', mutant: 'leading-slash' },
  { lesson: '05-wildcards', mutant: 'one-device' },
  { lesson: '08-retained-state', mutant: 'retain-missing' },
  { lesson: '11-commands', mutant: 'not-stored' },
];
/** The others. Their scenarios wait for keep-alive, pauses before reconnecting, outages. */
const withTimers = [1, 6, 7, 9, 10, 12, 13, 14];

const wanted = number => !asked || asked.includes(number);
const numberOf = ({ lesson }) => Number(lesson.slice(0, 2));
const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-bench-'));

/** A broker that says yes to a CONNECT, and no more. */
async function yes() {
  const server = createServer(socket => {
    let greeted = false;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (!greeted) socket.write(Buffer.from([0x20, 2, 0, 0]));
      greeted = true;
    });
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Which scenario of the last check took longest, and how long. */
function longestScenario(workspace, number) {
  const path = join(workspace, '.mqtt-course', 'last');
  const lesson = `${String(number).padStart(2, '0')}-`;
  const file = readdirSync(path).find(name => name.startsWith(lesson) && name.endsWith('.json'));
  if (!file) return undefined;
  const { recordings = {} } = JSON.parse(readFileSync(join(path, file), 'utf8'));
  const ends = Object.entries(recordings).map(([name, { trace }]) => ({
    name,
    ms: Math.max(0, ...trace.entries.map(entry => entry.t)),
  }));
  return ends.sort((a, b) => b.ms - a.ms)[0];
}

try {
  console.log(`${machine(runs)}\n`);
  const workspace = join(folder, 'course');
  await time(process.execPath, [bin, 'start', '--yes', '--dir', workspace]);
  cpSync(join(root, 'solutions'), join(workspace, 'exercises'), { recursive: true });
  const checkOf = number => ({
    name: `check ${number}, from node`,
    file: process.execPath,
    args: [bin, 'check', String(number)],
    options: { cwd: workspace },
  });

  const server = await yes();
  mkdirSync(join(root, '.tmp'), { recursive: true });
  const bare = join(root, '.tmp', 'bare.mjs');
  writeFileSync(
    bare,
    `import mqtt from 'mqtt';
const client = await mqtt.connectAsync('mqtt://127.0.0.1:${server.address().port}');
await client.publishAsync('a', 'b');
await client.endAsync();
`,
  );
  const node = { name: 'node -e 0', file: process.execPath, args: ['-e', '0'] };
  const client = { name: 'mqtt.js: connect, publish, end', file: process.execPath, args: [bare] };
  const vitest = {
    name: 'vitest run, one empty test file',
    file: process.execPath,
    args: [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--root',
      join(root, 'bench', 'empty'),
    ],
  };
  for (const one of await inTurn(runs, [node, client, vitest])) line(one);
  server.close();

  for (const number of quick.map(numberOf).filter(wanted)) {
    const [seen, empty, bareNode] = await inTurn(runs, [checkOf(number), vitest, node]);
    line(
      seen,
      `first line ${ms(seen.first).trim()} · ${ratio(seen, empty)} × vitest run (${ms(empty.wall).trim()}) · ${ratio(seen, bareNode)} × node (${ms(bareNode.wall).trim()})`,
    );
  }
  const here = quick.filter(one => wanted(numberOf(one)));
  await watch(root, here, runs);
  for (const number of withTimers.filter(wanted)) {
    const [seen] = await inTurn(Math.min(runs, 3), [checkOf(number)]);
    const longest = longestScenario(workspace, number);
    line(seen, longest ? `longest scenario "${longest.name}" ${ms(longest.ms).trim()}` : '');
  }
  if (wanted(2)) {
    const npx = { name: 'check 2, through npx', file: 'npx', args: ['mqtt-course', 'check', '2'] };
    const [seen] = await inTurn(runs, [{ ...npx, options: { cwd: workspace } }]);
    line(seen);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
