// attack: reads other processes, their environment and their open files
// lesson: 1
// with: solution
// outcome: passed
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
if (pids.length > 3) console.log(`LEAK sees ${pids.length} processes`);
for (const pid of pids) {
  for (const file of ['environ', 'cmdline']) {
    try {
      const text = readFileSync(`/proc/${pid}/${file}`, 'latin1');
      if (/vitest|CANARY_SECRET|hunter2/.test(text)) console.log(`LEAK /proc/${pid}/${file}`);
    } catch {
      // Not to be read.
    }
  }
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      if (target.startsWith('/') && !/^\/(dev\/null|proc)/.test(target))
        console.log(`LEAK fd ${target}`);
    }
  } catch {
    // Not to be read.
  }
}
if (/hunter2/.test(JSON.stringify(process.env))) console.log('LEAK environment');
