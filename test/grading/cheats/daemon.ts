// attack: leaves a process behind that ignores every signal it can
// lesson: 1
// with: solution
// outcome: passed
import { spawn } from 'node:child_process';

spawn(
  process.execPath,
  [
    '-e',
    "for (const s of ['SIGTERM','SIGINT','SIGHUP']) process.on(s, () => {}); setInterval(() => {}, 1000)",
    'CHEAT_DAEMON',
  ],
  { detached: true, stdio: 'ignore', env: {} },
).unref();
