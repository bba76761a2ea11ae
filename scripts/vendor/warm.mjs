/**
 * Loaded with `--import` into a Node that is started before it is needed. Loads what every program
 * of the course loads, then waits, blocked, for one line on file descriptor 3. After that nothing
 * of this is left to see: Node goes on with its main module, the learner's file. A worker thread of
 * that program is given the same `--import`: there is nothing to wait for in it.
 */
import { closeSync, copyFileSync, mkdirSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  await import('node:readline');
  await import('./mqtt.mjs');
  begin(word());
}

function word() {
  const chunks = [];
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    const size = readSync(3, buffer, 0, buffer.length, null);
    // Whoever started us is gone, or has no use for us.
    if (size === 0) process.exit(0);
    chunks.push(Buffer.from(buffer.subarray(0, size)));
    if (buffer[size - 1] === 10) break;
  }
  closeSync(3);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function begin({ main, file, cwd, env }) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  // A copy, not a link: Windows lets a normal user make no symbolic links. It lies as deep as the
  // learner's built file, so that the paths in its source map lead to the same places.
  mkdirSync(dirname(main), { recursive: true });
  copyFileSync(file, main);
  process.argv[1] = file;
  process.execArgv.splice(0, process.execArgv.length, '--enable-source-maps');
}
