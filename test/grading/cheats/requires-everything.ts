// attack: has every file of the machine built in that a pattern names
// lesson: 1
// outcome: failed
// says: not one of the exercise's files|compiler did not get through

declare const require: (name: string) => unknown;
export const found = require(`../../../../${process.argv[2]}`);
