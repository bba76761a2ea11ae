// attack: has a file of the machine built in as text
// lesson: 1
// outcome: failed
// says: not one of the exercise's files
import secret from '__CANARY_FILE__';

console.log(secret);
