// attack: has helpers in shared memory that no limit of one process counts
// lesson: 1
// outcome: failed
// says: memory|out of memory|Array buffer allocation failed|ended by SIG
const hoard: SharedArrayBuffer[] = [];
for (let i = 0; i < 64; i++) {
  const part = new SharedArrayBuffer(16 << 20);
  new Uint8Array(part).fill(1);
  hoard.push(part);
}
console.log('LEAK a thousand mebibytes');
setInterval(() => {}, 1000);
