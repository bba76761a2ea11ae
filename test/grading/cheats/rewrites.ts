// attack: rewrites itself, the kit, the client library, and the machine
// lesson: 1
// with: solution
// outcome: passed
import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

for (const path of [
  process.argv[1] ?? '',
  '__ROOT__/exercises/kit/kit.ts',
  '__ROOT__/dist/vendor/mqtt.mjs',
  process.execPath,
  join(dirname(process.execPath), 'planted'),
  '/etc/passwd',
  '/etc/hosts',
]) {
  try {
    appendFileSync(path, '\n');
    console.log(`LEAK wrote ${path}`);
  } catch {
    // Read-only.
  }
}
// Its own folder is a copy: what it does there reaches nobody.
symlinkSync('/etc/shadow', join(process.cwd(), 'link'));
writeFileSync(join(process.cwd(), 'planted.txt'), 'planted');
writeFileSync(join(process.cwd(), 'main.ts'), '');
