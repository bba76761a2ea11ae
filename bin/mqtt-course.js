#!/usr/bin/env node
// Plain JavaScript that any Node can read: an old one must get a sentence, not a syntax error.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/cli/main.js', import.meta.url);

// A clone that was installed with `ignore-scripts` has all that it takes to be built, and is not.
function build() {
  const script = new URL('../scripts/build.mjs', import.meta.url);
  const tool = new URL('../node_modules/esbuild/package.json', import.meta.url);
  if (!existsSync(script) || !existsSync(tool)) return false;
  console.error('Building the course, once ...');
  const { status } = spawnSync(process.execPath, [fileURLToPath(script)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0 && existsSync(main);
}

// What keeps the course from running here, in one sentence; empty when nothing does.
function obstacle() {
  if (process.versions.bun) {
    return 'mqtt-course runs on Node, and this is Bun. What to do: leave out --bun; bun x mqtt-course then starts Node';
  }
  if (major < 20 || (major === 20 && minor < 12)) {
    return `mqtt-course needs Node 20.12 or later; this is Node ${process.versions.node}. Get one: https://nodejs.org`;
  }
  if (process.versions.pnp) {
    return "mqtt-course needs its packages as files, and Yarn's Plug'n'Play keeps them in archives. What to do: yarn config set nodeLinker node-modules && yarn install";
  }
  if (!existsSync(main) && !build()) {
    return 'mqtt-course is not built yet. In the folder of the course: npm install && npm run build';
  }
  return '';
}

// What the codes of the system say, where not even the course itself could be read.
const machine = {
  EMFILE: 'no file can be opened any more (EMFILE). What to do: ulimit -n 1024',
  ENFILE: 'no file can be opened any more (ENFILE). What to do: close some programs',
  EACCES:
    'a file of the course may not be read (EACCES). What to do: install it again, as yourself',
  EIO: 'the disk reports an error (EIO). What to do: install the course on another disk',
};

function notLoaded(error) {
  const name = /^Cannot find package '(.*?)'/.exec(error.message)?.[1];
  if (machine[error.code]) {
    console.error(`This machine did not do its part: ${machine[error.code]}.`);
  } else if (error.code === 'ERR_MODULE_NOT_FOUND' && name !== undefined) {
    console.error(`${name}, which the course needs, is not installed. What to do: npm install`);
  } else throw error;
  process.exit(3);
}

const sentence = obstacle();
if (sentence) {
  console.error(sentence);
  process.exitCode = 3;
} else {
  // Compiled code is kept from one start to the next, where Node can do that (22.8 and later).
  module.enableCompileCache?.();
  const { main: run } = await import(main.href).catch(notLoaded);
  await run(process.argv.slice(2));
}
