// attack: sleeps for ever, so that no processor time is used
// lesson: 1
// outcome: failed
// says: no connection came
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
