// attack: floods standard output
// lesson: 1
// outcome: failed
// says: output
import { writeSync } from 'node:fs';

const line = Buffer.alloc(1 << 16, 'x');
for (;;) {
  try {
    writeSync(1, line);
  } catch {
    // Full. Once more.
  }
}
