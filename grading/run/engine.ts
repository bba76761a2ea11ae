import { closeInherited, openSharedSession } from '../../checker/index.js';
import type { EngineOrder, EngineWord } from './job.js';
import { judgeJob } from './judge-job.js';

/*
 * A process that judges many submissions at once, with one loaded engine. Broker, tap and checks live
 * here, outside of the sandbox; the programs are started in it. When it dies, hangs or grows, what was
 * under way in it is judged again, each alone in a worker: see `engines.ts`.
 */

// What the grading was started with is neither ours nor a program's.
closeInherited();
process.umask(0o022);

const say = (word: EngineWord) => process.send?.(word);
const [scenarios = 0, thatWait = 0] = process.argv.slice(2).map(Number);
const jobs = new Map<number, AbortController>();
const session = openSharedSession({
  scenarios,
  thatWait,
  onLoad: ({ playing, waiting, lateMs, judging }) => {
    const preparing = jobs.size - judging;
    const rssMiB = Math.round(process.memoryUsage.rss() / (1 << 20));
    say({ type: 'load', playing, waiting, lateMs, preparing, rssMiB });
  },
});
let closing = false;
void session.lost.then(why => {
  if (closing) return;
  process.stderr.write(`${why}\n`, () => process.exit(1));
});

process.on('message', (order: EngineOrder) => {
  const own = new AbortController();
  jobs.set(order.id, own);
  void judgeJob(session, order.job, own).then(reply => {
    jobs.delete(order.id);
    say({ type: 'done', id: order.id, reply });
  });
});
// Whoever started us is gone, or does not need us any more.
process.once('disconnect', () => {
  closing = true;
  for (const own of jobs.values()) own.abort();
  const end = () => process.exit();
  setTimeout(end, 3000);
  session.close().then(end, end);
});
