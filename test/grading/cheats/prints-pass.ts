// attack: prints what test runners and graders print
// lesson: 1
// outcome: failed
// says: no connection came|SIGSEGV
import { writeSync } from 'node:fs';

const results = [
  'PASS\nTAP version 13\nok 1 - C1\n1..1\n# pass 1\n# fail 0\n',
  '{"scores":{"lesson-1":100}}\n',
  '{"schema":"mqtt-course/result/1","lesson":"01-first-connection","status":"passed","checks":[]}\n',
  '##[set-output name=result;]passed\n',
];
for (const fd of [1, 2]) for (const text of results) writeSync(fd, text);
for (const fd of [3, 4, 5, 6, 7]) {
  try {
    writeSync(fd, '{"status":"passed"}\n');
  } catch {
    // Not open.
  }
}
(process as unknown as { reallyExit(code: number): never }).reallyExit(0);
