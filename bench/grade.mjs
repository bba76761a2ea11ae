/**
 * How fast a class is graded: submissions × lessons a minute, with the processor time of one, the
 * share of the processors that was used, and the peak of memory; at most 1, 2, 4 at once and as many
 * as the machine takes. Beside it the floor (start the solution in the same sandbox, connect, publish,
 * exit), and how long it takes to list, unpack and merge a large class. Run on a machine that does
 * nothing else:
 *
 *     npm run bench:grade [-- --lessons 2,5 --size 8 --workers 1,2,4,all --large 1000 --class 100]
 *
 * Two versions side by side, in turns, with the same class and seed, and which results differ:
 *
 *     npm run bench:grade -- --beside DIR [--lessons all --size 8 --rounds 2]
 *
 * DIR is another checkout of the project, built: `git worktree add DIR REVISION`, then in there
 * `npm ci` and `npm run build`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import mqttPacket from 'mqtt-packet';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'mqtt-course.js');
const { values } = parseArgs({
  options: {
    lessons: { type: 'string', default: '2,5' },
    size: { type: 'string', default: '8' },
    workers: { type: 'string', default: '1,2,4,all' },
    beside: { type: 'string' },
    rounds: { type: 'string', default: '2' },
    large: { type: 'string', default: '1000' },
    // A whole class of so many × all lessons: takes long, so only when asked for.
    class: { type: 'string' },
  },
});

const place = mkdtempSync(join(tmpdir(), 'mqtt-course-bench-grade-'));
const children = pid =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
    .split(' ')
    .filter(Boolean)
    .map(Number);

/** A process and all that it started. */
function tree(pid) {
  try {
    return [pid, ...children(pid).flatMap(tree)];
  } catch {
    return [];
  }
}

/** Resident memory of a process, MiB; pages that many share count for each. */
function resident(pid) {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * 4096) / (1 << 20);
  } catch {
    return 0;
  }
}

/** The same, where pages that many share count once. Takes the kernel a while. */
function proportional(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Processor time of our children that have ended, and of theirs, seconds. */
function processorTime() {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

const sum = values => values.reduce((all, one) => all + one, 0);

/** @returns {Promise<{ seconds: number, processor: number, peak: number, shared: number, code: number | null, out: string }>} */
function run(args) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const before = processorTime();
    const child = spawn(process.execPath, args, { cwd: place, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let peak = 0;
    let shared = 0;
    let looks = 0;
    const watch = setInterval(() => {
      const all = tree(child.pid);
      peak = Math.max(peak, sum(all.map(resident)));
      if (looks++ % 8 === 0) shared = Math.max(shared, sum(all.map(proportional)));
    }, 250);
    child.stdout.on('data', text => {
      out += text;
    });
    child.stderr.on('data', text => {
      out += text;
    });
    child.on('error', reject);
    child.on('close', code => {
      clearInterval(watch);
      resolve({
        seconds: (performance.now() - began) / 1000,
        processor: processorTime() - before,
        peak: Math.round(peak),
        shared: Math.round(shared),
        code,
        out,
      });
    });
  });
}

/** What a grading took, in a line; the submissions × lessons that were run are counted. */
function figures({ seconds, processor, peak, shared, out }) {
  const ran = out.split('\n').filter(line => line.startsWith('{"type":"start"')).length;
  const use = (100 * processor) / (seconds * availableParallelism());
  const rate = (ran / seconds) * 60;
  const text = [
    `${fixed(rate)} submissions × lessons a minute`,
    `${(processor / ran).toFixed(2)} s of processor time for each`,
    `${use.toFixed(0)} % of the processors`,
    `peak ${fixed(peak)} MiB (${fixed(shared)} with shared pages once)`,
    `${ran} in ${seconds.toFixed(1)} s`,
  ].join('   ');
  return { rate, text };
}

async function makeClass(name, size, lessons, kind = []) {
  const folder = join(place, name);
  const made = await run([join(root, 'scripts/make-class.mjs'), folder, size, lessons, ...kind]);
  if (made.code !== 0) throw new Error(made.out);
  return folder;
}

/** The solution of lesson 2 in the sandbox, against something that only acknowledges: per minute. */
async function floor(sandbox, atOnce, seconds = 8) {
  const { openLauncher } = await import('../dist/grading/sandbox/launcher.js');
  const { startProgram } = await import('../dist/checker/program/run.js');
  const { prepareProgram } = await import('../dist/checker/program/prepare.js');
  const lesson = '02-publish-a-reading';
  const folder = join(root, 'solutions', lesson, 'typescript');
  const launcherRef = sandbox.launcher({ folder, track: 'typescript' });
  const launcher = await openLauncher(launcherRef.options, () => undefined);
  const server = createServer(socket => {
    const parser = mqttPacket.parser();
    parser.on('packet', packet => {
      const answer = { connect: { cmd: 'connack', returnCode: 0, sessionPresent: false } }[
        packet.cmd
      ];
      if (answer) socket.write(mqttPacket.generate(answer));
      if (packet.cmd === 'publish' && packet.qos === 1)
        socket.write(mqttPacket.generate({ cmd: 'puback', messageId: packet.messageId }));
    });
    socket.on('data', bytes => parser.parse(bytes));
    socket.on('error', () => undefined);
  });
  const socket = await launcher.bind(0);
  await new Promise(resolve => server.listen(socket, resolve));
  const prepared = await prepareProgram({
    id: 'floor',
    lesson,
    track: 'typescript',
    program: { kind: 'file', path: join(folder, 'main.ts') },
    seed: 'floor',
    launcher: launcherRef,
  });
  const env = { MQTT_URL: `mqtt://127.0.0.1:${server.address().port}`, TOPIC: 'floor' };
  const once = async () => {
    const nothing = () => undefined;
    const clock = () => performance.now();
    const program = startProgram('floor', prepared.spec, env, clock, nothing, nothing, launcher);
    program.feed({ device: 'pump', temp: 1, hum: 2 });
    program.endInput();
    await program.exited;
    const { exitCode, stderr } = program.record();
    if (exitCode !== 0) throw new Error(`the floor's program ended with ${exitCode}: ${stderr}`);
  };
  await once();
  const began = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() - began < seconds * 1000) {
        await once();
        done += 1;
      }
    }),
  );
  const minutes = (performance.now() - began) / 60_000;
  server.close();
  await launcher.close();
  await prepared.dispose();
  return done / minutes;
}

/** Grades the same class with another checkout and with this one, in turns. */
async function sideBySide(other, folder, options) {
  const rates = { before: [], here: [] };
  const places = { before: join(resolve(other), 'bin', 'mqtt-course.js'), here: bin };
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const [name, program] of Object.entries(places)) {
      const out = join(place, `${name}-${round}`);
      const took = await run([program, 'grade', folder, '--out', out, ...options, '--json']);
      const { rate, text } = figures(took);
      rates[name].push(rate);
      console.log(`${name.padEnd(6)}  ${text}`);
    }
    const [before, here] = ['before', 'here'].map(name =>
      verdicts(join(place, `${name}-${round}`)),
    );
    const differ = [...before].filter(([key, one]) => here.get(key) !== one);
    console.log(`results that differ: ${differ.length} of ${before.size}`);
    for (const [key, one] of differ) console.log(`  ${key}\n    ${one}\n    ${here.get(key)}`);
  }
  const [before, here] = [sum(rates.before), sum(rates.here)];
  console.log(`\nhere, ${(here / before).toFixed(1)} times as many a minute`);
}

/** What was decided of each submission and lesson, as text. */
function verdicts(out) {
  return new Map(
    [...records(out)].map(({ learner, lesson, status, checks }) => [
      `${learner} ${lesson}`,
      `${status} ${checks.map(one => `${one.id} ${one.status} ${one.mistake ?? ''}`).join(', ')}`,
    ]),
  );
}

const grade = (folder, out, ...more) => run([bin, 'grade', folder, '--out', out, ...more]);
const fixed = value => value.toFixed(0).padStart(6);

try {
  console.log(
    `${availableParallelism()} × ${cpus()[0]?.model}, Node ${process.versions.node}; lessons ${values.lessons}, ${values.size} submissions\n`,
  );
  const { openSandbox, defaultLimits, probeIsolation } = await import(
    '../dist/grading/sandbox/index.js'
  );
  const { tier, reason } = await probeIsolation();
  if (tier !== 'bwrap') console.log(`no floor, and isolation ${tier}: ${reason}`);
  const isolation = tier === 'process' ? ['--isolation', 'process'] : [];
  const folder = await makeClass('class', values.size, values.lessons);
  const lessons = ['--lessons', values.lessons, '--seed', 'bench', ...isolation];
  const tried = values.beside === undefined ? values.workers.split(',') : [];
  for (const workers of tried) {
    let least = Number.NaN;
    if (tier === 'bwrap') {
      const sandbox = await openSandbox({ tier, limits: defaultLimits, tmp: place });
      least = await floor(sandbox, Number(workers) || availableParallelism());
      await sandbox.close();
    }
    const out = join(place, `out-${workers}`);
    const jobs = workers === 'all' ? [] : ['--jobs', workers];
    const took = await grade(folder, out, ...lessons, ...jobs, '--json');
    console.log(
      `${workers.padStart(3)} at once  ${figures(took).text}   floor ${fixed(least)} programs a minute`,
    );
  }
  if (values.beside !== undefined) await sideBySide(values.beside, folder, lessons);

  if (Number(values.large) > 0 && values.beside === undefined) {
    const large = await makeClass('large', values.large, '2');
    const listed = await run([bin, 'grade', large, '--list']);
    console.log(
      `\n${values.large} submissions: listed in ${listed.seconds.toFixed(1)} s, ${listed.peak} MiB`,
    );
    const { listSubmissions, unpackSubmission } = await import(
      '../dist/grading/submissions/index.js'
    );
    const began = performance.now();
    const { submissions } = await listSubmissions(large);
    for (const one of submissions) {
      const options = { lessons: ['02-publish-a-reading'], into: join(place, 'unpacked') };
      await unpackSubmission(one, options).then(
        unpacked => unpacked.dispose(),
        () => undefined,
      );
    }
    console.log(
      `unpacked in ${((performance.now() - began) / 1000).toFixed(1)} s, one after the other`,
    );
    const { writeRecord, writeRun } = await import('../dist/grading/store.js');
    const one = firstRecord(join(place, `out-${values.workers.split(',')[0]}`));
    const parts = [1, 2, 3, 4].map(at => join(place, `part-${at}`));
    const learners = submissions.map(({ learner }) => learner);
    const base = {
      schema: 'mqtt-course/run/1',
      course: one.inputs.course,
      tests: one.inputs.tests,
    };
    for (const [at, part] of parts.entries()) {
      const mine = learners.filter((_, index) => index % 4 === at);
      for (const { id } of mine) writeRecord(part, { ...one, learner: id });
      writeRun(part, {
        ...base,
        seed: 'bench',
        isolation: one.inputs.isolation,
        lessons: [one.lesson],
        members: mine.map(learner => ({ learner, submission: learner.id, notices: [] })),
        unexpected: [],
        unreadable: [],
        notices: [],
      });
    }
    const merged = await run([bin, 'grade', 'merge', ...parts, '--out', join(place, 'merged')]);
    console.log(
      `merged from 4 shards and exported in ${merged.seconds.toFixed(1)} s, ${merged.peak} MiB (exit code ${merged.code})`,
    );
  }

  if (values.class !== undefined) {
    const whole = await makeClass('whole', values.class, 'all');
    const out = join(place, 'out-whole');
    const took = await grade(whole, out, ...isolation, '--json');
    const { seconds, code } = took;
    const counts = new Map();
    for (const { status } of records(out)) counts.set(status, (counts.get(status) ?? 0) + 1);
    const told = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
    console.log(
      `\n${values.class} submissions × all lessons: ${(seconds / 60).toFixed(1)} min (exit code ${code}; ${told})   ${figures(took).text}`,
    );
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}

/** The result files of a class. */
function* records(out) {
  for (const learner of readdirSync(join(out, 'results'))) {
    for (const file of readdirSync(join(out, 'results', learner))) {
      yield JSON.parse(readFileSync(join(out, 'results', learner, file), 'utf8'));
    }
  }
}

function firstRecord(out) {
  for (const record of records(out)) if (record.status === 'graded') return record;
  throw new Error('nothing was graded');
}
