// attack: looks for the hidden tests, the solutions and other submissions on disk
// lesson: 1
// with: solution
// outcome: passed
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const roots = new Set<string>([
  '__ROOT__',
  '/root',
  '/home',
  '/work',
  '/tmp',
  '/var/tmp',
  '/srv',
  '/opt',
]);
for (const start of [process.cwd(), process.argv[1] ?? '/', process.execPath]) {
  for (let at = start; at !== '/'; at = dirname(at)) roots.add(at);
}
for (const root of roots) {
  for (const part of [
    'solutions/03-subscribe-and-react/typescript/main.ts',
    'checker/lessons/03-subscribe-and-react.test.ts',
    'dist/checker/lessons/03-subscribe-and-react.test.js',
    'package.json',
    '__CANARY_FILE__',
  ]) {
    try {
      readFileSync(join(root, part));
      console.log(`LEAK read ${join(root, part)}`);
    } catch {
      // Not there.
    }
  }
}
for (const path of [
  '/etc/shadow',
  '/etc/machine-id',
  '__CANARY_FILE__',
  '/proc/1/root/etc/shadow',
  '/proc/kcore',
]) {
  try {
    readFileSync(path);
    console.log(`LEAK read ${path}`);
  } catch {
    // Not there.
  }
}
for (const [folder, program] of [
  ['/usr/bin', 'sh'],
  ['/bin', 'mosquitto'],
  ['/usr/sbin', 'mosquitto'],
] as const) {
  try {
    if (readdirSync(folder).includes(program)) console.log(`LEAK ${program} in ${folder}`);
  } catch {
    // Not there.
  }
}
