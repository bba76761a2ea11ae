#!/usr/bin/env node
// Plain JavaScript that any Node can read: an old one must get a sentence, not a syntax error.
import { existsSync } from 'node:fs';
import * as module from 'node:module';

const [major, minor] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/cli/main.js', import.meta.url);

if (major < 20 || (major === 20 && minor < 12)) {
  console.error(
    `mqtt-course needs Node 20.12 or later; this is Node ${process.versions.node}. Get one: https://nodejs.org`,
  );
  process.exitCode = 3;
} else if (!existsSync(main)) {
  console.error('mqtt-course is not built yet. In the folder of the course: npm install');
  process.exitCode = 3;
} else {
  // Compiled code is kept from one start to the next, where Node can do that (22.8 and later).
  module.enableCompileCache?.();
  const { main: run } = await import(main.href);
  await run(process.argv.slice(2));
}
