import { closeInherited, openCheckSession } from '../../checker/index.js';
import type { LaunchedJob } from './job.js';
import { judgeJob } from './judge-job.js';

/*
 * A process that judges one submission and lesson at a time. Broker, tap and checks live here, outside
 * of the sandbox; the programs are started in it. It is replaced when it dies, hangs or grows.
 */

// What the grading was started with is neither ours nor a program's.
closeInherited();
process.umask(0o022);

const session = openCheckSession();
let stop: AbortController | undefined;

process.on('message', (job: LaunchedJob) => {
  stop = new AbortController();
  void judgeJob(session, job, stop).then(reply => process.send?.(reply));
});
// Whoever started us is gone, or does not need us any more.
process.once('disconnect', () => {
  stop?.abort();
  const end = () => process.exit();
  setTimeout(end, 3000);
  void session.then(one => one.close()).then(end, end);
});
