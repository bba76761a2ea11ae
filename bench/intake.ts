/**
 * A made-up class: listed with its roster, unpacked for all lessons, removed. Prints times and memory.
 *
 *   npx esbuild bench/intake.ts --bundle --packages=external --platform=node --format=esm \
 *     --outfile=.tmp/bench/intake.mjs && node .tmp/bench/intake.mjs [learners] [at once]
 *
 * A third each are folders, .zip and .tgz of a whole workspace (both tracks, all lessons), named as
 * a Canvas download names them.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { exerciseFiles, lessonIds, tracks } from '../course/index.js';
import { readRoster } from '../grading/roster.js';
import { listSubmissions, unpackSubmission } from '../grading/submissions/index.js';
import { tarOf, zipOf } from '../test/grading/archives.js';

const learners = Number(process.argv[2] ?? 1000);
const atOnce = Number(process.argv[3] ?? 2);
const place = mkdtempSync(join(tmpdir(), 'intake-bench-'));
const seconds = (from: number) => ((performance.now() - from) / 1000).toFixed(2);
const mebi = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`;

const lessons = lessonIds();
const pristine = lessons.flatMap(lesson =>
  tracks.flatMap(track =>
    exerciseFiles(lesson, track).map(({ name, path }) => ({
      name: `mqtt-course/exercises/${lesson}/${track}/${name}`,
      data: readFileSync(path, 'utf8'),
    })),
  ),
);

try {
  const folder = join(place, 'submissions');
  mkdirSync(folder);
  const rows = ['id,canvas,name'];
  for (let number = 0; number < learners; number++) {
    const id = 10_000 + number;
    rows.push(`l${number},${id},Learner ${number}`);
    const files = pristine.map(({ name, data }) => ({
      name,
      data: name.endsWith('typescript/main.ts') ? `${data}// ${number}\n` : data,
    }));
    const name = join(folder, `learner${number}_${id}_${90_000 + number}_work`);
    if (number % 3 === 0) writeFileSync(`${name}.zip`, zipOf(files));
    else if (number % 3 === 1) writeFileSync(`${name}.tgz`, gzipSync(tarOf(files)));
    else {
      for (const file of files) {
        mkdirSync(dirname(join(name, file.name)), { recursive: true });
        writeFileSync(join(name, file.name), file.data);
      }
    }
  }
  const roster = join(place, 'roster.csv');
  writeFileSync(roster, `${rows.join('\n')}\n`);
  console.log(`${learners} learners, ${lessons.length} lessons, ${pristine.length} files each`);

  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  const before = process.memoryUsage().rss;
  let from = performance.now();
  const list = await listSubmissions(folder, { roster: await readRoster(roster) });
  console.log(
    `listed    ${seconds(from)} s  (${list.submissions.length} submissions, ${list.absent.length} absent)`,
  );

  from = performance.now();
  let exercises = 0;
  const byKind = new Map<string, number>();
  const todo = [...list.submissions];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let one = todo.pop(); one; one = todo.pop()) {
        const began = performance.now();
        const unpacked = await unpackSubmission(one, { lessons, into: join(place, 'unpacked') });
        exercises += [...unpacked.exercises.values()].filter(each => !each.isStub).length;
        await unpacked.dispose();
        byKind.set(one.kind, (byKind.get(one.kind) ?? 0) + performance.now() - began);
      }
    }),
  );
  clearInterval(watch);
  console.log(`unpacked    ${seconds(from)} s  (${exercises} exercises, ${atOnce} at once)`);
  const third = list.submissions.length / 3;
  for (const [kind, ms] of byKind)
    console.log(`  ${kind.padEnd(7)} ${(ms / third).toFixed(1)} ms each`);
  console.log(`memory    ${mebi(before)} before, ${mebi(peak)} at most`);
} finally {
  rmSync(place, { recursive: true, force: true });
}
