// attack: ends at once with exit code 0
// lesson: 1
// outcome: failed
// says: no connection came
process.exit(0);
