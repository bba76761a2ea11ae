// attack: fills the heap
// lesson: 1
// outcome: failed
// says: memory|no connection came|bad_alloc|SIGSEGV
const hoard: string[][] = [];
for (;;) hoard.push(Array.from({ length: 100_000 }, (_, at) => `x${at}${hoard.length}`));
