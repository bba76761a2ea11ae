// attack: kills its parent, process 1, everybody
// lesson: 1
// with: solution
// outcome: passed
for (const pid of [process.ppid, 1, -1]) {
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGSTOP'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      // Nobody there.
    }
  }
}
