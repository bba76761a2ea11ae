/**
 * What the sandbox costs: a program started plainly and in the sandbox, in turns, with the medians;
 * and what the first start of a scenario costs, with a network of its own.
 *
 *     node bench/sandbox-start.mjs [starts]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPython } from '../dist/checker/index.js';
import { defaultLimits, openSandbox, probeIsolation } from '../dist/grading/sandbox/index.js';

const starts = Number(process.argv[2] ?? 25);
const { tier, reason } = await probeIsolation();
console.log(`isolation ${tier}${reason ? `: ${reason}` : ''}`);

/** @param {number[]} values */
const median = values => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** @returns {Promise<number>} milliseconds from spawn to exit */
function timed(command, args, options, pid = () => {}) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...options,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    pid(child.pid);
    child.once('error', reject);
    child.once('exit', code =>
      code === 0 ? resolve(performance.now() - began) : reject(new Error(`exit code ${code}`)),
    );
  });
}

const opening = performance.now();
const sandbox = await openSandbox({ tier, limits: defaultLimits, tmp: tmpdir() });
console.log(
  `open a sandbox (once for a class)      ${(performance.now() - opening).toFixed(0)} ms`,
);
const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-bench-'));
try {
  writeFileSync(join(folder, 'main.mjs'), '');
  writeFileSync(join(folder, 'main.py'), '');
  const python = await findPython();
  for (const [track, command, file] of [
    ['typescript', process.execPath, 'main.mjs'],
    ...(python?.paho ? [['python', python.command, 'main.py']] : []),
  ]) {
    const { module, options } = sandbox.launcher({ folder, track });
    const { openLauncher } = await import(module);
    const first = performance.now();
    const launcher = await openLauncher(options, () => {});
    const socket = await launcher.bind?.(0);
    if (socket) {
      const server = createServer();
      await new Promise(resolve => server.listen(socket, resolve));
      server.close();
    }
    const scene = performance.now() - first;
    const request = { name: 'bench', command, args: [join(folder, file)], cwd: folder, env: {} };
    const plain = [];
    const boxed = [];
    for (let at = 0; at < starts; at++) {
      plain.push(await timed(command, request.args, { cwd: folder }));
      const launched = launcher.launch(request);
      const { command: outer, args, cwd, env } = launched;
      boxed.push(await timed(outer, args, { cwd, env }, launched.started));
      launched.ended(0, undefined, '"exit-code"');
    }
    await launcher.close();
    const [a, b] = [median(plain), median(boxed)];
    console.log(
      `${track.padEnd(11)} plain ${a.toFixed(0)} ms, sandboxed ${b.toFixed(0)} ms (${(b / a).toFixed(2)} times), first network ${scene.toFixed(0)} ms`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await sandbox.close();
}
