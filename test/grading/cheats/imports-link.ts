// attack: hands in a link to a file of the machine, and imports it
// lesson: 1
// link: secret.txt
// outcome: failed
// says: not one of the exercise's files
import secret from './secret.txt';

console.log(secret);
