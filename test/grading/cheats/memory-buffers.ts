// attack: fills memory outside of the heap, and goes on when it is refused
// lesson: 1
// outcome: failed
// says: memory|no connection came
const hoard: Buffer[] = [];
setInterval(() => {
  try {
    for (let i = 0; i < 20; i++) hoard.push(Buffer.alloc(8 << 20, 1));
  } catch {
    // Refused. Once more.
  }
}, 5);
