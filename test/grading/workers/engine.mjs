/** Stands in for an engine: what it does with a job, the name of the lesson says. */
import { appendFileSync, readFileSync } from 'node:fs';

const held = [];
let rssMiB = 1;
let playing = 0;
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit());
const load = setInterval(() => {
  process.send({ type: 'load', playing, waiting: 0, preparing: 0, lateMs: 0, rssMiB });
}, 20);
process.on('message', ({ id, job }) => {
  appendFileSync(job.entry, `${process.pid} ${job.lesson} begins\n`);
  playing += 1;
  const reply = one => {
    playing -= 1;
    appendFileSync(job.entry, `${process.pid} ${job.lesson} ends\n`);
    process.send({ type: 'done', id, reply: { rssMiB: 1, ...one } });
  };
  const judged = (status = 'passed') =>
    reply({ type: 'judged', result: { status, checks: [] }, bundle: Buffer.from('shared') });
  const [what, number] = job.lesson.split('-');
  if (what === 'dies') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
  else if (what === 'hangs') clearInterval(load);
  else if (what === 'grows') {
    rssMiB = 5000;
    held.push(job);
  } else if (what === 'stopped') setTimeout(() => reply({ type: 'stopped' }), 50);
  else if (what === 'unclear') judged('unknown');
  else if (what === 'meets') {
    const look = setInterval(() => {
      if (readFileSync(job.entry, 'utf8').split('begins').length - 1 < Number(number)) return;
      clearInterval(look);
      judged();
    }, 10);
  } else if (what === 'slow') setTimeout(judged, 300);
  else if (what === 'never') held.push(job);
  else judged();
});
