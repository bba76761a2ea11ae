/**
 * How long a learner waits: `check` of a lesson's solution, from `node` and through `npx`, beside
 * what it is built on. Prints medians (minimum–maximum) and ratios. Run: npm run bench [runs]
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'bin', 'mqtt-course.js');
const runs = Number(process.argv[2] ?? 11);
const lessons = (process.argv[3] ?? '2').split(',');

/** @returns {Promise<{ wall: number, first: number, code: number | null }>} milliseconds */
function time(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    let first;
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], ...options });
    child.stdout.on('data', () => {
      first ??= performance.now() - began;
    });
    child.on('error', reject);
    child.on('close', code => {
      const wall = performance.now() - began;
      resolve({ wall, first: first ?? wall, code });
    });
  });
}

const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = value => `${Math.round(value)}`.padStart(6);

async function measure(name, command, args, options) {
  await time(command, args, options);
  const seen = [];
  for (let run = 0; run < runs; run++) seen.push(await time(command, args, options));
  const bad = seen.find(one => one.code !== 0);
  if (bad) throw new Error(`${name} ended with ${bad.code}`);
  const walls = seen.map(one => one.wall);
  const result = { name, wall: median(walls), first: median(seen.map(one => one.first)) };
  console.log(
    `${name.padEnd(46)}${ms(result.wall)} (${ms(Math.min(...walls)).trim()}–${ms(Math.max(...walls)).trim()})   first line ${ms(result.first)}`,
  );
  return result;
}

const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-bench-'));
try {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}, ${runs} runs each, milliseconds\n`,
  );
  const workspace = join(folder, 'course');
  await time(process.execPath, [bin, 'start', '--yes', '--dir', workspace]);
  cpSync(join(root, 'solutions'), join(workspace, 'exercises'), { recursive: true });

  const vitestBin = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const empty = join(root, 'bench', 'empty');
  mkdirSync(join(root, '.tmp'), { recursive: true });

  const sink = createServer(socket => {
    let stage = 0;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (stage++ === 0) socket.write(Buffer.from([0x20, 2, 0, 0]));
    });
  });
  await new Promise(resolve => sink.listen(0, '127.0.0.1', resolve));
  const bare = join(root, '.tmp', 'bare.mjs');
  writeFileSync(
    bare,
    `import mqtt from 'mqtt';
const client = await mqtt.connectAsync('mqtt://127.0.0.1:${sink.address().port}');
await client.publishAsync('a', 'b');
await client.endAsync();
`,
  );

  const node = await measure('node -e 0', process.execPath, ['-e', '0']);
  await measure('mqtt.js: connect, publish, end', process.execPath, [bare]);
  const reference = await measure('vitest run, one empty test file', process.execPath, [
    vitestBin,
    'run',
    '--root',
    empty,
  ]);
  for (const lesson of lessons) {
    const check = await measure(
      `check ${lesson}, from node`,
      process.execPath,
      [bin, 'check', lesson],
      { cwd: workspace },
    );
    console.log(
      `   ratio to vitest run ${(check.wall / reference.wall).toFixed(2)}, to node -e 0 ${(check.wall / node.wall).toFixed(1)}`,
    );
  }
  await measure('check 2, through npx', 'npx', ['mqtt-course', 'check', '2'], { cwd: workspace });
  sink.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
