/** Stands in for a worker: what it does with a job, the name of the lesson says. */
import { appendFileSync, readFileSync } from 'node:fs';

const held = [];
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', job => {
  appendFileSync(job.entry, `${process.pid} ${job.lesson} begins\n`);
  const answer = (more = {}) => {
    appendFileSync(job.entry, `${process.pid} ${job.lesson} ends\n`);
    const result = { status: 'passed', checks: [] };
    process.send({ type: 'judged', result, bundle: Buffer.from('b'), rssMiB: 1, ...more });
  };
  if (job.lesson === 'dies') process.kill(process.pid, 'SIGKILL');
  else if (job.lesson === 'throws') throw new Error('no reason at all');
  else if (job.lesson === 'grows') setInterval(() => held.push(Buffer.alloc(16 << 20, 1)), 5);
  else if (job.lesson === 'tired') answer({ rssMiB: 5000 });
  else if (job.lesson === 'stopped') process.send({ type: 'stopped', rssMiB: 1 });
  else if (job.lesson.startsWith('meets-')) meet(job, answer);
  else if (job.lesson === 'slow') setTimeout(answer, 300);
  else if (job.lesson !== 'hangs') answer();
});

/** Ends when so many have begun: alone, it would wait for ever. */
function meet(job, answer) {
  const wanted = Number(job.lesson.slice('meets-'.length));
  const look = setInterval(() => {
    if (readFileSync(job.entry, 'utf8').split('begins').length - 1 < wanted) return;
    clearInterval(look);
    answer();
  }, 10);
}
