// attack: has the solution built into its own program
// lesson: 1
// outcome: failed
// says: not one of the exercise's files
import '__ROOT__/solutions/01-first-connection/typescript/main.ts';
