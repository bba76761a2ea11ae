// attack: hands in a link to a file of the machine
// lesson: 1
// with: solution
// link: secret.txt
// outcome: passed
import { readFileSync } from 'node:fs';

try {
  console.log(`LEAK ${readFileSync(`${process.cwd()}/secret.txt`, 'utf8')}`);
} catch {
  // It was not handed in.
}
